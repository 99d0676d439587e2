"""Listings on their shops: category, texts for the channel, and priority."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalog import html
from catalog.models import ChannelCategory, Listing
from catalog.resources.common import MERCHANT, SKU, BySku, as_ids, at_most, exports, in_order
from catalog.services import bulk_edits, category_tree, listings, taxonomy
from catalog.sheets.groups import LONGEST_DESCRIPTION, LONGEST_TITLE
from catalog.states import ListingState
from marketplace.kernel.errors import Failure
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

SHOP = Column(
    "shop_id",
    "Id of the shop on the channel; needed where several shops list the SKU",
    "7000714532876273420",
    is_key=True,
)
PRODUCT_SKU = Column("sku", "SKU of the product", SKU.example, is_key=True, is_required=True)
SHOP_NAME = Column("shop", "Name of the shop", "Happy Paws US", is_read_only=True)
PRODUCT_TITLE = Column("product_title", "Of the product", "Cotton rope", is_read_only=True)
MOST_PRIORITY = 32_767
#: What a change of category drops, so that a person sees it and an undo brings it back.
DROPPED = "properties"


class Listings(SheetKind):
    """One row per listing."""

    name = "listings"
    title = "Listings"
    about = "listings on shops"
    columns = (
        MERCHANT,
        SHOP,
        SHOP_NAME,
        PRODUCT_SKU,
        PRODUCT_TITLE,
        Column("category", "Its path as shown, or its id", "Pet Supplies > Dog Toys"),
        Column("title", "Title on the channel; empty: the product's", ""),
        Column("description", "HTML for the channel; empty: the product's", ""),
        Column("priority", "Higher is published first", "0", is_number=True),
        Column("state", "Where it stands", "Incomplete", is_read_only=True),
        Column("missing", "What keeps it incomplete", "", is_read_only=True),
    )
    permissions = ("catalog.change_listing",)
    view_permission = "catalog.view_listing"
    lists = ("catalog.listing",)
    advice = (
        "A new category drops the properties of the former one; the check shows them, and an undo "
        "brings them back."
    )

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Listing]:
        return in_order(ids, stored_listings())

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            **identity(stored),
            **_values(stored),
            "state": stored.get_state_display(),
            "missing": " ".join(item["sentence"] for item in stored.missing),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        found = find_listings(rows)
        targets = [target for target in found if isinstance(target, Target)]
        held = bulk_edits.held_values(target.row.pk for target in targets)
        for target in targets:
            target.row.held = held.get(target.row.pk, [])
            target.now = {**_values(target.row), DROPPED: _shown(target.row.held)}
        _load_categories(rows, found, check)
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        if column == "title":
            return at_most(column, text, LONGEST_TITLE)
        if column == "description":
            return html.sanitize(at_most(column, text, LONGEST_DESCRIPTION))
        if column == "priority":
            return _priority(text)
        return text

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        if not changes:
            return {}
        if target.row.state == ListingState.PUBLISHING:
            raise CellRefused("", "It is being published right now. Check the file again later.")
        if "category" not in changes:
            return {}
        if not changes["category"][1]:
            raise CellRefused("category", "A listing cannot be taken out of its category.")
        category = _category(changes["category"][1], target.row, check)
        if category.pk == target.row.category_id:
            del changes["category"]
            return {}
        changes["category"] = (changes["category"][0], category.path)
        if target.now[DROPPED]:
            changes[DROPPED] = (target.now[DROPPED], "")
        return {
            "category": [target.row.category_id, category.pk],
            "template": target.row.template_id,
            "properties": [
                [one.attribute_id, one.value, one.external_id, one.origin]
                for one in target.row.held
            ],
        }

    # -- writing ---------------------------------------------------------------------------------

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        stored = bulk_edits.locked(
            Listing.objects.select_related("category"), as_ids(row.subject for row in rows)
        )
        held = bulk_edits.held_values(stored)
        now = {
            str(pk): {**_values(row), DROPPED: _shown(held.get(pk, ()))}
            for pk, row in stored.items()
        }
        conflicts = conflicts_of(rows, now, run) + [
            Conflict(row.number, row.key, "it is being published right now")
            for row in rows
            if row.subject in now and stored[int(row.subject)].state == ListingState.PUBLISHING
        ]
        if conflicts:
            return conflicts
        for row in rows:
            for name, (_, after) in row.values.items():
                if name in ("title", "description"):
                    setattr(stored[int(row.subject)], name, after)
                elif name == "priority":
                    stored[int(row.subject)].priority = int(after)
        changed = {name for row in rows for name in row.values} - {"category", DROPPED}
        bulk_edits.save(stored.values() if changed else (), sorted(changed))
        return _categorize([row for row in rows if "category" in row.values], run)

    def settle(self, subjects: Sequence[str], run: Run) -> None:
        listings.refresh_readiness(as_ids(subjects), by=run.by)

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def identity(listing: Listing) -> dict[str, str]:
    """The columns that say which listing a row is about."""
    return {
        "merchant": listing.product.merchant.slug,
        "shop_id": listing.shop.external_id,
        "shop": listing.shop.name,
        "sku": listing.product.sku,
        "product_title": listing.product.title,
    }


def stored_listings() -> QuerySet[Listing]:
    return Listing.objects.select_related("shop", "product__merchant", "category")


def find_listings(rows: Sequence[FileRow]) -> list[Target | CellRefused]:
    """The listing of each row, without its values, or why there is none."""
    known = BySku(rows, stored_listings(), "listing", "product__")
    found: list[Target | CellRefused] = []
    for row in rows:
        shop = row.get("shop_id")
        fitting = [one for one in known.candidates(row) if shop in ("", one.shop.external_id)]
        if len(fitting) == 1:
            one = fitting[0]
            found.append(Target(f"{one.product.sku} · {one.shop.name}", str(one.pk), {}, one))
        elif fitting:
            sentence = "Several shops list this SKU: fill in the columns “shop_id” and “merchant”."
            found.append(CellRefused("shop_id", sentence))
        else:
            where = f" on a shop with the id “{shop}”" if shop else ""
            sentence = known.none_of(row).rstrip(".") + f"{where}. Stage its product first."
            found.append(CellRefused("sku", sentence))
    return found


def _values(listing: Listing) -> dict[str, str]:
    return {
        "category": listing.category.path if listing.category else "",
        "title": listing.title,
        "description": listing.description,
        "priority": str(listing.priority),
    }


def _priority(text: str) -> str:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or int(digits[:9]) > MOST_PRIORITY:
        raise CellRefused(
            "priority",
            f"“{text[:20]}” is not a whole number from -{MOST_PRIORITY:,} to {MOST_PRIORITY:,}.",
        )
    return str(int(text))


def _shown(held: Iterable[bulk_edits.HeldValue]) -> str:
    """What a listing has filled in, as a person reads it."""
    return "; ".join(f"{one.name}: {one.value}" for one in held)


def _load_categories(
    rows: Sequence[FileRow], found: Sequence[Target | CellRefused], check: Check
) -> None:
    """The categories that a chunk names, by shop and by path or id."""
    names = {row.get("category") for row in rows} - {""}
    shops = {target.row.shop_id for target in found if isinstance(target, Target)}
    known = check.memory.setdefault("categories", {})
    here = ChannelCategory.objects.filter(shop__in=shops).select_related("shop")
    for category in [
        *here.filter(path__in=names),
        *here.filter(external_id__in=names),
    ]:
        for name in (category.path, category.external_id):
            some = known.setdefault((category.shop_id, name), {})
            some[category.pk] = category


def _category(name: str, listing: Listing, check: Check) -> ChannelCategory:
    found: dict[int, ChannelCategory] = check.memory["categories"].get((listing.shop_id, name), {})
    if not found:
        raise CellRefused("category", f"{listing.shop} has no category “{name[:200]}”.")
    if len(found) > 1:
        raise CellRefused("category", f"Several categories are called “{name}”: give its id.")
    category = next(iter(found.values()))
    if why := category_tree.why_closed(category):
        raise CellRefused("category", why)
    try:
        taxonomy.ensure_form(category)
    except Failure as error:
        raise CellRefused("category", error.message) from error
    return category


def _categorize(rows: Sequence[Write], run: Run) -> list[Conflict]:
    """Move listings between categories, one call per category; an undo brings back what was."""
    groups: dict[int | None, list[Write]] = defaultdict(list)
    for row in rows:
        groups[row.kept["category"][0 if run.is_undo else 1]].append(row)
    targets = ChannelCategory.objects.select_related("shop").in_bulk(
        [pk for pk in groups if pk is not None]
    )
    conflicts: list[Conflict] = []
    for pk, some in groups.items():
        ids = as_ids(row.subject for row in some)
        if pk is None:
            bulk_edits.without_category(ids)
            continue
        try:
            with transaction.atomic():
                report = listings.categorize(ids, targets[pk], by=run.by)
            reason = next(iter(report.refused), "")
        except Failure as error:
            reason = error.message
        if reason:
            conflicts += [Conflict(row.number, row.key, reason) for row in some]
    if run.is_undo and not conflicts:
        _bring_back(rows)
    return conflicts


def _bring_back(rows: Sequence[Write]) -> None:
    fills: dict[tuple[int, int], list[bulk_edits.Filled]] = defaultdict(list)
    templates = {}
    for row in rows:
        listing = int(row.subject)
        if row.kept["template"]:
            templates[listing] = row.kept["template"]
        for attribute, value, external_id, origin in row.kept["properties"]:
            fills[listing, attribute].append((value, external_id, origin))
    bulk_edits.set_properties(fills)
    bulk_edits.set_templates(templates)
