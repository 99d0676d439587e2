"""The order workspace: finding orders, everything about one of them, and the papers to print."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import FulfillmentCenter, Role, Shop, Variant
from orders.models import AddressLook, AttentionKind, Order, OrderAttention, OrderComponent
from orders.ports import RemoteCarrier, RemoteOrderStatus
from orders.services import attention, recording, shipping
from tests import factories
from tests.admin.door import list_url, page_url, said, select
from tests.admin.rows import make_order, remote_order

UPS = RemoteCarrier("1", "UPS")
pytestmark = pytest.mark.usefixtures("stock")


@pytest.fixture
def stock(shop: Shop, center: FulfillmentCenter) -> None:
    """Ten units of ROPE and of BALL at the center."""
    for sku in ("ROPE", "BALL"):
        factories.put_stock(factories.make_product(shop.merchant, sku=sku), center, 10)
    Shop.objects.update(connected_at=timezone.now() - timedelta(days=9))
    shop.refresh_from_db()


def shown(client: Client, **query: Any) -> list[Order]:
    """The rows of the list under a search, filter or tab."""
    page = client.get(list_url(Order), query)
    return list(page.context["cl"].result_list)


def whole_order(shop: Shop, skus: list[str], **changes: Any) -> list[Order]:
    """All parts of one channel order."""
    remote = remote_order(shop, skus, **changes)
    recording.record(shop, remote)
    return list(Order.objects.filter(external_id=remote.external_id).order_by("pk"))


def ship(order: Order, number: str) -> None:
    shipping.record_shipment(order, carrier=UPS, tracking_number=number, by="x")


# -- finding -----------------------------------------------------------------------------------


def test_an_order_is_found_by_id_sku_and_tracking_number(admin: Client, shop: Shop) -> None:
    rope, ball = make_order(shop, "ROPE"), make_order(shop, "BALL")
    ship(ball, "1Z55555555")
    assert shown(admin, q=rope.external_id) == [rope]
    assert shown(admin, q="rope") == [rope]
    assert shown(admin, q="1z55555555") == [ball]
    assert shown(admin, q=f"{rope.external_id}, {ball.external_id}") == [ball, rope]
    assert shown(admin, q="nothing") == []


def test_only_who_may_see_addresses_finds_orders_by_the_buyer(
    clerk: Client, viewer: Client, shop: Shop
) -> None:
    order = make_order(shop, "ROPE", buyer="Jane Doe")
    assert shown(clerk, q="jane doe") == [order]
    assert shown(viewer, q="jane doe") == []


def test_a_filter_narrows_to_the_kind_of_order(admin: Client, shop: Shop) -> None:
    plain, label = make_order(shop, "ROPE"), make_order(shop, "ROPE", ships_itself=True)
    there = make_order(shop, "ROPE", fulfilled_by_channel=True)
    sample = make_order(shop, "ROPE", is_sample=True)
    assert shown(admin, kind="seller") == [sample, plain]
    assert shown(admin, kind="channel") == [label]
    assert shown(admin, kind="fulfilled") == [there]
    assert shown(admin, kind="sample") == [sample]


def test_the_attention_filter_holds_only_what_is_still_open(admin: Client, shop: Shop) -> None:
    seen_to, waiting = make_order(shop, "ROPE"), make_order(shop, "ROPE")
    for order in (seen_to, waiting):
        attention.flag(order, AttentionKind.TRACKING_REFUSED, "Another number, please.")
    attention.dismiss(OrderAttention.objects.get(order=seen_to), by="x")
    assert shown(admin, attention="tracking_refused") == [waiting]
    assert shown(admin, attention="parcel") == [waiting]


def test_orders_are_filtered_by_carrier_and_by_ship_by_day(admin: Client, shop: Shop) -> None:
    day = timezone.now().replace(hour=23, minute=30, second=0, microsecond=0)
    day += timedelta(days=2)
    due, shipped = make_order(shop, "ROPE", ship_by=day), make_order(shop, "BALL")
    ship(shipped, "1Z55555555")
    text = f"{day:%Y-%m-%d}"
    assert due in shown(admin, due_at_from=text, due_at_to=text)
    before = f"{day - timedelta(days=1):%Y-%m-%d}"
    assert due not in shown(admin, due_at_to=before)
    assert shown(admin, carrier="UPS") == [shipped]
    assert shown(admin, carrier="USPS") == []


def test_a_carrier_filter_leaves_out_what_has_not_left_yet(admin: Client, shop: Shop) -> None:
    left, open_still = whole_order(shop, ["ROPE", "BALL"])
    ship(left, "1Z55555555")
    assert left.channel_order_id == open_still.channel_order_id
    assert shown(admin, carrier="UPS") == [left]


def test_what_must_leave_is_sorted_soonest_due_first(admin: Client, shop: Shop) -> None:
    now = timezone.now()
    sooner = make_order(shop, "ROPE", ship_by=now + timedelta(hours=2), cancel_requested=True)
    later = make_order(shop, "ROPE", ship_by=now + timedelta(hours=9), cancel_requested=True)
    for tab in ("unshipped", "today", "cancel", "attention"):
        assert shown(admin, tab=tab) == [sooner, later], tab
    assert shown(admin, tab="all") == [later, sooner]


def test_what_the_channel_ships_itself_is_never_ours_to_ship(admin: Client, shop: Shop) -> None:
    make_order(shop, "ROPE", fulfilled_by_channel=True, ship_by=timezone.now() - timedelta(hours=3))
    assert shown(admin, tab="late") == shown(admin, tab="unshipped") == []
    assert "The channel ships it" in admin.get(list_url(Order)).content.decode()


# -- the page of one ---------------------------------------------------------------------------


def test_the_page_tells_everything_of_an_order(admin: Client, shop: Shop) -> None:
    part, other = whole_order(
        shop, ["ROPE", "BALL"], auto_cancel_at=timezone.now() + timedelta(days=2)
    )
    ship(part, "1Z55555555")
    page = admin.get(page_url(part)).content.decode()
    for text in (
        page_url(other), "AWAITING_SHIPMENT", "is an own warehouse", "1Z55555555",
        "Does not have it yet", "22.90 USD", "-3.00 USD", "39.80 USD", "43.00 USD",
        "Items, shipping, tax and other fees add up to the total", "Reserved for an order",
        "Shipped", f"?q={part.external_id}", "Jane Doe", "Nothing was asked",
    ):  # fmt: skip
        assert text in page, text


def test_each_look_at_a_whole_address_is_written_down(
    clerk: Client, viewer: Client, shop: Shop
) -> None:
    order = make_order(shop, "ROPE")
    page = viewer.get(page_url(order)).content.decode()
    assert "J*** D***, Reno, US" in page
    assert "12 Elm Street" not in page
    assert AddressLook.objects.count() == 0
    clerk.get(page_url(order))
    look = AddressLook.objects.get()
    assert (look.by, look.page) == ("Order clerk person", "order page")
    assert "Seen by Order clerk person on the order page" in clerk.get(
        page_url(order)
    ).content.decode().replace("&nbsp;", " ")


def test_a_look_on_the_merchants_own_page_is_written_down_too(shop: Shop) -> None:
    order = make_order(shop, "ROPE")
    for role, looks in ((Role.VIEWER, 0), (Role.OWNER, 1)):
        client = Client()
        client.force_login(factories.make_member(shop.merchant, role))
        assert client.get(reverse("order", args=[order.pk])).status_code == 200
        assert AddressLook.objects.filter(page="merchant's order page").count() == looks


def test_an_erased_address_is_not_a_look(clerk: Client, shop: Shop) -> None:
    order = make_order(shop, "ROPE")
    address = order.channel_order.address
    address.purged_at = timezone.now()
    address.save()
    assert "Erased" in clerk.get(page_url(order)).content.decode()
    assert AddressLook.objects.count() == 0


# -- papers ------------------------------------------------------------------------------------


def paper(client: Client, verb: str, orders: list[Order]) -> Any:
    return client.get(select(client, verb, orders).url)


def test_a_picking_list_sums_units_by_center_and_sku(
    admin: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    orders = [*whole_order(shop, ["ROPE", "ROPE"]), *whole_order(shop, ["BALL", "ROPE"])]
    held = make_order(shop, "ROPE", status=RemoteOrderStatus.ON_HOLD)
    unknown, gone = make_order(shop, "UNKNOWN"), make_order(shop, "BALL")
    ship(gone, "1Z55555555")
    page = paper(admin, "picking_list", [*orders, held, unknown, gone])
    (place,) = page.context["centers"]
    assert place.center == center
    assert [(pick.sku, pick.units) for pick in place.picks] == [("BALL", 1), ("ROPE", 3)]
    assert (place.units, place.orders) == (4, 2)
    assert page.context["left_out"] == {
        "on hold: the buyer may still cancel": 1,
        "without stock held here: oversold, or their SKU is not known": 1,
        "shipped already": 1,
    }


def test_a_bundle_is_picked_by_its_components(admin: Client, shop: Shop) -> None:
    order = make_order(shop, "ROPE")
    ball = Variant.objects.get(sku="BALL")
    OrderComponent.objects.create(order=order, variant=ball, units=3)
    (place,) = paper(admin, "picking_list", [order]).context["centers"]
    assert [(pick.sku, pick.units) for pick in place.picks] == [("BALL", 3)]


def test_a_packing_slip_holds_a_parcel_without_prices(admin: Client, shop: Shop) -> None:
    rope, ball = whole_order(shop, ["ROPE", "BALL"])
    left = make_order(shop, "ROPE")
    ship(left, "1Z55555555")
    canceled = make_order(shop, "BALL", status=RemoteOrderStatus.CANCELED)
    page = paper(admin, "packing_slips", [rope, ball, left, canceled])
    slips = page.context["slips"]
    assert [[(one.seller_sku, units) for one, units in slip.content] for slip in slips] == [
        [("ROPE", 1), ("BALL", 1)],
        [("ROPE", 1)],
    ]
    assert page.context["left_out"] == {"canceled": 1}
    text = page.content.decode()
    assert shop.merchant.name in text
    assert "UPS 1Z55555555" in text
    assert "19.90" not in text
    assert AddressLook.objects.filter(page="packing slip").count() == 2


def test_a_packing_slip_masks_the_address_for_those_who_may_not_see_it(
    viewer: Client, shop: Shop
) -> None:
    text = paper(viewer, "packing_slips", [make_order(shop, "ROPE")]).content.decode()
    assert "12 Elm Street" not in text
    assert AddressLook.objects.count() == 0


def test_papers_cost_the_same_for_any_number_of_orders(admin: Client, shop: Shop) -> None:
    def queries(orders: list[Order], verb: str) -> int:
        url = select(admin, verb, orders).url
        with CaptureQueriesContext(connection) as found:
            admin.get(url)
        return len(found)

    orders = [make_order(shop, "ROPE") for _ in range(6)]
    for verb in ("picking_list", "packing_slips"):
        assert queries(orders[:1], verb) == queries(orders, verb)


def test_an_order_page_costs_the_same_however_much_hangs_on_it(admin: Client, shop: Shop) -> None:
    def queries(order: Order) -> int:
        admin.get(page_url(order))
        with CaptureQueriesContext(connection) as found:
            assert admin.get(page_url(order)).status_code == 200
        return len(found)

    (small,) = whole_order(shop, ["BALL"])
    ship(small, "1Z00000000")
    large, other = whole_order(shop, ["ROPE", "BALL"])
    for order, number in ((large, "1Z55555555"), (other, "1Z66666666")):
        ship(order, number)
    attention.flag(large, AttentionKind.OVERSOLD, "Count the stock")
    assert queries(large) <= queries(small) + 1 <= 35


def test_a_verb_works_on_the_page_of_a_row_with_a_large_id(admin: Client, shop: Shop) -> None:
    order = make_order(shop, "ROPE")
    Order.objects.filter(pk=order.pk).update(part="other")
    order.pk, order.id = None, 1_234_567
    order._state.adding = True
    order.save()
    page = admin.get(page_url(order)).content.decode()
    assert 'name="_selected_action" value="1234567"' in page
    assert "1,234,567" not in page


def test_a_paper_of_an_unknown_selection_leads_back_with_a_sentence(admin: Client) -> None:
    response = admin.get("/admin/orders/order/print/picking-list/none/")
    assert response.url == list_url(Order)
    assert said(response) == ["This selection is no longer known. Select the orders again."]
