"""The money of an order as a table: this part beside the whole order."""

from __future__ import annotations

from django.utils.html import format_html

from marketplace.kernel.admin import money
from orders.admin.tables import table
from orders.models import Order
from orders.services import money_parts


def money_table(order: Order) -> object:
    """This part beside the whole channel order, from list prices down to what was paid."""
    currency = order.currency
    rows = (
        (name, money(part, currency), money(whole, currency))
        for name, part, whole in money_parts.rows(order)
    )
    return format_html(
        '{}<p class="mt-2 text-base-500 dark:text-base-400">{}</p>',
        table(("", "This part", "Whole order"), rows),
        money_parts.proof(order.channel_order),
    )
