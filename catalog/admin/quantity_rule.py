"""Quantity rules: how much of what is available a shop shows, and of what (B8)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.hurry import hurry_rules
from catalog.admin.quantity_preview import PREVIEW_OF_RULE, preview_view
from catalog.admin.shop_first import ShopFirstAdmin, shop_of
from catalog.models import ChannelWarehouse, QuantityRule
from catalog.services import quantity_rules
from catalog.services.quantity_rules import Applied
from marketplace.kernel.admin import label, link_to
from marketplace.kernel.admin_verbs import Outcome, Verb, who

CHANGE = "catalog.change_quantityrule"


class QuantityRuleForm(forms.ModelForm):
    """A rule of a shop that is chosen already."""

    class Meta:
        model = QuantityRule
        fields = (
            "warehouse", "tag", "variant", "position", "percent", "buffer", "threshold", "maximum",
            "fixed", "may_exceed", "is_active",
        )  # fmt: skip
        help_texts = {
            "warehouse": "Empty: every warehouse of the shop",
            "tag": "Empty: products with any tag or none",
            "variant": "Empty: every SKU",
        }

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        for name, sentences in quantity_rules.problems(self.instance).items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


def _switch(is_active: bool) -> Any:
    def act(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        rows = QuantityRule.objects.filter(pk__in=ids)
        applied = quantity_rules.set_active(rows, is_active, by=who(request))
        hurry_rules(applied)
        words = "in force" if is_active else "out of force"
        return f"{len(ids):,} rule{'s are' if len(ids) > 1 else ' is'} {words}. {applied.words}"

    return act


@admin.register(QuantityRule)
class QuantityRuleAdmin(ShopFirstAdmin):
    list_display = ("set_on", "shop", "what_it_shows", "activity", "position", "by", "updated_at")
    list_select_related = ("shop", "warehouse", "tag", "variant")
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("shop__merchant", AutocompleteSelectFilter),
        ("tag", AutocompleteSelectFilter),
        ("warehouse", AutocompleteSelectFilter),
        ("is_active", ChoicesDropdownFilter),
    )
    search_fields = ("variant__sku", "tag__name", "shop__name")
    search_help_text = "Search by SKU, tag or shop"
    form = QuantityRuleForm
    autocomplete_fields = ("tag", "variant")
    readonly_fields = ("shop_link", "by")
    fieldsets = (
        (
            "What it is set on",
            {
                "description": "The nearest rule counts, alone: that of the SKU, else of a tag, "
                "else of the shop; of two such, the one that names the warehouse.",
                "fields": ("shop_link", "warehouse", ("tag", "position"), "variant"),
            },
        ),
        (
            "What is shown",
            {
                "description": "In this order: the percent, less the units kept back, none below "
                "“Zero below”, never more than the most.",
                "fields": (("percent", "buffer"), ("threshold", "maximum")),
            },
        ),
        ("A fixed quantity instead", {"fields": (("fixed", "may_exceed"),)}),
        (None, {"fields": (("is_active", "by"),)}),
    )
    verbs = (
        PREVIEW_OF_RULE,
        Verb(
            "put_in_force", "Put in force", CHANGE, run=_switch(True), button="Put in force",
            applies=lambda row: not row.is_active,
        ),
        Verb(
            "take_out_of_force", "Take out of force", CHANGE, run=_switch(False),
            button="Take out of force", applies=lambda row: row.is_active,
        ),
    )  # fmt: skip
    why_shop_first = "A rule counts for one shop and never touches what another one shows."
    empty_hint = (
        "No quantity rule yet, so every shop shows all that is available. Add one to keep units "
        "back, to show a part, or to stop selling when few are left."
    )

    # -- the list ------------------------------------------------------------------------------

    @admin.display(description="Set on")
    def set_on(self, row: QuantityRule) -> str:
        return row.scope[0].upper() + row.scope[1:]

    @admin.display(description="Shows")
    def what_it_shows(self, row: QuantityRule) -> str:
        return row.words

    @admin.display(description="State", ordering="is_active")
    def activity(self, row: QuantityRule) -> object:
        return label("In force", "success") if row.is_active else label("Out of force", "default")

    @admin.display(description="Shop")
    def shop_link(self, row: QuantityRule) -> object:
        return link_to(row.shop)

    # -- adding and changing -------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "preview/<slug:token>/",
            self.admin_site.admin_view(preview_view),
            {"model_admin": self},
            name="catalog_quantityrule_preview",
        )
        return [own, *super().get_urls()]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        shop = obj.shop if obj else shop_of(request)
        form = super().get_form(request, obj, change, **kwargs)
        if shop is None or "warehouse" not in form.base_fields:
            return form
        form.base_fields["warehouse"].queryset = ChannelWarehouse.objects.filter(
            shop=shop
        ).sellable()

        class OfShop(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **more: Any) -> None:
                super().__init__(*args, **more)
                if not self.instance.shop_id:
                    self.instance.shop = shop

        return OfShop

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        known = {name: request.GET[name] for name in self.form.Meta.fields if name in request.GET}
        return known | {"may_exceed": "may_exceed" in known, "is_active": True}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        self._tell(request, quantity_rules.save(obj, by=who(request)))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._tell(request, quantity_rules.delete([obj]))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._tell(request, quantity_rules.delete(queryset))

    def _tell(self, request: HttpRequest, applied: Applied) -> None:
        hurry_rules(applied)
        messages.info(request, applied.words)
