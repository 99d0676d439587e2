"""Stories about orders that a person or a test can let happen."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok import cancellation_book, order_life, packages
from integrations.sandbox.tiktok.goods import on_sale
from integrations.sandbox.tiktok.order_book import get_order, lines_in

MIX = (
    ("UNPAID", 4),
    ("ON_HOLD", 10),
    ("AWAITING_SHIPMENT", 44),
    ("AWAITING_COLLECTION", 12),
    ("IN_TRANSIT", 12),
    ("DELIVERED", 10),
    ("COMPLETED", 3),
    ("CANCELLED", 5),
)
SKUS_SEEN = 100
CARRIER = {"US": "USPS", "GB": "Royal Mail"}

Story = Callable[[Sandbox, Doc], list[Doc]]


@dataclass(frozen=True)
class Scenario:
    """A story with a name for programs and a title for people."""

    name: str
    title: str
    play: Story


SCENARIOS: dict[str, Scenario] = {}


def scenario(title: str) -> Callable[[Story], Story]:
    """Name a story."""

    def register(play: Story) -> Story:
        SCENARIOS[play.__name__] = Scenario(play.__name__, title, play)
        return play

    return register


def run(sandbox: Sandbox, shop: Doc, name: str) -> list[Doc]:
    """Let a story happen on a shop; return its orders."""
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}; known: {', '.join(SCENARIOS)}")
    orders = SCENARIOS[name].play(sandbox, shop)
    return [get_order(sandbox, order["id"]) for order in orders]


def some_items(sandbox: Sandbox, shop: Doc, count: int) -> list[Doc]:
    """Return so many different SKUs that are on sale, one unit each."""
    found = [sku["id"] for _doc, sku in on_sale(sandbox, shop["id"], SKUS_SEEN)]
    if len(found) < count:
        raise ValueError(f"the shop needs {count} SKUs on sale; it has {len(found)}")
    return [{"sku_id": key, "quantity": 1} for key in found[:count]]


def _place(sandbox: Sandbox, shop: Doc, skus: int = 1, **wishes: Any) -> Doc:
    items = some_items(sandbox, shop, skus)
    return order_life.place(sandbox, shop, {"items": items, "force": True, **wishes})


@scenario("An order is canceled in its first hour")
def canceled_in_first_hour(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """The buyer pays and thinks better of it while that is free."""
    order = _place(sandbox, shop)
    cancellation_book.buyer_cancels(sandbox, order, region=shop["region"])
    return [order]


@scenario("An order with two SKUs")
def two_skus(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """One order that becomes two on the seller's side."""
    items = some_items(sandbox, shop, 2)
    items[0]["quantity"] = 2
    return [order_life.place(sandbox, shop, {"items": items, "force": True, "hold": False})]


@scenario("500 orders in mixed states")
def many_orders(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """A busy week."""
    return place_many(sandbox, shop, 500)


@scenario("The buyer asks to cancel after the hour")
def asks_to_cancel_late(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """The seller has 48 hours to answer."""
    order = _place(sandbox, shop, hold=False)
    cancellation_book.buyer_cancels(sandbox, order, region=shop["region"])
    return [order]


@scenario("A part of an order is shipped")
def partial_shipment(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """One SKU of two is on its way."""
    order = _place(sandbox, shop, skus=2, hold=False)
    first = lines_in(order, "AWAITING_SHIPMENT")[:1]
    order_life.arrange(sandbox, order, first, [made_up_shipment(shop, order)])
    return [order]


@scenario("An order that TikTok ships")
def tiktok_shipping(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """The label is bought from TikTok and the address is masked."""
    return [_place(sandbox, shop, hold=False, shipping_type="TIKTOK")]


@scenario("An order that TikTok fulfills")
def fulfilled_by_tiktok(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """The goods lie in TikTok's warehouse; the seller has nothing to do."""
    return [_place(sandbox, shop, hold=False, fulfillment_type="FULFILLMENT_BY_TIKTOK")]


@scenario("A free sample for a creator")
def sample_order(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """An order that costs nothing."""
    return [_place(sandbox, shop, hold=False, is_sample_order=True)]


@scenario("The payment never comes")
def never_paid(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """The order is canceled a day later unless it is paid."""
    return [_place(sandbox, shop, paid=False)]


@scenario("An order that nobody ships")
def never_shipped(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """TikTok cancels it after five days; move the clock to see that."""
    return [_place(sandbox, shop, hold=False)]


def made_up_shipment(shop: Doc, order: Doc) -> Doc:
    """Return a shipment with a number that fits the carrier."""
    carrier = CARRIER.get(shop["region"], "USPS")
    digits = order["line_items"][-1]["id"]
    number = f"RM{digits[-9:]}GB" if carrier == "Royal Mail" else f"9400{digits}"
    return order_life.seller_shipment(carrier, number)


def place_many(
    sandbox: Sandbox,
    shop: Doc,
    count: int,
    *,
    statuses: list[str] | None = None,
    sku_ids: list[str] | None = None,
) -> list[Doc]:
    """Place many orders of one to three SKUs and bring each into one of the states."""
    items = sku_ids or [item["sku_id"] for item in some_items_up_to(sandbox, shop)]
    dice = random.Random(f"{shop['id']}/{sandbox.store.next_id()}")
    names, weights = zip(*MIX, strict=True)
    return [
        _one_of_many(
            sandbox, shop, dice, items, dice.choice(statuses) if statuses else
            dice.choices(names, weights)[0]
        )
        for _number in range(count)
    ]  # fmt: skip


def some_items_up_to(sandbox: Sandbox, shop: Doc) -> list[Doc]:
    """Return the SKUs that bulk orders are made of."""
    found = [{"sku_id": sku["id"]} for _doc, sku in on_sale(sandbox, shop["id"], SKUS_SEEN)]
    if not found:
        raise ValueError("the shop has nothing on sale")
    return found


def _one_of_many(
    sandbox: Sandbox, shop: Doc, dice: random.Random, skus: list[str], status: str
) -> Doc:
    chosen = dice.sample(skus, k=min(len(skus), dice.choices((1, 2, 3), (75, 20, 5))[0]))
    items = [{"sku_id": key, "quantity": dice.choices((1, 2), (85, 15))[0]} for key in chosen]
    early = status in ("UNPAID", "ON_HOLD")
    wishes = {"items": items, "force": True, "paid": status != "UNPAID", "hold": early}
    order = order_life.place(sandbox, shop, wishes)
    bring_to(sandbox, shop, order, status)
    return order


def bring_to(sandbox: Sandbox, shop: Doc, order: Doc, status: str) -> None:
    """Bring a new order into a state, as if seller and carrier had done their part."""
    if status == "CANCELLED":
        order_life.cancel(sandbox, order, "system_cancel_unpaid_time_out", by="SYSTEM")
    if status not in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"):
        return
    lines = lines_in(order, "AWAITING_SHIPMENT")
    package = order_life.arrange(sandbox, order, lines, [made_up_shipment(shop, order)])
    if status != "AWAITING_COLLECTION":
        packages.scan(sandbox, package["id"], {})
    if status in ("DELIVERED", "COMPLETED"):
        packages.deliver(sandbox, package["id"], {})
    if status == "COMPLETED":
        order_life.complete(sandbox, order["id"], {})
