"""What speaks against a parcel: not to be shipped from here, another recipient, too many orders."""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.kernel.errors import Refused
from orders import carriers
from orders.models import (
    AftersaleDecision,
    AttentionKind,
    ChannelOrder,
    Order,
    OrderAttention,
    Shipment,
)
from orders.ports import shipping_channels
from orders.states import OrderState

RECIPIENT = ("name", "lines", "city", "province", "postal_code", "country")


def why_not_shippable(order: Order) -> str:
    """Why an order cannot be shipped from here, in words for the person who tried; else empty."""
    if order.fulfilled_by_channel:
        return "The channel ships this order from its own warehouse: there is nothing to do here."
    if order.ships_itself:
        return (
            "This order goes by the channel's own shipping: get its label here with “Get label”, "
            "or make its label on the channel. The order here follows the parcel."
        )
    return why_not_leaving(order)


def why_not_leaving(order: Order) -> str:
    """Why no unit of an order can leave now, whoever carries it; else empty."""
    if why := _WHY_NOT.get(OrderState(order.state), ""):
        return why
    if AftersaleDecision.objects.cancels(order.channel_order_id).exists():
        return _BEING_CANCELED
    return _HELD_SAMPLE if is_held_sample(order) else ""


def is_held_sample(order: Order) -> bool:
    """Whether a person has to release this sample first (B23)."""
    rows = OrderAttention.objects.filter(order=order, kind=AttentionKind.SAMPLE_HELD)
    return order.is_sample and rows.filter(resolved_at=None).exists()


def clean_number(tracking_number: str) -> str:
    """The number without the blanks around it. Raises `Refused` if it cannot be one."""
    number = tracking_number.strip()
    if problem := carriers.problem_of(number):
        raise Refused(problem)
    return number


def check_together(orders: Sequence[Order]) -> None:
    """Raise `Refused` unless one parcel can hold these order parts: one shop, one recipient."""
    if len({order.shop_id for order in orders}) > 1:
        raise Refused("These orders are of several shops: one parcel goes out for one shop.")
    heads = {order.channel_order_id: order.channel_order for order in orders}
    if len(heads) == 1:
        return
    most = shipping_channels.get(orders[0].shop.channel).rules(orders[0].shop).orders_per_number
    if most == 1:
        raise Refused(
            "In this shop's market orders cannot share a tracking number: combine them into one "
            "package in Seller Center first, or enter tracking order by order."
        )
    if len(heads) > most:
        raise Refused(f"One tracking number covers at most {most} orders; {len(heads)} are chosen.")
    if len({head.delivery_option_id for head in heads.values()}) > 1:
        raise Refused("These orders have different delivery options: ship them one by one.")
    first, *others = heads.values()
    for head in others:
        if not same_recipient(first, head):
            raise Refused(
                f"Orders {first.external_id} and {head.external_id} go to different recipients: "
                "one tracking number is for one parcel. Enter tracking order by order."
            )


def check_reuse(number: str, orders: Sequence[Order]) -> None:
    """Raise `Refused` if a number is already on another recipient's order, or on too many."""
    shop = orders[0].shop
    mine = {order.channel_order_id for order in orders}
    used = Shipment.objects.filter(shop=shop, tracking_number=number)
    others = ChannelOrder.objects.filter(pk__in=used.values("channel_order")).exclude(pk__in=mine)
    found = list(others.select_related("address"))
    if not found:
        return
    for head in found:
        if not same_recipient(orders[0].channel_order, head):
            raise Refused(
                f"{number} is the tracking number of order {head.external_id}, which goes to "
                "another recipient. Check the number."
            )
    most = shipping_channels.get(shop.channel).rules(shop).orders_per_number
    if len(found) + len(mine) > most:
        raise Refused(
            f"{number} is on {len(found)} orders already; the channel allows {most} for one number."
        )


def same_recipient(one: ChannelOrder, other: ChannelOrder) -> bool:
    """Whether two orders go to the same person; an address that is not known is not compared."""
    mine, theirs = getattr(one, "address", None), getattr(other, "address", None)
    if mine is None or theirs is None:
        return True
    return all(getattr(mine, name) == getattr(theirs, name) for name in RECIPIENT)


_BEING_CANCELED = (
    "It was decided to cancel this order, and the channel is being told: keep it here. Should the "
    "channel refuse, it can be shipped again."
)
_HELD_SAMPLE = (
    "This is a sample, and this shop holds samples until a person releases them: mark its "
    "attention “Sample on hold” as seen to."
)
_WHY_NOT = {
    OrderState.PENDING: (
        "This order is on hold: the buyer may still cancel it. It can be shipped when the channel "
        "says that it awaits shipment."
    ),
    OrderState.SHIPPED: "This order has been shipped.",
    OrderState.DELIVERED: "This order has been delivered.",
    OrderState.COMPLETED: "This order is completed.",
    OrderState.CANCELED: "This order was canceled: do not ship it.",
}
