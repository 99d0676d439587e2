"""A client that others wrote reads, ships and cancels orders, over a real socket."""

from __future__ import annotations

import pytest
from tiktok_shop_api import TikTokShop, TikTokShopError
from tiktok_shop_api.generated import models

from tests.integrations.sandbox.buying import NUMBER, USPS
from tests.support.sandbox import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox) -> TikTokShop:
    """The client of an authorized app, on a shop with products."""
    sandbox.seed_products(3)
    tokens = sandbox.tokens()
    return TikTokShop(
        sandbox.app_key,
        sandbox.app_secret,
        access_token=tokens["access_token"],
        shop_cipher=tokens["cipher"],
        base_url=sandbox.url,
    )


def place(sandbox: Sandbox) -> str:
    return str(sandbox.control("POST", "/shops/first/orders", {"hold": False})["id"])


def test_orders_are_searched_and_read(sandbox: Sandbox, shop: TikTokShop):
    order_id = place(sandbox)
    body = models.GetOrderListRequest.from_dict({"order_status": "AWAITING_SHIPMENT"})
    found = shop.orders.get_order_list(body=body, page_size=10).data
    assert ([order.id for order in found.orders], found.total_count) == ([order_id], 1)
    detail = shop.orders.get_order_detail(ids=[order_id, order_id]).data.orders
    assert [(order.status, len(order.line_items)) for order in detail] == [("AWAITING_SHIPMENT", 1)]


def test_an_order_is_shipped_once(sandbox: Sandbox, shop: TikTokShop):
    order_id = place(sandbox)
    line = shop.orders.get_order_detail(ids=[order_id]).data.orders[0].line_items[0]
    body = models.MarkPackageAsShippedRequest.from_dict(
        {
            "order_line_list": [{"order_line_id": line.id}],
            "shipping_info_list": [{"tracking_number": NUMBER, "shipping_provider_id": USPS}],
        }
    )
    answer = shop.fulfillment.mark_package_as_shipped(order_id=order_id, body=body).data
    assert answer.order_line_item_ids == [line.id]
    order = shop.orders.get_order_detail(ids=[order_id]).data.orders[0]
    assert (order.status, order.tracking_number) == ("AWAITING_COLLECTION", NUMBER)
    with pytest.raises(TikTokShopError) as refused:
        shop.fulfillment.mark_package_as_shipped(order_id=order_id, body=body)
    assert refused.value.code == 21011020


def test_an_order_is_canceled_and_the_cancellation_found(sandbox: Sandbox, shop: TikTokShop):
    order_id = place(sandbox)
    body = models.CancelOrderRequest.from_dict(
        {"order_id": order_id, "cancel_reason": "seller_cancel_reason_wrong_price"}
    )
    canceled = shop.return_and_refund.cancel_order(body=body).data
    query = models.SearchCancellationsRequest.from_dict({"order_ids": [order_id]})
    (found,) = shop.return_and_refund.search_cancellations(body=query).data.cancellations
    assert (found.cancel_id, found.role) == (canceled.cancel_id, "SELLER")
    assert shop.orders.get_order_detail(ids=[order_id]).data.orders[0].status == "CANCELLED"
