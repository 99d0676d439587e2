"""Finding orders by what a person has at hand, through indexes only: whole words, not parts."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper

from catalog.models import Merchant
from orders.models import ChannelOrder, Shipment

Rows = TypeVar("Rows", bound="QuerySet[Any]")
#: A person pastes a handful; a file of thousands belongs into a sheet.
MOST_WORDS = 200
MOST_FOUND = 1_000
HELP = (
    "Search by whole order id, SKU, tracking number or the buyer's full name; several at once, "
    "separated by spaces"
)


def search(rows: Rows, text: str, *, by_buyer: bool, merchant: Merchant | None = None) -> Rows:
    """Narrow orders, of one merchant if it is named, to those that any word of the text names.

    The whole text may also be a SKU or, for people who may see addresses, a buyer's name. Each
    lookup is an equality on an index, so a million orders cost no more than a thousand.
    """
    whole = text.strip()
    words = list(dict.fromkeys([*whole.replace(",", " ").split(), whole]))[:MOST_WORDS]
    skus = {form for word in words for form in (word, word.upper(), word.lower())}
    found = Q(external_id__in=words) | Q(seller_sku__in=skus)
    heads = set(_by_tracking(words, merchant))
    if by_buyer:
        heads |= set(_by_buyer(whole, merchant))
    if heads:
        found |= Q(channel_order__in=heads)
    return rows.filter(found)


def _by_tracking(words: list[str], merchant: Merchant | None) -> list[int]:
    """Channel orders with a parcel of such a number, ours or the channel's."""
    numbers = {form for word in words for form in (word, word.upper())}
    rows = Shipment.objects.filter(tracking_number__in=numbers).order_by()
    if merchant is not None:
        rows = rows.filter(shop__merchant=merchant)
    return list(rows.values_list("channel_order", flat=True)[:MOST_FOUND])


def _by_buyer(name: str, merchant: Merchant | None) -> list[int]:
    rows = ChannelOrder.objects.annotate(name_in_capitals=Upper("buyer")).order_by()
    found = rows.filter(name_in_capitals=Upper(Value(name)))
    if merchant is not None:
        found = found.filter(merchant=merchant)
    return list(found.values_list("pk", flat=True)[:MOST_FOUND])
