"""What is asked before selected listings are categorized, or the properties of one filled in."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.db.models import Count
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from catalog.admin.category_picker import CategoryField
from catalog.admin.property_fields import PropertyFields, Section, field_name
from catalog.models import CategoryAttribute, ChannelCategory, ListingAttribute, Shop
from marketplace.kernel.admin_verbs import VerbForm
from marketplace.kernel.errors import Refused

VALUES_TOLD = 3

Filled = list[tuple[CategoryAttribute, list[str]]]


def only_shop(form: VerbForm) -> Shop:
    """The shop of all selected rows; several are refused in words."""
    ids = list(form.rows.order_by().values_list("shop", flat=True).distinct()[:2])
    if len(ids) != 1:
        raise Refused(
            "The selection holds listings of several shops, and each shop has its own categories. "
            "Filter the list by shop first."
        )
    return Shop.objects.get(pk=ids[0])


class CategorizeForm(VerbForm):
    """Asks for one category of the shop that all selected listings are on."""

    category = CategoryField(
        help_text="Search by words, or open the tree. Only categories of the lowest level can hold "
        "products."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop = only_shop(self)
        if not ChannelCategory.objects.filter(shop=shop).leaves().exists():
            raise Refused(
                f"The categories of {shop} are not here yet. Use “Refresh categories” on the shop."
            )
        self.fields["category"].shop = shop  # type: ignore[attr-defined]


class FillForm(VerbForm):
    """One field per property of the category that all selected listings share.

    `cleaned_data["filled"]` holds (property, values); no values take what is there off.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = list(self.rows.order_by().values_list("category", flat=True).distinct()[:2])
        if len(ids) != 1 or ids[0] is None:
            raise Refused(
                "Select listings of one category: each category has its own properties. "
                "The list can be filtered by category; categorize those that have none yet."
            )
        self.properties = PropertyFields(CategoryAttribute.objects.filter(category=ids[0]))
        if not self.properties.attributes:
            raise Refused("This category has no properties to fill in.")
        self.count = self.rows.count()
        if self.count == 1:
            self.properties.add_to(self, held=self._held())
        else:
            self.properties.add_to(self, hints=self._hints())
            self.fields["clear"] = self._clear_field()

    def sections(self) -> list[Section]:
        """The fields as the page shows them."""
        found = self.properties.sections(self)
        if "clear" in self.fields:
            found.append(Section("Take values off", "", [self["clear"]], not self["clear"].errors))
        return found

    def _clear_field(self) -> forms.Field:
        return forms.MultipleChoiceField(
            label="Properties to clear",
            required=False,
            choices=[(field_name(row), row.name) for row in self.properties.attributes],
            widget=UnfoldAdminSelect2MultipleWidget,
            help_text=f"Their values are taken off all {self.count:,} selected listings.",
        )

    def _held(self) -> dict[int, list[str]]:
        held: dict[int, list[str]] = defaultdict(list)
        for row in ListingAttribute.objects.filter(listing__in=self.rows):
            held[row.attribute_id].append(row.value)
        return held

    def _hints(self) -> dict[int, str]:
        """What the selected listings have already, told by how many have it."""
        counts = (
            ListingAttribute.objects.filter(listing__in=self.rows)
            .order_by()
            .values_list("attribute", "value")
            .annotate(count=Count("pk"))
            .order_by("-count", "value")
        )
        told: dict[int, list[str]] = defaultdict(list)
        for attribute, value, count in counts:
            told[attribute].append(f"“{value}” on {count:,}")
        return {
            attribute: f"Now: {', '.join(words[:VALUES_TOLD])}"
            + (" and others." if len(words) > VALUES_TOLD else ".")
            for attribute, words in told.items()
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["filled"] = self._filled(cleaned)
        if not cleaned["filled"] and not self.errors:
            self.add_error(
                None,
                "Nothing was filled in, so nothing would change. Fill in at least one property, or "
                "choose one to clear.",
            )
        return cleaned

    def _filled(self, cleaned: dict[str, Any]) -> Filled:
        clear = set(cleaned.get("clear", ()))
        filled: Filled = []
        for attribute, values in self.properties.read(self, cleaned):
            name = field_name(attribute)
            if values and name in clear:
                self.add_error("clear", f"“{attribute.name}” is filled in and to be cleared.")
            # On the page of one listing, what it had is in the field: emptied means taken off.
            if values or name in clear or self.initial.get(name):
                filled.append((attribute, values))
        return filled
