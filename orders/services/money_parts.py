"""The money of an order, broken up so that a person can add it up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from orders.models import ChannelOrder, Order

#: Name, this part's amount, the whole order's amount; None where there is no such figure.
Row = tuple[str, Decimal | None, Decimal | None]


def rows(order: Order) -> Iterator[Row]:
    """This part beside the whole channel order, in its currency, from list prices to the total."""
    head = order.channel_order
    yield "Items before discounts", order.list_total, head.list_total
    yield "Discount by the seller", -order.seller_discount, -head.seller_discount
    yield "Discount by the channel", -order.platform_discount, -head.platform_discount
    yield "Items", order.sub_total, head.sub_total
    yield from _shipping(head)
    inside = head.tax and head.total == _without_tax(head)
    yield "Tax, held in the prices" if inside else "Tax", order.tax, head.tax
    if head.shipping_tax:
        yield "of it on shipping", None, head.shipping_tax
    if head.other_fees:
        yield "Other fees", None, head.other_fees
    if head.unexplained:
        yield "Not explained by the channel", None, head.unexplained
    yield "Total", None, head.total


def proof(head: ChannelOrder) -> str:
    """Whether the amounts add up to the total, in one sentence."""
    if head.unexplained:
        return "The channel's figures do not add up: they are kept as they came."
    if head.tax and head.total == _without_tax(head):
        return "Items, shipping and other fees add up to the total; the tax is inside the prices."
    return "Items, shipping, tax and other fees add up to the total."


def _shipping(head: ChannelOrder) -> Iterator[Row]:
    discounts = (
        ("Shipping, discount by the seller", head.shipping_seller_discount),
        ("Shipping, discount by the channel", head.shipping_platform_discount),
        ("Shipping, discount paid by both", head.shipping_shared_discount),
    )
    if any(amount for _, amount in discounts):
        yield "Shipping before discounts", None, head.shipping_list
        for name, amount in discounts:
            if amount:
                yield name, None, -amount
    yield "Shipping", None, head.shipping_fee


def _without_tax(head: ChannelOrder) -> Decimal:
    return head.sub_total + head.shipping_fee + head.other_fees
