"""A product's variants as one compact table: price, weight, package and identifiers per row."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.models import IdentifierKind, Variant
from catalog.services import identifiers
from marketplace.kernel.errors import Refused

SEPARATOR = " / "
AMOUNTS = ("price", "compare_at_price", "cost", "weight", "length", "width", "height")
SIDES = ("length", "width", "height")
LETTERS_OF_A_CURRENCY = 3
WORDS = {"compare_at_price": "Compare-at", "options": "Red / Large"}
#: What the table shows: a heading, and the fields that share one of its cells.
CELLS = (
    ("SKU and options", ("sku", "options")),
    ("Price, compare-at", ("price", "compare_at_price")),
    ("Cost, currency", ("cost", "currency")),
    ("Weight, then package L × W × H", ("weight", "weight_unit", *SIDES, "dimension_unit")),
    ("UPC, GTIN, EAN, ISBN", tuple(IdentifierKind.values)),
    ("Order", ("position",)),
)


class WordsField(forms.CharField):
    """A list of words, edited as one text: “Red / Large”."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return SEPARATOR.join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [part.strip() for part in str(value or "").split(SEPARATOR) if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class IdentifierFields(forms.Form):
    """One field per kind of product number, each with its length and check digit looked at."""

    upc = forms.CharField(label="UPC", required=False, max_length=30)
    gtin = forms.CharField(label="GTIN", required=False, max_length=30)
    ean = forms.CharField(label="EAN", required=False, max_length=30)
    isbn = forms.CharField(label="ISBN", required=False, max_length=30)

    def read_identifiers(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """The numbers by kind; one that cannot be is an error beside its field."""
        codes = {}
        for kind in IdentifierKind.values:
            try:
                codes[kind] = identifiers.read(kind, cleaned.get(kind) or "")
            except Refused as refusal:
                self.add_error(kind, refusal.message)
        return codes


def check_measures(form: forms.BaseForm, cleaned: dict[str, Any]) -> None:
    """Amounts are not negative, and a measure has its unit; errors go beside the fields."""
    for name in AMOUNTS:
        value = cleaned.get(name)
        if isinstance(value, Decimal) and value < 0:
            form.add_error(name, f"It cannot be below zero: {value}.")
    if cleaned.get("weight") and not cleaned.get("weight_unit"):
        form.add_error("weight_unit", "Choose the unit of the weight.")
    given = [name for name in SIDES if cleaned.get(name)]
    if given and len(given) < len(SIDES):
        missing = [name for name in SIDES if name not in given]
        form.add_error(missing[0], "Give length, width and height, or none of them.")
    if given and not cleaned.get("dimension_unit"):
        form.add_error("dimension_unit", "Choose the unit of the package's size.")


class VariantForm(IdentifierFields, forms.ModelForm):
    options = WordsField(required=False, help_text="Red / Large")

    class Meta:
        model = Variant
        fields = (
            "sku", "options", "price", "compare_at_price", "cost", "currency", "weight",
            "weight_unit", "length", "width", "height", "dimension_unit", "position",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            words = WORDS.get(name) or str(field.label or name.replace("_", " "))
            field.widget.attrs.update(
                {"class": "desk-cell", "placeholder": words, "aria-label": words, "title": words}
            )
        if self.instance.pk:
            for row in self.instance.identifiers.all():
                self.initial[row.kind] = row.value

    def cells(self) -> list[list[forms.BoundField]]:
        """The fields as the table groups them."""
        return [[self[name] for name in names if name in self.fields] for _, names in CELLS]

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).strip().upper()
        if len(code) != LETTERS_OF_A_CURRENCY or not (code.isascii() and code.isalpha()):
            raise forms.ValidationError(f"“{code}” is no currency; use three letters such as USD.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_measures(self, cleaned)
        cleaned["identifiers"] = self.read_identifiers(cleaned)
        return cleaned

    def validate_constraints(self) -> None:
        """The table of variants checks SKUs and prices itself, in one query for all of them."""

    def save(self, commit: bool = True) -> Any:
        self.instance.merchant_id = self.instance.product.merchant_id
        variant = super().save(commit)
        if commit:
            identifiers.set_all(variant, self.cleaned_data["identifiers"])
        return variant


class VariantFormSet(PaginationInlineFormSet):
    """The variants of a product; a SKU belongs to one variant of the merchant."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
        ]
        self._check_skus([form for form in kept if form.cleaned_data.get("sku")])
        self._check_codes(kept)

    def _check_skus(self, forms_with_sku: list[Any]) -> None:
        skus = [form.cleaned_data["sku"] for form in forms_with_sku]
        counts = Counter(skus)
        taken = dict(
            Variant.objects.filter(merchant=self.instance.merchant_id, sku__in=skus).values_list(
                "sku", "pk"
            )
        )
        own = {form.instance.pk for form in self.initial_forms}
        for form, sku in zip(forms_with_sku, skus, strict=True):
            if counts[sku] > 1:
                form.add_error("sku", f"{sku} stands here {counts[sku]} times; a SKU is one unit.")
            elif sku in taken and taken[sku] != form.instance.pk:
                where = "of this product" if taken[sku] in own else "of this merchant"
                form.add_error("sku", f"Another variant {where} has the SKU {sku}.")

    def _check_codes(self, kept: list[Any]) -> None:
        pairs = [
            (form, kind, code)
            for form in kept
            for kind, code in form.cleaned_data.get("identifiers", {}).items()
            if code
        ]
        counts = Counter((kind, code) for _, kind, code in pairs)
        for form, kind, code in pairs:
            if counts[kind, code] > 1:
                form.add_error(kind, f"{code} stands at several variants; each has its own.")


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    template = "admin/product_variants.html"
    extra = 0
    tab = True
    hide_title = True
    readonly_fields = ("numbers",)
    headings = tuple(heading for heading, _ in CELLS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return super().get_queryset(request).prefetch_related("identifiers")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_change = self.has_change_permission(request, obj)
        own = tuple(IdentifierKind.values) if may_change else ("numbers",)
        return (*VariantForm.Meta.fields, *own)

    @admin.display(description="Identifiers")
    def numbers(self, row: Variant) -> str:
        return ", ".join(str(code) for code in row.identifiers.all()) or "–"
