"""The form of a price rule: what a strategy lets people set becomes fields by itself."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.models import PriceRule, Shop
from catalog.pricing import strategies
from catalog.pricing.spec import Setting
from catalog.services import price_rules
from catalog.services.price_rules import InvalidRule
from marketplace.kernel.admin_verbs import VerbForm

NO_STRATEGY = "None: the catalog's price, kept within the bounds"
MONEY_FIELDS = ("floor", "ceiling", "fulfillment_cost")


def setting_field(strategy: str, key: str) -> str:
    """What the form calls a setting of a strategy."""
    return f"{strategy}__{key}"


def _field_for(setting: Setting) -> forms.Field:
    # What is needed and allowed is said by the strategy, in its own words.
    words: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": False}
    if setting.kind in ("choice", "shop"):
        return forms.ChoiceField(
            choices=setting.choices,
            widget=UnfoldAdminSelectWidget,
            initial=setting.default,
            **words,
        )
    mode = "numeric" if setting.kind == "integer" else "decimal"
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": mode})
    return forms.CharField(widget=widget, initial=setting.default, **words)


#: Every setting of every strategy, by the name of its field.
SETTINGS: dict[str, tuple[str, Setting]] = {
    setting_field(name, setting.key): (name, setting)
    for name in strategies.names()
    for setting in strategies.get(name).settings
}
#: For which strategy a field is shown.
SHOWN_FOR = {field: f"strategy == '{name}'" for field, (name, _) in SETTINGS.items()}


class RuleForm(forms.ModelForm):
    """A rule of a shop that is chosen already: `instance.shop` is set."""

    strategy = forms.ChoiceField(
        required=False,
        widget=UnfoldAdminSelectWidget,
        choices=[
            ("", NO_STRATEGY),
            *((name, strategies.get(name).label) for name in strategies.names()),
        ],
        help_text=" ".join(
            f"{strategies.get(name).label}: {strategies.get(name).about}"
            for name in strategies.names()
        ),
    )

    class Meta:
        model = PriceRule
        fields = (
            "name", "listing", "tag", "position", "strategy", "floor", "ceiling", "covers_cost",
            "fulfillment_cost", "fee_percent", "margin_percent", "keeps_map", "ending",
            "most_change_percent", "every_minutes", "starts_at", "ends_at",
        )  # fmt: skip
        help_texts = {
            "listing": "Empty: not for one listing alone",
            "tag": "Empty: products with any tag or none",
            "floor": "Never below, whatever the strategy says",
            "ceiling": "Never above",
            "ending": "The nearest price that ends so and fits the bounds",
            "most_change_percent": "Empty: it may move as far as it likes",
            "every_minutes": "60: every hour; 1440: every day",
            "starts_at": "Empty: at once",
            "ends_at": "Empty: until it is paused or deleted",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop = self.instance.shop
        for name in MONEY_FIELDS:
            if name in self.fields:
                self.fields[name].label = f"{self.fields[name].label}, {shop.currency}"
        others = Shop.objects.filter(merchant=shop.merchant_id).exclude(pk=shop.pk)
        sources = [(str(other.pk), str(other)) for other in others]
        for name, (strategy, setting) in SETTINGS.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ChoiceField) and setting.kind == "shop":
                field.choices = [*setting.choices, *sources]
            if self.instance.strategy == strategy and setting.key in self.instance.settings:
                self.initial.setdefault(name, self.instance.settings[setting.key])

    def _get_validation_exclusions(self) -> set[str]:
        # What the rows forbid of a scope is said in words by the service, beside its field.
        return {*super()._get_validation_exclusions(), "listing", "tag"}  # type: ignore[misc]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        strategy = self.cleaned_data.get("strategy", "")
        self.instance.settings = {
            setting.key: self.cleaned_data.get(name)
            for name, (owner, setting) in SETTINGS.items()
            if owner == strategy
        }
        try:
            price_rules.check(self.instance)
        except InvalidRule as error:
            for key, words in error.problems.items():
                self._tell(key, setting_field(strategy, key), words)

    def _tell(self, key: str, of_setting: str, words: str) -> None:
        found = of_setting if of_setting in self.fields else key
        if found not in self.errors:
            self.add_error(found if found in self.fields else None, words)


#: The form with a field for each setting there is.
PriceRuleForm: type[RuleForm] = type(
    "PriceRuleForm",
    (RuleForm,),
    {
        "__module__": __name__,
        **{name: _field_for(setting) for name, (_, setting) in SETTINGS.items()},
    },
)


def as_typed(rule: PriceRule) -> dict[str, Any]:
    """The values of a rule by the names of the form's fields."""
    values = forms.model_to_dict(rule, fields=RuleForm.Meta.fields)
    for name, (strategy, setting) in SETTINGS.items():
        if strategy == rule.strategy and setting.key in rule.settings:
            values[name] = rule.settings[setting.key]
    return values


class PauseForm(VerbForm):
    """Why prices are to stay as they are."""

    why = forms.CharField(
        label="Why", max_length=150, required=False, widget=UnfoldAdminTextInputWidget,
        help_text="Shown beside the rule",
    )  # fmt: skip
