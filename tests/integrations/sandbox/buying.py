"""What the tests of orders share: a shop with goods, and buyers."""

from __future__ import annotations

from typing import Any

from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

HOUR = 3600
DAY = 24 * HOUR
USPS = "7117858858072016686"
UPS = "7117859084333745966"
NUMBER = "9400111899223100001234"


def stock_up(client: SignedClient, sku: str = "MUG-1", price: str = "14.00", **stock: int) -> str:
    """List a mug, 5 in the east and 7 in the west unless said otherwise; return its SKU's id."""
    east, west = client.box.warehouses()
    product_id = client.live(
        title=f"Stoneware {sku}",
        skus=[
            {
                "seller_sku": sku,
                "price": {"amount": price, "currency": "USD"},
                "inventory": [
                    {"warehouse_id": east, "quantity": stock.get("east", 5)},
                    {"warehouse_id": west, "quantity": stock.get("west", 7)},
                ],
            }
        ],
    )
    return str(client.get(product_id)["skus"][0]["id"])


def buy(box: Sandbox, quantity: int = 1, *skus: str, shop_id: str = "first", **wishes: Any) -> Any:
    """Place an order for units of each SKU, of MUG-1 where none is named."""
    items = [{"seller_sku": sku, "quantity": quantity} for sku in skus or ("MUG-1",)]
    return box.control("POST", f"/shops/{shop_id}/orders", {"items": items, **wishes})


def ready(box: Sandbox, quantity: int = 1, *skus: str, **wishes: Any) -> str:
    """Place an order whose hour is over; return its id."""
    return str(buy(box, quantity, *skus, hold=False, **wishes)["id"])


def order_of(client: SignedClient, order_id: str) -> Any:
    """Return an order as the app sees it."""
    return client.call("GET", "/order/202507/orders", query={"ids": order_id})["orders"][0]


def status_of(client: SignedClient, order_id: str) -> str:
    """Return an order's status as the app sees it."""
    return str(order_of(client, order_id)["status"])


def lines_of(client: SignedClient, order_id: str) -> list[str]:
    """Return the ids of an order's lines."""
    return [line["id"] for line in order_of(client, order_id)["line_items"]]


def mark_shipped(
    client: SignedClient, order_id: str, number: str = NUMBER, provider: str = USPS, *lines: str
) -> tuple[str, dict[str, Any]]:
    """Return path and body that send a tracking number."""
    body: dict[str, Any] = {"tracking_number": number, "shipping_provider_id": provider}
    if lines:
        body["order_line_item_ids"] = list(lines)
    return f"/fulfillment/202309/orders/{order_id}/packages", body


def held(client: SignedClient, sku_id: str) -> list[tuple[int, int]]:
    """Return available and promised units of a SKU, in the east and in the west."""
    found = client.call("POST", "/product/202309/inventory/search", {"sku_ids": [sku_id]})
    cells = found["inventory"][0]["skus"][0]["warehouse_inventory"]
    return [(cell["available_quantity"], cell["committed_quantity"]) for cell in cells]
