"""What happens to an order by itself and by the buyer: placed, paid, held, released, canceled."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok import packages, stock
from integrations.sandbox.tiktok.buyers import make_buyer
from integrations.sandbox.tiktok.goods import (
    Goods,
    find_goods,
    is_kept_here,
    nearest_warehouse,
    sell_out,
)
from integrations.sandbox.tiktok.logistics import PROVIDERS, default_option, region_options
from integrations.sandbox.tiktok.order_book import (
    BEFORE_RELEASE,
    DAY,
    NOT_SHIPPED,
    get_order,
    lines_in,
    save_order,
    units_by_sku,
)
from integrations.sandbox.tiktok.order_money import payment_of, price_lines

HOLD = 3600
PAY_WITHIN = DAY
ARRANGE_WITHIN, COLLECT_WITHIN, CANCEL_AFTER, DELIVER_WITHIN = 3 * DAY, 4 * DAY, 5 * DAY, 10 * DAY
TIKTOK_SHIPS_AFTER = 6 * 3600
MOST_UNITS = 200


def place(sandbox: Sandbox, shop: Doc, wishes: Doc) -> Doc:
    """Place an order as a buyer: items by SKU with quantities, and wishes for the rest."""
    basket = _basket(sandbox, shop, wishes.get("items") or [])
    order_id = "5769" + sandbox.store.next_id()[-14:]
    dice = random.Random(int(order_id))
    buyer = make_buyer(dice, shop["region"], **(wishes.get("buyer") or {}))
    order = _new_order(sandbox, shop, order_id, buyer, wishes)
    order["warehouse_id"] = _warehouse(sandbox, shop, basket, buyer["state"], wishes)
    order["line_items"] = [
        _line(sandbox, goods) for goods, count in basket for _unit in range(count)
    ]
    price_lines(order["line_items"], wishes, shop["region"])
    order["payment"] = payment_of(order["line_items"], wishes, shop["currency"])
    for goods, count in basket:
        if is_kept_here(sandbox, goods.sku_id, order["warehouse_id"]):
            stock.reserve(sandbox, goods.sku_id, order["warehouse_id"], count)
    save_order(sandbox, order)
    if order["is_cod"]:
        _released(sandbox, order)
    elif wishes.get("paid", True):
        pay(sandbox, order, hold=wishes.get("hold", True))
    else:
        sandbox.schedule(PAY_WITHIN, "order_unpaid", order_id)
    return order


def _basket(sandbox: Sandbox, shop: Doc, items: list[Doc]) -> list[tuple[Goods, int]]:
    if not items:
        raise ValueError("an order needs at least one item")
    basket: dict[str, tuple[Goods, int]] = {}
    for item in items:
        goods, count = find_goods(sandbox, shop, item), int(item.get("quantity", 1))
        if count < 1:
            raise ValueError("a quantity must be at least 1")
        basket[goods.sku_id] = (goods, count + basket.get(goods.sku_id, (goods, 0))[1])
    if sum(count for _goods, count in basket.values()) > MOST_UNITS:
        raise ValueError(f"an order has at most {MOST_UNITS} units")
    return list(basket.values())


def _warehouse(
    sandbox: Sandbox, shop: Doc, basket: list[tuple[Goods, int]], state: str, wishes: Doc
) -> str:
    if wishes.get("fulfillment_type") == "FULFILLMENT_BY_TIKTOK":
        return fbt_warehouse_id(shop["id"])
    if wishes.get("warehouse_id"):
        return str(wishes["warehouse_id"])
    wanted = {goods.sku_id: count for goods, count in basket}
    found = nearest_warehouse(sandbox, shop, wanted, state)
    if found is None and not wishes.get("force"):
        raise ValueError("no warehouse has all of this in stock")
    return found or nearest_warehouse(sandbox, shop, dict.fromkeys(wanted, 0), state) or ""


def fbt_warehouse_id(shop_id: str) -> str:
    """Return the warehouse that TikTok runs for a shop."""
    return "7367" + shop_id[4:]


def _new_order(sandbox: Sandbox, shop: Doc, order_id: str, buyer: Doc, wishes: Doc) -> Doc:
    fulfillment = wishes.get("fulfillment_type", "FULFILLMENT_BY_SELLER")
    by_tiktok = fulfillment == "FULFILLMENT_BY_TIKTOK"
    shipping = "TIKTOK" if by_tiktok else wishes.get("shipping_type", "SELLER")
    option = _delivery_option(shop, shipping)
    order: Doc = {
        "id": order_id,
        "create_time": sandbox.now(),
        "update_time": sandbox.now(),
        "user_id": buyer["user_id"],
        "buyer_email": buyer["email"],
        "buyer_nickname": buyer["nickname"],
        "order_type": wishes.get("order_type", "NORMAL"),
        "commerce_platform": "TIKTOK_SHOP",
        "fulfillment_type": fulfillment,
        "shipping_type": shipping,
        "delivery_type": "HOME_DELIVERY",
        "delivery_option_id": option["id"],
        "delivery_option_name": option["name"],
        "payment_method_name": "Cash on delivery" if wishes.get("is_cod") else "Credit/debit card",
        "is_cod": bool(wishes.get("is_cod")),
        "is_sample_order": bool(wishes.get("is_sample_order")),
        "is_on_hold_order": False,
        "is_buyer_request_cancel": False,
        "is_replacement_order": False,
        "is_exchange_order": False,
        "has_updated_recipient_address": False,
        "line_items": [],
        "_shop_id": shop["id"],
        "_address": buyer["address"],
    }
    if wishes.get("buyer_message"):
        order["buyer_message"] = wishes["buyer_message"]
    return order


def _delivery_option(shop: Doc, shipping: str) -> Doc:
    if shipping == "SELLER":
        return default_option(shop["region"])
    options = region_options(shop["region"])
    return next(option for option in options if option["type"] == "STANDARD")


def _line(sandbox: Sandbox, goods: Goods) -> Doc:
    return {
        "id": "5770" + sandbox.store.next_id()[-14:],
        "product_id": goods.product_id,
        "product_name": goods.product_name,
        "sku_id": goods.sku_id,
        "sku_name": goods.sku_name,
        "seller_sku": goods.seller_sku,
        "sku_type": "NORMAL",
        "currency": goods.currency,
        "original_price": goods.price,
        "display_status": "UNPAID",
        "is_gift": False,
        "is_dangerous_good": False,
        "_image_uri": goods.image_uri,
    }


def pay(sandbox: Sandbox, order: Doc, *, hold: bool = True) -> None:
    """The buyer pays: the order is held for an hour in which it can be canceled freely."""
    if order["status"] != "UNPAID":
        raise ValueError(f"an order in {order['status']} cannot be paid")
    now = sandbox.now()
    order.update(
        paid_time=now,
        shipping_due_time=now + CANCEL_AFTER,
        cancel_order_sla_time=now + CANCEL_AFTER,
        collection_due_time=now + CANCEL_AFTER + 2 * DAY,
        delivery_due_time=now + DELIVER_WITHIN,
        delivery_sla_time=now + DELIVER_WITHIN,
        delivery_option_required_delivery_time=now + DELIVER_WITHIN,
    )
    for line in lines_in(order, "UNPAID"):
        line["display_status"] = "ON_HOLD"
    sandbox.store.unschedule("order_unpaid", order["id"])
    if not hold:
        _released(sandbox, order)
        return
    save_order(sandbox, order)
    sandbox.schedule(HOLD, "order_release", order["id"])


def _released(sandbox: Sandbox, order: Doc) -> None:
    now = sandbox.now()
    order.update(
        _released_at=now,
        rts_sla_time=now + ARRANGE_WITHIN,
        tts_sla_time=now + COLLECT_WITHIN,
        cancel_order_sla_time=order.get("cancel_order_sla_time", now + CANCEL_AFTER),
        shipping_due_time=order.get("shipping_due_time", now + CANCEL_AFTER),
    )
    for line in lines_in(order, *BEFORE_RELEASE):
        line["display_status"] = "AWAITING_SHIPMENT"
    shop = sandbox.store.get("shop", order["_shop_id"]) or {"region": "US"}
    packages.prepare(sandbox, shop, order)
    save_order(sandbox, order)
    wait = order["cancel_order_sla_time"] - now
    sandbox.schedule(wait, "order_overdue", order["id"])
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK":
        sandbox.schedule(TIKTOK_SHIPS_AFTER, "order_fbt_ship", order["id"])


@due("order_release")
def release(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The hour is over: the order is given to the seller."""
    order = get_order(sandbox, key)
    if order["status"] == "ON_HOLD":
        _released(sandbox, order)


