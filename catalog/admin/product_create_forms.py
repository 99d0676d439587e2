"""What the “New product” page asks: the product, its variants, and where it is to be sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product as combinations
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.admin.category_picker import CategoryField
from catalog.admin.property_fields import PropertyFields, Section
from catalog.admin.rich_text import RichTextField
from catalog.admin.upload import PicturesField
from catalog.admin.variant_forms import SEPARATOR, IdentifierFields, check_measures
from catalog.models import (
    ChannelCategory,
    DimensionUnit,
    FulfillmentCenter,
    IdentifierKind,
    Merchant,
    Product,
    Shop,
    Variant,
    WeightUnit,
)
from catalog.services import identifiers
from catalog.sheets.values import Unclear, read_barcode
from marketplace.kernel.errors import Refused

OPTIONS = 3
MOST_VARIANTS = 200
TAG_LENGTH = 80
LENGTH_OF_A_SKU = 100


def text(label: str, most: int, *, required: bool = False, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        widget=UnfoldAdminTextInputWidget,
        help_text=hint,
    )


def decimal(label: str, digits: int, places: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=digits,
        decimal_places=places,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )


def unit(label: str, choices: Sequence[tuple[str, str]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        initial=initial,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class ProductCreateForm(IdentifierFields):
    """The product itself, and what holds for all its variants."""

    merchant = forms.ModelChoiceField(Merchant.objects.all(), widget=UnfoldAdminSelectWidget)
    title = text("Title", 300, required=True, hint="What a buyer reads first.")
    sku = text("SKU", LENGTH_OF_A_SKU, required=True, hint="With options: the parent's SKU.")
    description = RichTextField()
    brand = text("Brand", 120, hint="Some brands want resellers authorized in Seller Center.")
    product_type = text("Product type", 120)
    tags = text("Tags", 600, hint="With commas between them, such as: Dog toys, Rope")
    pictures = PicturesField(label="Pictures")
    price = decimal("Price", 12, 2)
    compare_at_price = decimal("Compare-at price", 12, 2)
    cost = decimal("Cost", 12, 2)
    weight = decimal("Weight", 10, 3)
    weight_unit = unit("Weight unit", WeightUnit.choices, WeightUnit.POUND)
    length = decimal("Length", 8, 2)
    width = decimal("Width", 8, 2)
    height = decimal("Height", 8, 2)
    dimension_unit = unit("Package unit", DimensionUnit.choices, DimensionUnit.INCH)
    quantity = forms.IntegerField(
        label="Quantity", min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget
    )
    fulfillment_center = forms.ModelChoiceField(
        FulfillmentCenter.objects.select_related("merchant"),
        required=False,
        label="At fulfillment center",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in IdentifierKind.values:
            self.fields[kind].widget = UnfoldAdminTextInputWidget()
        for number in range(1, OPTIONS + 1):
            self.fields[f"option_{number}_name"] = text(f"Option {number}", 60)
            self.fields[f"option_{number}_values"] = text(f"Values of option {number}", 1000)
        merchants = list(Merchant.objects.all()[:2])
        self.has_choice = len(merchants) != 1
        if not self.has_choice:
            self.fields["merchant"].required = False
            self.fields["merchant"].widget = forms.HiddenInput()
            self.fields["merchant"].initial = merchants[0].pk
            self.only_merchant: Merchant = merchants[0]
        centers = self.fields["fulfillment_center"]
        centers.label_from_instance = self._center_words  # type: ignore[attr-defined]

    def _center_words(self, center: FulfillmentCenter) -> str:
        return f"{center.name} ({center.merchant})" if self.has_choice else center.name

    def clean_merchant(self) -> Merchant:
        return self.cleaned_data["merchant"] if self.has_choice else self.only_merchant

    def clean_tags(self) -> list[str]:
        names = split(self.cleaned_data["tags"])
        long = [name for name in names if len(name) > TAG_LENGTH]
        if long:
            raise forms.ValidationError(
                f"A tag has at most {TAG_LENGTH} characters: {long[0][:20]}…"
            )
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_measures(self, cleaned)
        cleaned["identifiers"] = self.read_identifiers(cleaned)
        self._check_sku(cleaned)
        center, merchant = cleaned.get("fulfillment_center"), cleaned.get("merchant")
        if center and merchant and center.merchant_id != merchant.pk:
            self.add_error("fulfillment_center", f"It does not belong to {merchant}.")
        for number in range(1, OPTIONS + 1):
            name, values = (cleaned.get(f"option_{number}_{part}") for part in ("name", "values"))
            if bool(name) != bool(values):
                part = "values" if name else "name"
                self.add_error(f"option_{number}_{part}", "Give the option's name and its values.")
        count = len(self.combinations())
        if count > MOST_VARIANTS:
            self.add_error(
                "option_1_values",
                f"These options make {count:,} variants; at most {MOST_VARIANTS} can be made here. "
                "Use “Import products” for more.",
            )
        return cleaned

    def _check_sku(self, cleaned: Mapping[str, Any]) -> None:
        merchant, sku = cleaned.get("merchant"), cleaned.get("sku")
        if not (merchant and sku):
            return
        if Product.objects.filter(merchant=merchant, sku=sku).exists():
            self.add_error("sku", f"{merchant} has a product with the SKU {sku} already.")
        elif (
            not self.option_names() and Variant.objects.filter(merchant=merchant, sku=sku).exists()
        ):
            self.add_error("sku", f"{merchant} has a variant with the SKU {sku} already.")

    def _options(self) -> list[tuple[str, list[str]]]:
        pairs = [
            (
                str(self.data.get(f"option_{number}_name", "")).strip(),
                split(str(self.data.get(f"option_{number}_values", ""))),
            )
            for number in range(1, OPTIONS + 1)
        ]
        return [(name, values) for name, values in pairs if name and values]

    def option_names(self) -> list[str]:
        return [name for name, _ in self._options()]

    def combinations(self) -> list[tuple[str, ...]]:
        """Every combination of the options' values, none without options."""
        options = self._options()
        return list(combinations(*(values for _, values in options))) if options else []

    def option_pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each option, side by side."""
        return [
            (self[f"option_{number}_name"], self[f"option_{number}_values"])
            for number in range(1, OPTIONS + 1)
        ]


class VariantRowForm(forms.Form):
    """One combination of options; what is left empty is as said for the whole product."""

    options = forms.CharField(widget=forms.HiddenInput)
    leave_out = forms.BooleanField(required=False)
    sku = forms.CharField(label="SKU", max_length=LENGTH_OF_A_SKU)
    price = decimal("Price", 12, 2)
    weight = decimal("Weight", 10, 3)
    quantity = forms.IntegerField(label="Quantity", min_value=0, required=False)
    barcode = forms.CharField(label="UPC, EAN or GTIN", max_length=30, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("sku", "price", "weight", "quantity", "barcode"):
            field = self.fields[name]
            field.widget = forms.TextInput(
                {"class": "desk-cell", "aria-label": str(field.label), "placeholder": field.label}
            )

    @property
    def words(self) -> tuple[str, ...]:
        """The option values of this row."""
        return tuple(str(self["options"].value() or "").split(SEPARATOR))

    def clean_barcode(self) -> dict[str, str]:
        code = self.cleaned_data["barcode"]
        if not code:
            return {}
        try:
            kind, digits = read_barcode(code)
            return {kind: identifiers.read(kind, digits)}
        except (Unclear, Refused) as problem:
            raise forms.ValidationError(f"{code}: {problem}") from problem

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_measures(self, {**cleaned, "weight_unit": "given for all"})
        if cleaned.get("leave_out"):
            self.errors.clear()
        return cleaned


class VariantRows(forms.BaseFormSet):
    """The table of variants; a SKU stands in it once."""

    def clean(self) -> None:
        seen: set[str] = set()
        for form in self.kept():
            sku = form.cleaned_data.get("sku")
            if sku and sku in seen:
                form.add_error("sku", f"{sku} stands in this table twice.")
            seen.add(sku)

    def kept(self) -> list[Any]:
        """The rows that are to become variants."""
        return [
            form
            for form in self.forms
            if hasattr(form, "cleaned_data") and not form.cleaned_data.get("leave_out")
        ]

    def check_merchant(self, merchant: Merchant) -> None:
        """Add an error to each row whose SKU the merchant has already."""
        rows = {form.cleaned_data.get("sku"): form for form in self.kept()}
        taken = Variant.objects.filter(merchant=merchant, sku__in=rows)
        for sku in taken.values_list("sku", flat=True):
            rows[sku].add_error("sku", f"{merchant} has a variant with the SKU {sku} already.")


VariantTable = cast(
    type[VariantRows],
    forms.formset_factory(
        VariantRowForm,
        formset=VariantRows,
        extra=0,
        max_num=MOST_VARIANTS,
        absolute_max=MOST_VARIANTS,
    ),
)


class ChannelForm(forms.Form):
    """The sales channel, its category, and that category's properties once it is chosen."""

    shop = forms.ModelChoiceField(
        Shop.objects.connected().select_related("merchant"),
        required=False,
        label="Sales channel",
        empty_label="None for now",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["shop"]
        shops: QuerySet[Shop] = field.queryset  # type: ignore[attr-defined]
        several = shops.order_by().values("merchant").distinct().count() > 1
        field.label_from_instance = (  # type: ignore[attr-defined]
            lambda shop: f"{shop} – {shop.merchant}" if several else str(shop)
        )
        self.chosen_shop: Shop | None = self._given("shop", field)
        self.fields["category"] = CategoryField(
            shop=self.chosen_shop, required=False, label="Category"
        )
        category = self._given("category", self.fields["category"]) if self.chosen_shop else None
        self.chosen_category: ChannelCategory | None = category
        rows = category.attributes.all() if category else ()
        self.properties = PropertyFields(rows)
        self.properties.add_to(self)

    def _given(self, name: str, field: forms.Field) -> Any:
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        try:
            return field.clean(value)
        except forms.ValidationError:
            return None

    def has_shop(self) -> bool:
        return self.chosen_shop is not None

    def shop_field(self) -> forms.BoundField:
        return self["shop"]

    def category_field(self) -> forms.BoundField:
        return self["category"]

    def sections(self) -> list[Section]:
        """The category's properties as the page shows them."""
        return self.properties.sections(self) if self.chosen_category else []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["properties"] = self.properties.read(self, cleaned)
        return cleaned


def split(words: str) -> list[str]:
    """The words between commas, each once."""
    return list(dict.fromkeys(part.strip() for part in words.split(",") if part.strip()))
