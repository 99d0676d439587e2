"""Prices per shop: what a person sets for one SKU in one shop, before every rule (R91, B12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Offer
from catalog.resources.common import (
    MERCHANT,
    SKU,
    BySku,
    as_ids,
    decimal_or_none,
    exports,
    money_text,
    read_with,
)
from catalog.services import bulk_edits, own_prices, price_facts
from catalog.services.price_facts import PriceFacts
from catalog.sheets.values import read_money
from marketplace.kernel.errors import Refused
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Column,
    Conflict,
    FileRow,
    FollowUp,
    Run,
    SheetKind,
    Target,
    Write,
    conflicts_of,
)

#: Columns of the file, and what of an offer each of them is.
FIELDS = {
    "own_price": "price_by_hand",
    "never_below": "price_floor",
    "never_above": "price_ceiling",
}
PATHS = {
    "catalog.listing": "listing",
    "catalog.variant": "variant",
    "catalog.product": "listing__product",
}


class ShopPrices(SheetKind):
    """One row per SKU and shop."""

    name = "shop_prices"
    title = "Prices per shop"
    about = "prices of SKUs in shops"
    columns = (
        MERCHANT,
        Column(
            "shop_id",
            "Id of the shop on the channel; needed where several shops list the SKU",
            "7000714532876273420",
            is_key=True,
        ),
        Column("shop", "Name of the shop", "Happy Paws US", is_read_only=True),
        SKU,
        Column("title", "Title of the product", "Cotton rope", is_read_only=True),
        Column("currency", "Currency of the shop", "USD", is_read_only=True),
        Column("price", "What the shop is to show", "19.90", is_read_only=True, is_number=True),
        Column("why", "Where that price comes from", "The catalog's price.", is_read_only=True),
        Column("own_price", "Own price in this shop, before rules", "18.90", is_number=True),
        Column("never_below", "No rule goes below it in this shop", "15.00", is_number=True),
        Column("never_above", "No rule goes above it in this shop", "25.00", is_number=True),
    )
    permissions = ("catalog.change_offer",)
    view_permission = "catalog.view_offer"
    lists = ("catalog.listing", "catalog.variant", "catalog.product")
    advice = (
        "Amounts are in the shop's currency. An empty cell takes the amount away: without an own "
        "price the rule or the catalog counts again."
    )

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Offer]:
        path = PATHS[origin]
        place = {pk: number for number, pk in enumerate(ids)}
        found = _stored().filter(**{f"{path}__in": ids}).order_by("listing", "variant__position")
        return sorted(found, key=lambda row: place[_origin(row, origin)])

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            "merchant": stored.variant.merchant.slug,
            "shop_id": stored.listing.shop.external_id,
            "shop": stored.listing.shop.name,
            "sku": stored.variant.sku,
            "title": stored.listing.product.title,
            "currency": stored.currency,
            "price": money_text(stored.price_wanted),
            "why": stored.price_why,
            **_amounts(stored),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        known = BySku(rows, _stored(), "listed SKU", "variant__")
        offers = [offer for some in known.by_sku.values() for offer in some]
        check.memory["facts"] = price_facts.load(offers, timezone.now())
        return [_target(row, known) for row in rows]

    def read(self, column: str, text: str, target: Target) -> str:
        return money_text(read_with(column, read_money, text)) if text else ""

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        after = {column: new for column, (_, new) in changes.items()}
        if problem := _problem(target.row, after, check.memory["facts"]):
            raise CellRefused(*problem)
        return {}

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        offers = bulk_edits.locked(Offer.objects.all(), as_ids(row.subject for row in rows))
        now = {str(pk): _amounts(offer) for pk, offer in offers.items()}
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        facts = price_facts.load(offers.values(), timezone.now())
        values: dict[int, dict[str, Decimal | None]] = {}
        for row in rows:
            pk, after = int(row.subject), {name: new for name, (_, new) in row.values.items()}
            if problem := _problem(offers[pk], after, facts):
                conflicts.append(Conflict(row.number, row.key, problem[1].rstrip(".")))
            values[pk] = {FIELDS[name]: decimal_or_none(text) for name, text in after.items()}
        if not conflicts:
            own_prices.set_own(values, by=run.by, now=timezone.now())
        return conflicts

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def _stored() -> QuerySet[Offer]:
    return Offer.objects.select_related("variant__merchant", "listing__shop", "listing__product")


def _origin(offer: Offer, origin: str) -> int:
    """The row of a list that brought an offer into an export."""
    if origin == "catalog.product":
        return offer.listing.product_id
    return offer.listing_id if origin == "catalog.listing" else offer.variant_id


def _amounts(offer: Offer) -> dict[str, str]:
    return {column: money_text(getattr(offer, field)) for column, field in FIELDS.items()}


def _target(row: FileRow, known: BySku) -> Target | CellRefused:
    shop = row.get("shop_id")
    if not row.get("sku"):
        return CellRefused("sku", "It is empty.")
    fitting = [one for one in known.candidates(row) if shop in ("", one.listing.shop.external_id)]
    if len(fitting) == 1:
        offer = fitting[0]
        key = f"{offer.variant.sku} · {offer.listing.shop.name}"
        return Target(key, str(offer.pk), _amounts(offer), offer)
    if fitting:
        sentence = "Several shops list this SKU: fill in the columns “shop_id” and “merchant”."
        return CellRefused("shop_id", sentence)
    where = f" on a shop with the id “{shop}”" if shop else ""
    sentence = known.none_of(row).rstrip(".") + f"{where}. Stage its product first."
    return CellRefused("sku", sentence)


def _problem(offer: Offer, after: Mapping[str, str], facts: PriceFacts) -> tuple[str, str] | None:
    """Which column cannot be set to that, and why; `after` has the new texts by column."""
    for column, text in after.items():
        setattr(offer, FIELDS[column], decimal_or_none(text))
    for column in after:
        try:
            own_prices.check(offer, facts, [FIELDS[column]])
        except Refused as error:
            return column, error.message
    return None
