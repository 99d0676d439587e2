"""The fields of a category's form: what a page asks about a product before it can be listed there.

For any form of the admin:

    self.properties = PropertyFields(category.attributes.all())     # in __init__()
    self.properties.add_to(self, held={attribute pk: [values]})
    ...
    filled = self.properties.read(self, cleaned)        # in clean(): [(attribute, values)]

A page prints `{% include "admin/property_sections.html" with sections=... %}` with what
`sections(form)` returns: required ones first, those that another answer asks for, and the rest
folded away. `read` adds an error to each field whose values the channel would not take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import AttributeKind, CategoryAttribute
from catalog.services import listings
from marketplace.kernel.errors import Refused

PREFIX = "attribute_"
OPTIONS_URL_NAME = "catalog_categoryattribute_options"
#: More options than these do not travel with the page; they are searched while one types.
SEARCHED_ABOVE = 500
OPTIONS_FOUND = 50


@dataclass(frozen=True)
class Section:
    """Fields that stand together; a folded one is opened by a click."""

    title: str
    why: str
    fields: list[forms.BoundField]
    is_folded: bool = False


class SuggestingInput(UnfoldAdminTextInputWidget):
    """A text with the channel's options as suggestions, all of them or those that are typed."""

    class Media:
        js = ("desk/option_search.js",)

    def __init__(self, attribute: CategoryAttribute, options: Sequence[str]) -> None:
        kind = {"inputmode": "decimal"} if attribute.takes_number else {}
        super().__init__(attrs=kind)
        self.attribute = attribute
        self.options = options

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        list_id = f"options_{name}"
        field = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        is_searched = len(self.options) > SEARCHED_ABOVE
        shown = () if is_searched else self.options
        options = format_html_join("", '<option value="{}">', ((text,) for text in shown))
        body = format_html('{}<datalist id="{}">{}</datalist>', field, list_id, options)
        if not is_searched:
            return body
        url = reverse(f"admin:{OPTIONS_URL_NAME}", args=[self.attribute.pk])
        return format_html('<option-search data-url="{}">{}</option-search>', url, body)


class PropertyFields:
    """The product properties of one category, as fields of a form."""

    def __init__(self, attributes: Iterable[CategoryAttribute]) -> None:
        rows = list(attributes)
        self._conditions = _condition_words(rows)
        self.attributes = [row for row in rows if row.kind == AttributeKind.PRODUCT]

    def add_to(
        self,
        form: forms.Form,
        held: Mapping[int, Sequence[str]] | None = None,
        hints: Mapping[int, str] | None = None,
    ) -> None:
        """Add the fields; `held` are values by attribute that they begin with."""
        for attribute in self.attributes:
            name = field_name(attribute)
            form.fields[name] = self._field(attribute, (hints or {}).get(attribute.pk, ""))
            if values := (held or {}).get(attribute.pk):
                form.initial[name] = _initial(attribute, values)

    def read(
        self, form: forms.Form, cleaned: Mapping[str, Any]
    ) -> list[tuple[CategoryAttribute, list[str]]]:
        """Return each property with its values, none where it was left empty."""
        found = []
        for attribute in self.attributes:
            name = field_name(attribute)
            if name not in cleaned:
                continue
            values = _values(cleaned[name], attribute)
            try:
                listings.check_values(attribute, values)
            except Refused as refusal:
                form.add_error(name, refusal.message)
            found.append((attribute, values))
        return found

    def sections(self, form: forms.Form) -> list[Section]:
        """The fields in the order in which a person should meet them."""
        required = [row for row in self.attributes if row.is_required]
        asked = [row for row in self.attributes if not row.is_required and row.required_if]
        more = [row for row in self.attributes if not row.is_required and not row.required_if]
        bound = [_bound(form, rows) for rows in (required, asked, more)]
        is_folded = not any(field.errors or field.initial for field in bound[2])
        found = [
            Section("Required properties", "", bound[0]),
            Section(
                "Asked for in some cases",
                "Fill in where the case holds; otherwise the channel wants them empty.",
                bound[1],
            ),
            Section("More properties", "None of these is required.", bound[2], is_folded),
        ]
        return [section for section in found if section.fields]

    def _field(self, attribute: CategoryAttribute, hint: str) -> forms.Field:
        condition = self._conditions.get(attribute.pk, "")
        label = attribute.name
        if attribute.is_required:
            label = f"{label} (required)"
        elif condition:
            label = f"{label} (only if {condition})"
        field = _bare_field(attribute, label)
        field.help_text = " ".join(part for part in (str(field.help_text), hint) if part)
        return field


