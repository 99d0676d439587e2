"""Exchange rates: what a currency is worth in another, with the day each rate is of (R92, B21)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.models import ExchangeRate
from catalog.pricing.rates import RATE_LASTS
from catalog.services import exchange_rates
from marketplace.kernel.admin import BaseAdmin, label, number
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import who
from marketplace.kernel.errors import Refused
from marketplace.kernel.sheets.admin import SheetsAdmin


class RateForm(forms.ModelForm):
    """A rate with its day; one of the same day is replaced."""

    base = forms.CharField(
        label="From", max_length=3, widget=UnfoldAdminTextInputWidget,
        help_text="Three letters, such as EUR",
    )  # fmt: skip
    quote = forms.CharField(label="To", max_length=3, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = ExchangeRate
        fields = ("base", "quote", "rate", "as_of")
        help_texts = {
            "rate": "What one unit of the first currency is worth in the second",
            "as_of": "It is used from this day on, for 30 days",
        }

    def clean_base(self) -> str:
        return str(self.cleaned_data["base"]).strip().upper()

    def clean_quote(self) -> str:
        return str(self.cleaned_data["quote"]).strip().upper()

    def _get_validation_exclusions(self) -> set[str]:
        # A second rate of a day replaces the first, and the service says what can be no rate.
        return {*super()._get_validation_exclusions(), "base", "rate"}  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                exchange_rates.check(given["base"], given["quote"], given["rate"], given["as_of"])
            except Refused as error:
                raise forms.ValidationError(error.message) from error
        return given


def _newest(rows: Any) -> Any:
    same = ExchangeRate.objects.filter(
        base=OuterRef("base"), quote=OuterRef("quote"), as_of__lte=timezone.now().date()
    )
    return rows.filter(pk=Subquery(same.order_by("-as_of").values("pk")[:1]))


@admin.register(ExchangeRate)
class ExchangeRateAdmin(SheetsAdmin, BaseAdmin):
    list_display = ("pair", "worth", "as_of", "age", "source")
    search_fields = ("base", "quote", "source")
    search_help_text = "Search by currency or source"
    form = RateForm
    fields = (("base", "quote"), ("rate", "as_of"))
    tabs = (
        ListTab(
            "newest", "In use",
            "The newest rate of each pair. Where there is none of a direction, the other direction "
            "serves. One that is older than 30 days is not used: enter today's.",
            _newest,
        ),
        ListTab("all", "All", "Every rate that was entered.", lambda rows: rows),
    )  # fmt: skip
    empty_hint = (
        "No exchange rate yet. They are needed where a shop's currency is not the one that a price "
        "or a cost is in."
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What prices were found by stays as it was; a better rate of the day is entered anew."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        rate = (obj.base, obj.quote, obj.rate, obj.as_of)
        exchange_rates.enter([rate], source=f"Entered by {who(request)}")
        stored = ExchangeRate.objects.get(base=obj.base, quote=obj.quote, as_of=obj.as_of)
        obj.pk, obj.source = stored.pk, stored.source

    @admin.display(description="Pair", ordering="base")
    def pair(self, row: ExchangeRate) -> str:
        return f"{row.base} → {row.quote}"

    @admin.display(description="One is worth")
    def worth(self, row: ExchangeRate) -> object:
        return number(f"{row.rate.normalize():f} {row.quote}")

    @admin.display(description="Age", ordering="as_of")
    def age(self, row: ExchangeRate) -> object:
        old = timezone.now().date() - row.as_of
        if old > RATE_LASTS:
            return label(f"{old.days} days: too old to use", "danger")
        return "today" if old.days <= 0 else f"{old.days} day{'' if old.days == 1 else 's'}"