@due("order_unpaid")
def give_up_unpaid(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The buyer never paid: the order is canceled."""
    order = get_order(sandbox, key)
    if order["status"] == "UNPAID":
        cancel(sandbox, order, "system_cancel_unpaid_time_out", by="SYSTEM")


@due("order_overdue")
def give_up_overdue(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The seller shipped nothing in time: the order is canceled."""
    order = get_order(sandbox, key)
    if order["status"] == "AWAITING_SHIPMENT":
        cancel(sandbox, order, "system_cancel_order_reason_shipping_timeout", by="SYSTEM")


@due("order_complete")
def complete(sandbox: Sandbox, key: str, args: Doc) -> None:
    """Nothing can be returned any more."""
    order = get_order(sandbox, key)
    for line in lines_in(order, "DELIVERED"):
        line["display_status"] = "COMPLETED"
    save_order(sandbox, order)


@due("order_fbt_ship")
def ship_from_tiktok(sandbox: Sandbox, key: str, args: Doc) -> None:
    """TikTok's own warehouse ships what it fulfills."""
    order = get_order(sandbox, key)
    if order["status"] == "AWAITING_SHIPMENT":
        tiktok_ships(sandbox, order)


def tiktok_ships(sandbox: Sandbox, order: Doc) -> Doc:
    """Arrange every waiting line of an order with TikTok's own shipping; return the parcel."""
    lines = lines_in(order, "AWAITING_SHIPMENT")
    if not lines:
        raise ValueError(f"an order in {order['status']} has nothing to ship")
    order["shipping_type"] = "TIKTOK"
    return arrange(sandbox, order, lines, [tiktok_shipment(lines[0]["id"])])


def tiktok_shipment(seed: str) -> Doc:
    """Return the shipment that TikTok buys for a parcel."""
    return seller_shipment("USPS", "9261290" + seed[-15:])


def cancel(
    sandbox: Sandbox, order: Doc, reason: str, *, by: str, lines: list[Doc] | None = None
) -> None:
    """Cancel lines of an order, or all that were not shipped; units become available again."""
    going = lines if lines is not None else lines_in(order, *NOT_SHIPPED)
    if not going:
        raise ValueError(f"an order in {order['status']} has nothing to cancel")
    now = sandbox.now()
    give_back(sandbox, order, units_by_sku(lines_not_shipped(going)))
    for line in going:
        line.update(display_status="CANCELLED", cancel_reason=reason, cancel_user=by)
        if line.get("package_id"):
            line["package_status"] = "CANCELLED"
    if all(line["display_status"] == "CANCELLED" for line in order["line_items"]):
        order.update(cancel_reason=reason, cancel_time=now, cancellation_initiator=by)
        for kind in ("order_release", "order_unpaid", "order_overdue", "order_fbt_ship"):
            sandbox.store.unschedule(kind, order["id"])
    save_order(sandbox, order)
    for package_id in {line["package_id"] for line in going if line.get("package_id")}:
        packages.close_package(sandbox, package_id)
    if by == "SELLER" and "out_of_stock" in reason:
        sell_out(sandbox, {line["sku_id"] for line in going})


def lines_not_shipped(lines: list[Doc]) -> list[Doc]:
    """Return the lines that still count as promised."""
    return [line for line in lines if line["display_status"] in NOT_SHIPPED]


def give_back(sandbox: Sandbox, order: Doc, units: Counter[str]) -> None:
    """Make promised units available again."""
    for sku_id, count in units.items():
        if is_kept_here(sandbox, sku_id, order["warehouse_id"]):
            stock.release(sandbox, sku_id, order["warehouse_id"], count)


def seller_shipment(provider: str, number: str) -> Doc:
    """Return a shipment with a carrier of the seller's choice."""
    return {
        "tracking_number": number,
        "provider_id": PROVIDERS[provider],
        "provider_name": provider,
    }


def arrange(sandbox: Sandbox, order: Doc, lines: list[Doc], shipments: list[Doc]) -> Doc:
    """Arrange lines with tracking numbers, in the parcel that waits for them or in a new one."""
    ids = {line["id"] for line in lines}
    waiting = [
        package
        for package in packages.packages_of(sandbox, order["id"])
        if package["status"] == "TO_FULFILL" and ids & set(package["line_ids"])
    ]
    if waiting and set(waiting[0]["line_ids"]) == ids:
        package = waiting[0]
    else:
        for package in waiting:
            package["line_ids"] = [key for key in package["line_ids"] if key not in ids]
            packages.save_package(sandbox, package)
        package = packages.make_package(sandbox, order, lines)
    packages.hand_over(sandbox, order, package, shipments)
    return package


def move_on(sandbox: Sandbox, order: Doc) -> Doc:
    """Do the next thing that happens to an order when everybody but the seller does their part."""
    key, status = order["id"], order["status"]
    if status == "UNPAID":
        pay(sandbox, order)
    elif status == "ON_HOLD":
        sandbox.store.unschedule("order_release", key)
        release(sandbox, key, {})
    elif status == "AWAITING_COLLECTION":
        carry(sandbox, key, packages.scan, "PROCESSING")
    elif status == "IN_TRANSIT":
        carry(sandbox, key, packages.deliver, "FULFILLING")
    elif status == "DELIVERED":
        complete(sandbox, key, {})
    elif status == "AWAITING_SHIPMENT" and order["shipping_type"] == "TIKTOK":
        tiktok_ships(sandbox, order)
    else:
        raise ValueError(f"an order in {status} does not move on by itself")
    return get_order(sandbox, key)


def carry(
    sandbox: Sandbox, order_id: str, step: Callable[[Sandbox, str, Doc], None], *statuses: str
) -> None:
    """Let the carrier take a step with the parcels of an order that are in one of the states."""
    for package in packages.packages_of(sandbox, order_id):
        if package["status"] in statuses:
            step(sandbox, package["id"], {})
