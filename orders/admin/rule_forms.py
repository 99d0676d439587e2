"""The forms of routing rules: only what can work is stored, and the rest is said in words."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet

from catalog.admin.variant_forms import WordsField
from catalog.models import CenterKind, FulfillmentCenter
from orders.models import OrderKind, RoutingPolicy, RoutingRule, RuleAction

NEEDS_CENTERS = (RuleAction.CHOOSE, RuleAction.SPLIT)
NEEDS_WORDS = (RuleAction.HOLD, RuleAction.TAG, RuleAction.NOTIFY)
LISTS = {"skus": "SKU", "tags": "tag", "countries": "country", "regions": "state or province"}


def conditions_of(row: RoutingRule) -> str:
    """What a rule asks of an order, in words; empty if it takes every one."""
    named = {word: getattr(row, name) for name, word in LISTS.items()}
    lists = [f"{word} {', '.join(found)}" for word, found in named.items() if found]
    low, high = row.min_value, row.max_value
    amounts = [f"from {low:,.2f}"] if low is not None else []
    amounts += [f"up to {high:,.2f}"] if high is not None else []
    return "; ".join(
        [
            *lists,
            *([f"total {' '.join(amounts)}"] if amounts else []),
            *([OrderKind(row.kind).label.lower()] if row.kind else []),
            *([f"available at {row.stocked_at}"] if row.stocked_at else []),
        ]
    )


class PolicyForm(forms.ModelForm):
    class Meta:
        model = RoutingPolicy
        fields = ("shop", "we_choose", "fallback")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        shop = cleaned.get("shop") or (self.instance.shop if self.instance.pk else None)
        _check_owner(self, "fallback", cleaned.get("fallback"), shop)
        return cleaned


class RuleForm(forms.ModelForm):
    skus = WordsField(label="SKUs", required=False, help_text="TEA-1 / TEA-2")
    tags = WordsField(label="Product tags", required=False, help_text="Fragile / Heavy")
    countries = WordsField(required=False, help_text="Two letters each: US / CA")
    regions = WordsField(
        label="States or provinces", required=False, help_text="As the channel writes them: CA / NV"
    )

    class Meta:
        model = RoutingRule
        fields = (
            "policy", "name", "position", "is_active", "skus", "tags", "countries", "regions",
            "min_value", "max_value", "kind", "stocked_at", "action", "words",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        policy, low, high = (cleaned.get(name) for name in ("policy", "min_value", "max_value"))
        if policy:
            _check_owner(self, "stocked_at", cleaned.get("stocked_at"), policy.shop)
        if low is not None and high is not None and high < low:
            self.add_error("max_value", f"It is below the least total, {low:,.2f}.")
        if cleaned.get("action") in NEEDS_WORDS and not cleaned.get("words"):
            self.add_error("words", "Say why, what the tag is, or what a person should see.")
        for code in cleaned.get("countries", []):
            if len(code) != len("US"):
                self.add_error("countries", f"“{code}” is no country code; use two letters, US.")
        return cleaned


class CenterFormSet(PaginationInlineFormSet):
    """The centers of a rule: of its shop's merchant, and own ones where it splits."""

    def clean(self) -> None:
        super().clean()
        chosen = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("center") and not form.cleaned_data["DELETE"]
        ]
        rule = self.instance
        if rule.action in NEEDS_CENTERS and not chosen:
            raise forms.ValidationError("Name at least one center that this rule may choose.")
        for form in chosen:
            center = form.cleaned_data["center"]
            if rule.policy_id:
                _check_owner(form, "center", center, rule.policy.shop)
            if rule.action == RuleAction.SPLIT and center.kind != CenterKind.OWN:
                form.add_error(
                    "center",
                    f"{center} is a 3PL. An order is split over own centers only; let another rule "
                    "choose this one for whole orders.",
                )


def _check_owner(
    form: forms.BaseForm, name: str, center: FulfillmentCenter | None, shop: Any
) -> None:
    if center and shop and center.merchant_id != shop.merchant_id:
        form.add_error(name, f"{center} belongs to another merchant than {shop}.")
