"""What a quantity rule, saved or being thought of, makes of listings; nothing is written (B8)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.models import ChannelWarehouse, Listing, QuantityRule, Shop, Tag, Variant
from catalog.services import quantity_looks, quantity_rules
from catalog.services.quantity_looks import Totals, Trial
from marketplace.kernel.admin import BaseAdmin, changelist_url
from marketplace.kernel.admin_lists import CappedPaginator
from marketplace.kernel.admin_verbs import Selection, Verb, recall

PER_PAGE = 50
TITLE = "Preview quantities"
PAGE = "admin:catalog_quantityrule_preview"
#: Instead of the token of a selection: all that the rule is set on.
EVERYTHING = "all"
VIEW = "catalog.view_quantityrule"

PREVIEW_OF_RULE = Verb("preview", "Preview", VIEW, page=PAGE, button="Preview")
PREVIEW_OF_LISTINGS = Verb(
    "preview_quantities",
    "More actions: Preview quantities",
    VIEW,
    page=PAGE,
    button="Preview quantities",
)

Choice = forms.ModelChoiceField
NUMBERS = ("percent", "buffer", "threshold", "maximum", "fixed", "position")


class PreviewForm(forms.ModelForm):
    """A rule to be tried on a shop; its SKU is typed."""

    sku = forms.CharField(
        label="SKU",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: every SKU",
    )

    class Meta:
        model = QuantityRule
        fields = ("warehouse", "tag", "sku", *NUMBERS, "may_exceed")
        widgets = {
            "warehouse": UnfoldAdminSelectWidget,
            "tag": UnfoldAdminSelectWidget,
            **dict.fromkeys(NUMBERS, UnfoldAdminIntegerFieldWidget),
            "may_exceed": UnfoldBooleanSwitchWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop = self.instance.shop
        warehouse, tag = cast(Choice, self.fields["warehouse"]), cast(Choice, self.fields["tag"])
        warehouse.queryset = ChannelWarehouse.objects.filter(shop=shop).sellable()
        warehouse.empty_label = "Every warehouse"
        tag.queryset = Tag.objects.filter(merchant=shop.merchant_id)
        tag.empty_label = "Any tag or none"
        if self.instance.variant is not None:
            self.initial["sku"] = self.instance.variant.sku

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"].strip()
        own = Variant.objects.filter(merchant=self.instance.shop.merchant_id)
        self.variant = own.filter(sku=sku).first() if sku else None
        if sku and self.variant is None:
            raise forms.ValidationError(
                f"{self.instance.shop.merchant} has no SKU “{sku}”. Check its spelling."
            )
        return sku

    def _post_clean(self) -> None:
        if "sku" in self.cleaned_data:
            self.instance.variant = self.variant
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        for name, sentences in quantity_rules.problems(self.instance).items():
            for sentence in sentences:
                # Another rule for the same is no obstacle: this one is tried in its place.
                if sentence != quantity_rules.TAKEN:
                    self.add_error(name if name in self.fields else None, sentence)


def preview_view(request: HttpRequest, token: str, model_admin: BaseAdmin) -> HttpResponse:
    """A table of quantities before and after, for selected listings or all that a rule is set on.

    The rule's values stand in the address, so that a preview can be paged through and reloaded.
    """
    if not request.user.has_perms([VIEW, "catalog.view_listing"]):
        raise PermissionDenied
    listings, rules = recall(request, Listing, token), recall(request, QuantityRule, token)
    if token != EVERYTHING and listings is None and rules is None:
        messages.error(request, "This selection is no longer known. Select the rows again.")
        return HttpResponseRedirect(changelist_url(QuantityRule))
    if rules is not None and len(rules.ids) > 1:
        messages.error(request, "Select one rule to preview; rules are tried one at a time.")
        return HttpResponseRedirect(rules.back)
    rule = _rule_of(request, rules)
    shops = [rule.shop] if rule else _shops_of(request, listings)
    back = (listings or rules or Selection([], changelist_url(QuantityRule))).back
    if len(shops) != 1:
        return model_admin.page(
            request,
            "admin/choose_shop.html",
            TITLE,
            shops=shops,
            why="Rules are those of one shop: choose whose.",
        )
    table = _table(request, shops[0], rule, listings.ids if listings else None)
    return model_admin.page(
        request,
        "admin/quantity_preview.html",
        TITLE,
        media=model_admin.media + table["form"].media,
        back=back,
        **table,
    )


def _rule_of(request: HttpRequest, rules: Selection | None) -> QuantityRule | None:
    """The saved rule that the preview begins with, if it begins with one."""
    wanted = rules.ids[0] if rules else _number(request, "rule")
    related = QuantityRule.objects.select_related("shop__merchant", "warehouse", "tag", "variant")
    return related.filter(pk=wanted).first() if wanted else None


def _shops_of(request: HttpRequest, listings: Selection | None) -> list[Shop]:
    shops = Shop.objects.select_related("merchant").order_by("merchant", "name")
    if wanted := _number(request, "shop"):
        return list(shops.filter(pk=wanted))
    if listings is None:
        return list(shops.connected())
    return list(shops.filter(listings__in=listings.ids).distinct())


def _table(
    request: HttpRequest, shop: Shop, saved: QuantityRule | None, listings: list[int] | None
) -> dict[str, Any]:
    is_typed = "percent" in request.GET
    form = PreviewForm(request.GET if is_typed else None, instance=saved or QuantityRule(shop=shop))
    rule = saved
    if is_typed:
        rule = form.instance if form.is_valid() else None
    context = {
        "shop": shop,
        "form": form,
        "rule": rule,
        "saved": saved,
        "listings": listings,
        "rules": _others(request, shop, listings) if not saved else (),
        "save_url": _save_url(request, rule) if rule and not saved else "",
    }
    if is_typed and rule is None:
        return context
    rows = quantity_looks.rows_for(shop, rule, listings)
    page = CappedPaginator(
        rows.select_related("offer__variant", "offer__listing__product", "warehouse"), PER_PAGE
    ).get_page(request.GET.get("page"))
    trials: list[Trial] = quantity_looks.trials(rule, list(page.object_list))
    totals: Totals = quantity_looks.totals(rule, rows)
    return {**context, "page": page, "trials": trials, "totals": totals}


def _others(
    request: HttpRequest, shop: Shop, listings: list[int] | None
) -> list[tuple[QuantityRule, str]]:
    """The shop's rules that can be tried on the same listings, each with its address."""
    if listings is None:
        return []
    rows = QuantityRule.objects.filter(shop=shop).select_related("warehouse", "tag", "variant")
    return [(row, f"{request.path}?rule={row.pk}") for row in rows[:PER_PAGE]]


def _save_url(request: HttpRequest, rule: QuantityRule) -> str:
    """The page that adds the rule as it was tried; empty for who may not."""
    if not request.user.has_perm("catalog.add_quantityrule"):
        return ""
    given = {name: getattr(rule, name) for name in (*NUMBERS, "may_exceed")}
    given |= {name: getattr(rule, f"{name}_id") for name in ("shop", "warehouse", "tag", "variant")}
    known = {name: value for name, value in given.items() if value not in (None, False)}
    return f"{reverse('admin:catalog_quantityrule_add')}?{urlencode(known)}"


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