def field_name(attribute: CategoryAttribute) -> str:
    return f"{PREFIX}{attribute.pk}"


def needed_words(attribute: CategoryAttribute, form: Iterable[CategoryAttribute]) -> str:
    """Whether a property is required: always, not, or only if another one says so."""
    if attribute.is_required:
        return "Always"
    condition = _condition_words(list(form)).get(attribute.pk)
    return f"Only if {condition}" if condition else "No"


def _condition_words(rows: Sequence[CategoryAttribute]) -> dict[int, str]:
    by_id = {row.external_id: row for row in rows}
    found: dict[int, str] = {}
    for row in rows:
        cases = []
        for item in row.required_if:
            other = by_id.get(str(item["attribute"]))
            names = {str(one["id"]): str(one["name"]) for one in other.values} if other else {}
            if other and str(item["value"]) in names:
                cases.append(f"{other.name} = {names[str(item['value'])]}")
        if cases:
            found[row.pk] = " or ".join(cases)
    return found


def _bound(form: forms.Form, rows: Iterable[CategoryAttribute]) -> list[forms.BoundField]:
    return [form[field_name(row)] for row in rows]


def _bare_field(attribute: CategoryAttribute, label: str) -> forms.Field:
    options = [str(choice["name"]) for choice in attribute.values]
    if attribute.is_customizable or not options or len(options) > SEARCHED_ABOVE:
        return forms.CharField(
            label=label,
            required=False,
            max_length=2000,
            widget=SuggestingInput(attribute, options),
            help_text=_words(attribute, options),
        )
    choices = [(text, text) for text in options]
    if attribute.is_multiple:
        return forms.MultipleChoiceField(
            label=label, required=False, choices=choices, widget=UnfoldAdminSelect2MultipleWidget
        )
    return forms.ChoiceField(
        label=label, required=False, choices=[("", ""), *choices], widget=UnfoldAdminSelect2Widget
    )


def _words(attribute: CategoryAttribute, options: Sequence[str]) -> str:
    parts = []
    if len(options) > SEARCHED_ABOVE:
        parts.append(f"Type to search the channel's {len(options):,} options.")
    if attribute.takes_number:
        parts.append("A number above zero, such as 2 or 0.5.")
    elif options and attribute.is_customizable:
        parts.append("One of the channel's options, or a value of your own.")
    elif options:
        parts.append("One of the channel's options.")
    if attribute.is_multiple:
        parts.append("Several values: put “;” between them.")
    return " ".join(parts)


def _values(given: Any, attribute: CategoryAttribute) -> list[str]:
    parts = given if isinstance(given, list) else [str(given)]
    if attribute.is_multiple and not isinstance(given, list):
        parts = parts[0].split(";")
    # What is typed in other case than the channel's own option is still that option.
    options = {str(one["name"]).casefold(): str(one["name"]) for one in attribute.values}
    typed = [part.strip() for part in parts if part.strip()]
    return [options.get(text.casefold(), text) for text in typed]


def _initial(attribute: CategoryAttribute, values: Sequence[str]) -> Any:
    if not attribute.is_multiple:
        return values[0]
    is_text = attribute.is_customizable or not 0 < len(attribute.values) <= SEARCHED_ABOVE
    return "; ".join(values) if is_text else list(values)


def options_view(request: HttpRequest, pk: int) -> JsonResponse:
    """The options of one property that hold what is typed, those that begin with it first."""
    if not request.user.has_perm("catalog.view_channelcategory"):
        raise PermissionDenied
    attribute = CategoryAttribute.objects.filter(pk=pk).first()
    if attribute is None:
        raise Http404
    text = request.GET.get("q", "").strip().casefold()
    names = [str(choice["name"]) for choice in attribute.values]
    found = [name for name in names if text in name.casefold()]
    found.sort(key=lambda name: not name.casefold().startswith(text))
    return JsonResponse({"options": found[:OPTIONS_FOUND]})
