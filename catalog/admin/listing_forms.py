"""The forms between selecting listings and doing something with them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    CategoryPermission,
    ChannelCategory,
    ListingAttribute,
    Shop,
)
from catalog.services import listings, quota
from marketplace.kernel.admin_verbs import VerbForm
from marketplace.kernel.errors import Refused

PREFIX = "attribute_"


class PublishForm(VerbForm):
    """Nothing to fill in; it says what will be sent and what the day's limit leaves waiting."""

    def preview(self) -> list[str]:
        counts = (
            self.rows.order_by()
            .values("shop")
            .annotate(
                new=Count("pk", filter=Q(external_id="", state="ready")),
                again=Count("pk", filter=~Q(external_id="")),
                other=Count("pk", filter=Q(external_id="") & ~Q(state="ready")),
            )
        )
        shops = Shop.objects.in_bulk([row["shop"] for row in counts])
        return [_publish_words(shops[row["shop"]], row) for row in counts]


def _publish_words(shop: Shop, row: dict[str, int]) -> str:
    parts = []
    if row["new"]:
        parts.append(f"{row['new']:,} will be sent for the first time")
    if row["again"]:
        parts.append(f"{row['again']:,} on the channel already go again if something changed")
    if row["other"]:
        parts.append(f"{row['other']:,} are not ready and will be skipped with their reasons")
    text = f"{shop}: {', '.join(parts)}."
    left = quota.left(shop)
    if left is not None and row["new"] > left:
        text += (
            f" This shop may upload {shop.daily_listing_limit:,} a day and has {left:,} left "
            f"today: {row['new'] - left:,} of them wait for the next day by themselves."
        )
    return text


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
    category = forms.ModelChoiceField(
        ChannelCategory.objects.none(),
        widget=UnfoldAdminSelect2Widget,
        help_text="Type to search. Only categories of the lowest level can hold products.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop = only_shop(self)
        leaves = ChannelCategory.objects.filter(shop=shop).leaves()
        open_ones = leaves.exclude(permission=CategoryPermission.PROHIBITED)
        if not open_ones.exists():
            raise Refused(
                f"The categories of {shop} are not here yet. Use “Refresh categories” on the shop."
            )
        field = self.fields["category"]
        field.queryset = open_ones  # type: ignore[attr-defined]
        field.label_from_instance = _category_words  # type: ignore[attr-defined]


def _category_words(category: ChannelCategory) -> str:
    if category.permission == CategoryPermission.AVAILABLE:
        return category.path
    return f"{category.path} ({category.get_permission_display()})"


class SuggestingInput(UnfoldAdminTextInputWidget):
    """A text with the channel's options as suggestions; a value of one's own is allowed."""

    def __init__(self, options: list[str]) -> None:
        super().__init__()
        self.options = options

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        list_id = f"options_{name}"
        field = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join("", '<option value="{}">', ((text,) for text in self.options))
        return format_html('{}<datalist id="{}">{}</datalist>', field, list_id, options)


class FillForm(VerbForm):
    """One field per property of the category that all selected listings share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = list(self.rows.order_by().values_list("category", flat=True).distinct()[:2])
        if len(ids) != 1 or ids[0] is None:
            raise Refused(
                "Select listings of one category: each category has its own properties. "
                "The list can be filtered by category; categorize those that have none yet."
            )
        found = CategoryAttribute.objects.filter(category=ids[0], kind=AttributeKind.PRODUCT)
        self.attributes = list(found)
        if not self.attributes:
            raise Refused("This category has no properties to fill in.")
        held = self._held()
        for attribute in self.attributes:
            name = f"{PREFIX}{attribute.pk}"
            self.fields[name] = field_for(attribute)
            if values := held.get(attribute.pk):
                self.initial[name] = _initial(attribute, values)

    def _held(self) -> dict[int, list[str]]:
        """What the one selected listing has already; several may differ, so none is shown."""
        if self.rows.count() != 1:
            return {}
        held: dict[int, list[str]] = {}
        for row in ListingAttribute.objects.filter(listing__in=self.rows):
            held.setdefault(row.attribute_id, []).append(row.value)
        return held

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        filled = []
        for attribute in self.attributes:
            name = f"{PREFIX}{attribute.pk}"
            if name not in cleaned:
                continue
            values = _values(cleaned[name], attribute)
            if not values:
                continue
            try:
                listings.check_values(attribute, values)
            except Refused as refusal:
                self.add_error(name, refusal.message)
            filled.append((attribute, values))
        cleaned["filled"] = filled
        return cleaned


def field_for(attribute: CategoryAttribute) -> forms.Field:
    """The field of the channel's form: a choice, several choices, or free text."""
    label = f"{attribute.name} (required)" if attribute.is_required else attribute.name
    options = [str(choice["name"]) for choice in attribute.values]
    if attribute.is_customizable or not options:
        hint = "Several values: put “;” between them. " if attribute.is_multiple else ""
        own = "A value of your own is allowed." if options else ""
        return forms.CharField(
            label=label,
            required=False,
            max_length=2000,
            widget=SuggestingInput(options),
            help_text=f"{hint}{own}",
        )
    choices = [(text, text) for text in options]
    if attribute.is_multiple:
        return forms.MultipleChoiceField(
            label=label, required=False, choices=choices, widget=UnfoldAdminSelect2MultipleWidget
        )
    return forms.ChoiceField(
        label=label, required=False, choices=[("", ""), *choices], widget=UnfoldAdminSelect2Widget
    )


def _values(given: Any, attribute: CategoryAttribute) -> list[str]:
    if isinstance(given, list):
        return given
    parts = str(given).split(";") if attribute.is_multiple else [str(given)]
    return [part.strip() for part in parts if part.strip()]


def _initial(attribute: CategoryAttribute, values: list[str]) -> Any:
    if not attribute.is_multiple:
        return values[0]
    is_text = attribute.is_customizable or not attribute.values
    return "; ".join(values) if is_text else values
