"""The forms of a listing template: its texts, its conditions, its rules for properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.admin.category_picker import CategoryField
from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    ChannelCategory,
    ConditionKind,
    ListingTemplate,
    Product,
    Shop,
    Tag,
    TemplateAttribute,
    TemplateCondition,
    ValueSource,
)
from catalog.services import template_filling
from catalog.templating.recipes import Condition, Recipe
from catalog.templating.texts import FIELDS, OPTION, check_field, check_text, name_of
from catalog.templating.values import Rule, as_the_form_spells, misfit
from marketplace.kernel.errors import Refused

MOST_HINTS = 300
OPTIONS_NAMED = 8
BETWEEN_VALUES, TRANSLATES_TO = ";", "="

TITLE_HELP = (
    "Words and fields, such as “{brand} {title} [in {option:Color}]”. Fields: "
    + ", ".join(f"{{{name}}}" for name in FIELDS)
    + ", {option:Name}, {attribute:Name}. What stands in [ ] goes where a field in it is empty. "
    "Empty: the product's title."
)
DESCRIPTION_HELP = (
    "HTML and the same fields; {description} is the product's own. Empty: that one as it is."
)


class HintedInput(UnfoldAdminTextInputWidget):
    """A text with suggestions, any other being allowed."""

    def __init__(self, hints: Iterable[str], list_id: str) -> None:
        super().__init__()
        self.hints, self.list_id = list(hints), list_id

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        own_id = f"{self.list_id}_{name}"
        field = super().render(name, value, {**(attrs or {}), "list": own_id}, renderer)
        options = format_html_join("", '<option value="{}">', ((text,) for text in self.hints))
        return format_html('{}<datalist id="{}">{}</datalist>', field, own_id, options)


class TemplateForm(forms.ModelForm):
    """A template that is there: its shop and category stay, for its properties depend on them."""

    class Meta:
        model = ListingTemplate
        fields: tuple[str, ...] = ("name", "title", "description", "is_active", "position")
        widgets = {
            "name": UnfoldAdminTextInputWidget,
            "title": UnfoldAdminTextInputWidget,
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 6}),
            "is_active": UnfoldBooleanSwitchWidget,
        }
        help_texts = {
            "title": TITLE_HELP,
            "description": DESCRIPTION_HELP,
            "is_active": "An inactive template is given to no listing, and its listings keep what "
            "it gave them.",
        }

    def of_shop(self) -> Shop | None:
        return self.instance.shop

    def of_category(self) -> ChannelCategory | None:
        return self.instance.category

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        others = ListingTemplate.objects.filter(shop=self.of_shop(), name=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another template of this shop has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("title", "description"):
            try:
                check_text(
                    cleaned.get(name, ""),
                    properties=_property_names(self.of_category()),
                    is_description=name == "description",
                )
            except Refused as refusal:
                self.add_error(name, refusal.message)
        return cleaned


class NewTemplateForm(TemplateForm):
    """A template to be: for one shop, which the page knows, and one of its categories."""

    shop = forms.ModelChoiceField(
        Shop.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    category = CategoryField(
        help_text="It stays: another category has other properties, and needs another template."
    )

    class Meta(TemplateForm.Meta):
        fields = ("shop", "category", *TemplateForm.Meta.fields)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = str(self.data.get("shop") or self.initial.get("shop") or "")
        shops = Shop.objects.filter(pk=int(wanted) if wanted.isdecimal() else 0)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]
        self.fields["category"].shop = shops.first()  # type: ignore[attr-defined]

    def of_shop(self) -> Shop | None:
        found: Shop | None = self.cleaned_data.get("shop")
        return found

    def of_category(self) -> ChannelCategory | None:
        found: ChannelCategory | None = self.cleaned_data.get("category")
        return found


def _property_names(category: ChannelCategory | None) -> list[str] | None:
    if category is None or category.attributes_fetched_at is None:
        return None
    rows = category.attributes.filter(kind=AttributeKind.PRODUCT)
    return list(rows.values_list("name", flat=True))


# -- conditions ----------------------------------------------------------------------------------


class ConditionForm(forms.ModelForm):
    # A browser sends the first choice of a row that is left empty: that fills in nothing.
    kind = forms.ChoiceField(
        choices=ConditionKind.choices, initial=ConditionKind.TAG, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = TemplateCondition
        fields = ("kind", "value")

    def clean_value(self) -> str:
        return str(self.cleaned_data["value"]).strip()


class ConditionFormSet(PaginationInlineFormSet):
    """All conditions must hold, so two brands or two types never do."""

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[str, str]] = set()
        for form in _kept(self.forms):
            kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
            if (kind, value.casefold()) in seen:
                form.add_error("value", "This condition is there already.")
            elif kind != ConditionKind.TAG and any(other == kind for other, _ in seen):
                what = ConditionKind(kind).name.replace("_", " ").lower()
                form.add_error(
                    "value",
                    f"A product has one {what}, so two of these never hold together. Make a second "
                    "template for the other.",
                )
            seen.add((kind, value.casefold()))

    def conditions(self) -> list[Condition]:
        """What was typed, saved or not."""
        return [
            Condition(form.cleaned_data["kind"], form.cleaned_data["value"])
            for form in _kept(self.forms)
        ]


def condition_hints(merchant_id: int) -> list[str]:
    """The merchant's tags, brands and types."""
    products = Product.objects.filter(merchant=merchant_id).order_by()
    found = set(
        Tag.objects.filter(merchant=merchant_id).values_list("name", flat=True)[:MOST_HINTS]
    )
    for name in ("brand", "product_type"):
        found |= set(products.values_list(name, flat=True).distinct()[:MOST_HINTS])
    return sorted(found - {""})


