"""Properties of listings: a column for each field of the channel's form for their category."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    Listing,
    ListingAttribute,
    ValueOrigin,
)
from catalog.resources.common import MERCHANT, as_ids, in_order
from catalog.resources.listings import (
    PRODUCT_SKU,
    PRODUCT_TITLE,
    SHOP,
    SHOP_NAME,
    find_listings,
    identity,
    stored_listings,
)
from catalog.services import bulk_edits, listings, template_filling
from marketplace.kernel.errors import Refused
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Column,
    Conflict,
    FileRow,
    Run,
    SheetKind,
    Target,
    Write,
    conflicts_of,
)

SEPARATOR = ";"
#: A spreadsheet with more columns is of no use to anybody.
MOST_COLUMNS = 300

Form = Mapping[str, CategoryAttribute]


class Properties(SheetKind):
    """One row per listing; columns are named by the properties of the listings' categories."""

    name = "properties"
    title = "Properties of listings"
    about = "properties that categories ask for"
    columns = (
        MERCHANT,
        SHOP,
        SHOP_NAME,
        PRODUCT_SKU,
        PRODUCT_TITLE,
        Column("category", "Where it is listed", "Pet Supplies > Dog Toys", is_read_only=True),
    )
    permissions = ("catalog.change_listing",)
    view_permission = "catalog.view_listing"
    lists = ("catalog.listing",)
    advice = (
        "Export listings of one category: the file then has one more column for each of its "
        "properties, such as “Material”. Several values stand in one cell with “;” between them. "
        "An empty cell empties the property."
    )

    def headers(self, origin: str, ids: Sequence[int]) -> list[str]:
        categories = Listing.objects.filter(pk__in=ids).values("category")
        rows = CategoryAttribute.objects.filter(
            category__in=categories, kind=AttributeKind.PRODUCT
        ).order_by("-is_required", "position", "pk")
        fixed = [column.name for column in self.columns]
        names: dict[str, str] = {}
        for name in rows.values_list("name", flat=True):
            if name.casefold() not in fixed:
                names.setdefault(name.casefold(), name)
        return [*fixed, *list(names.values())[:MOST_COLUMNS]]

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Listing]:
        return in_order(ids, _stored())

    def values(self, stored: Any) -> Mapping[str, str]:
        by_name = {
            attribute.name: _text(filled) for attribute, filled in _by_attribute(stored).items()
        }
        path = stored.category.path if stored.category else ""
        return {**by_name, **identity(stored), "category": path}

    # -- in ----------------------------------------------------------------------------------------

    def known(self, headers: Sequence[str]) -> set[str]:
        fixed = super().known(headers)
        rows = CategoryAttribute.objects.filter(kind=AttributeKind.PRODUCT).order_by()
        names = {name.casefold() for name in rows.values_list("name", flat=True).distinct()}
        return fixed | {name for name in headers if name in names}

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        found = find_listings(rows)
        targets = [target for target in found if isinstance(target, Target)]
        loaded = _stored().in_bulk([target.row.pk for target in targets])
        forms = check.memory.setdefault("forms", {})
        here = {row.category_id for row in loaded.values() if row.category_id is not None}
        forms.update(bulk_edits.properties_of(here - {*forms}))
        for target in targets:
            listing = loaded[target.row.pk]
            target.row = (listing, forms.get(listing.category_id, {}))
            target.now = _now(listing)
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        listing, form = target.row
        attribute = form.get(column)
        if listing.category is None:
            raise CellRefused(column, "This listing has no category yet: categorize it first.")
        if attribute is None:
            raise CellRefused(column, f"“{listing.category.path}” has no property “{column}”.")
        values = _values(text, attribute)
        before = target.now.get(column, "")
        if sorted(values) == sorted(_values(before, attribute)):
            return before
        try:
            listings.check_values(attribute, values)
        except Refused as error:
            raise CellRefused(column, error.message) from error
        if long := next((value for value in values if len(value) > 2000), ""):
            raise CellRefused(column, f"“{long[:40]}…” has more than 2,000 characters.")
        return _joined(values)

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        if not changes:
            return {}
        listing, form = target.row
        held = {attribute.pk: filled for attribute, filled in _by_attribute(listing).items()}
        return {
            "category": listing.category_id,
            "attributes": {name: form[name].pk for name in changes},
            "before": {
                name: [
                    [one.value, one.value_external_id, one.origin]
                    for one in held.get(form[name].pk, ())
                ]
                for name in changes
            },
        }

    # -- writing -----------------------------------------------------------------------------------

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        stored = bulk_edits.locked(_stored(), as_ids(row.subject for row in rows))
        now = {str(pk): _now(listing) for pk, listing in stored.items()}
        conflicts = conflicts_of(rows, now, run) + [
            Conflict(row.number, row.key, "it is in another category now")
            for row in rows
            if row.subject in now and stored[int(row.subject)].category_id != row.kept["category"]
        ]
        if conflicts:
            return conflicts
        attributes = CategoryAttribute.objects.in_bulk(
            {pk for row in rows for pk in row.kept["attributes"].values()}
        )
        fills: dict[tuple[int, int], list[bulk_edits.Filled]] = {}
        for row in rows:
            for name, (_, after) in row.values.items():
                attribute = attributes[row.kept["attributes"][name]]
                fills[int(row.subject), attribute.pk] = (
                    [tuple(one) for one in row.kept["before"][name]]
                    if run.is_undo
                    else _filled(attribute, after)
                )
        bulk_edits.set_properties(fills)
        return []

    def settle(self, subjects: Sequence[str], run: Run) -> None:
        # A template's texts may name a property.
        template_filling.fill(as_ids(subjects))
        listings.refresh_readiness(as_ids(subjects), by=run.by)


def _stored() -> QuerySet[Listing]:
    return stored_listings().prefetch_related("attributes__attribute")


def _by_attribute(listing: Listing) -> dict[CategoryAttribute, list[ListingAttribute]]:
    found: dict[CategoryAttribute, list[ListingAttribute]] = {}
    for row in sorted(listing.attributes.all(), key=lambda one: one.pk):
        found.setdefault(row.attribute, []).append(row)
    return found


def _now(listing: Listing) -> dict[str, str]:
    return {
        attribute.name.casefold(): _text(filled)
        for attribute, filled in _by_attribute(listing).items()
    }


def _text(filled: Sequence[ListingAttribute]) -> str:
    values = [row.value for row in filled]
    return _joined(values) if filled[0].attribute.is_multiple or len(values) > 1 else values[0]


def _joined(values: Sequence[str]) -> str:
    """Values in one cell; one that holds a “;” itself gets quotation marks."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=SEPARATOR, lineterminator="").writerow(values)
    return line.getvalue() if values else ""


def _values(text: str, attribute: CategoryAttribute) -> list[str]:
    if not attribute.is_multiple:
        return [text] if text else []
    line = " ".join(text.split())
    parts = next(csv.reader([line], delimiter=SEPARATOR, skipinitialspace=True), [])
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _filled(attribute: CategoryAttribute, text: str) -> list[bulk_edits.Filled]:
    known = {choice["name"]: str(choice["id"]) for choice in attribute.values}
    return [(value, known.get(value, ""), ValueOrigin.PERSON) for value in _values(text, attribute)]