# -- properties ----------------------------------------------------------------------------------


class ValuesField(forms.CharField):
    """A list of values, edited as one text with “;” between them."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return f"{BETWEEN_VALUES} ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        parts = str(value or "").split(BETWEEN_VALUES)
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial or "") != self.to_python(data))


class TranslationsField(forms.CharField):
    """Pairs of words, one to a line: “red = Rouge”."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{word} {TRANSLATES_TO} {to}" for word, to in value.items())

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, str(value or "").splitlines())):
            word, sign, to = (part.strip() for part in line.partition(TRANSLATES_TO))
            if not (word and sign and to):
                raise forms.ValidationError(
                    f"Write one translation to a line, as “Crimson = Red”, not “{line[:60]}”."
                )
            found[word] = to
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial or "") != self.to_python(data))
        except forms.ValidationError:
            return True


class RuleForm(forms.ModelForm):
    """How one property is filled in; only what the channel's form takes can be saved."""

    values = ValuesField(
        required=False,
        label="Value",
        help_text="Several: put “;” between them. With a field: what is taken where it is empty.",
    )
    translations = TranslationsField(
        required=False,
        help_text="One to a line, “value of the field = option of the channel”. Without one, the "
        "value itself is looked for among the options.",
    )

    class Meta:
        model = TemplateAttribute
        fields = ("attribute", "source", "field", "values", "translations")
        labels = {"attribute": "Property", "source": "Filled in with"}

    def __init__(self, *args: Any, attributes: Any, hints: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["attribute"]
        field.queryset = attributes
        field.label_from_instance = _property_label
        field.widget = UnfoldAdminSelect2Widget()
        field.widget.choices = field.choices
        self.fields["field"].widget = HintedInput(hints, "fields")
        self.fields["source"].widget.attrs["style"] = "min-width: 8.5rem"
        self.fields["translations"].widget.attrs["rows"] = 2

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        attribute, values = cleaned.get("attribute"), cleaned.get("values")
        if attribute is None or values is None:
            return cleaned
        form_field = template_filling.form_field(attribute)
        cleaned["values"] = [as_the_form_spells(form_field, value) for value in values]
        self._check("values", attribute, cleaned["values"])
        if cleaned.get("source") == ValueSource.FIELD:
            self._check_field(cleaned)
            for to in (cleaned.get("translations") or {}).values():
                self._check("translations", attribute, [as_the_form_spells(form_field, to)])
        else:
            cleaned |= {"field": "", "translations": {}}
            if not values and "values" not in self.errors:
                self.add_error("values", "Fill in the value, or choose “From a field”.")
        return cleaned

    def _check_field(self, cleaned: dict[str, Any]) -> None:
        try:
            check_field(cleaned.get("field", ""))
        except Refused as refusal:
            self.add_error("field", refusal.message)
        else:
            cleaned["field"] = name_of(cleaned["field"])

    def _check(self, name: str, attribute: CategoryAttribute, values: Sequence[str]) -> None:
        if reason := misfit(template_filling.form_field(attribute), values):
            options = [str(choice["name"]) for choice in attribute.values]
            more = ", …" if len(options) > OPTIONS_NAMED else ""
            told = f" Options: {', '.join(options[:OPTIONS_NAMED])}{more}." if options else ""
            self.add_error(name, f"{reason}{told}")

    def as_rule(self, form: Iterable[CategoryAttribute]) -> Rule:
        """What was typed, saved or not; `form` are all properties of the category."""
        given = self.cleaned_data
        return Rule(
            form_field=template_filling.form_field(given["attribute"], form),
            values=tuple(given["values"]),
            source=given["field"] if given["source"] == ValueSource.FIELD else "",
            translations=given["translations"],
        )


class RuleFormSet(PaginationInlineFormSet):
    """One rule per property."""

    def clean(self) -> None:
        super().clean()
        seen: set[int] = set()
        for form in _kept(self.forms):
            attribute = form.cleaned_data["attribute"]
            if attribute.pk in seen:
                form.add_error("attribute", f"“{attribute.name}” is filled in above already.")
            seen.add(attribute.pk)

    def recipe(self, title: str, description: str) -> Recipe:
        """The template as it was typed, saved or not."""
        form = list(self.instance.category.attributes.all())
        rules = (one.as_rule(form) for one in _kept(self.forms))
        return Recipe(title, description, tuple(rules))


def field_hints(merchant_id: int) -> list[str]:
    """The fields of a product, with the names of the options that the merchant's products have."""
    products = Product.objects.filter(merchant=merchant_id).exclude(option_names=[])
    names = products.order_by("-pk").values_list("option_names", flat=True)[:MOST_HINTS]
    options = dict.fromkeys(f"{OPTION}{name}" for found in names for name in found)
    return [*FIELDS, *options]


def _property_label(attribute: CategoryAttribute) -> str:
    return f"{attribute.name} (required)" if attribute.is_required else attribute.name


def _kept(forms_: Iterable[Any]) -> list[Any]:
    """The forms that are filled in, valid, and not marked for deletion."""
    return [
        form
        for form in forms_
        if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]
