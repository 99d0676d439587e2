"""Own prices and limits for selected prices, or for all SKUs of selected listings."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.admin import price_dry_run, price_own
from catalog.models import Offer
from catalog.pricing import spec
from marketplace.kernel.admin_verbs import InBulk, Verb, VerbForm

CHANGE = "catalog.change_offer"


def _amount(label: str, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_digits=12, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget, **more,
    )  # fmt: skip


class PriceForm(VerbForm):
    """A form about the prices of selected offers, or of the offers of selected listings."""

    def offers(self) -> Any:
        """The offers that are meant."""
        if self.rows.model is Offer:
            return Offer.objects.filter(pk__in=self.rows.order_by().values("pk"))
        return Offer.objects.filter(listing__in=self.rows.order_by().values("pk"))

    def check_currency(self) -> None:
        """An amount of money means the same for all, or it is refused."""
        found = sorted(set(self.offers().order_by().values_list("currency", flat=True)))
        if len(found) > 1:
            raise forms.ValidationError(
                f"These are sold in {' and '.join(found)}. An amount counts for one currency: "
                "select listings of one."
            )

    def preview(self) -> list[str]:
        """How many SKUs are concerned."""
        count = self.offers().count()
        return [f"{count:,} SKU{'' if count == 1 else 's'} on their shops."]


class OwnPriceForm(PriceForm):
    """One price for all of them."""

    price = _amount("Own price", help_text="In the shop's currency")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self.check_currency()
        return given


class LimitsForm(PriceForm):
    """A floor and a ceiling, in money or around each present price."""

    unit = forms.ChoiceField(
        label="Given in",
        choices=(
            (spec.PERCENT, "Percent below and above each present price"),
            (spec.MONEY, "Money, in the shop's currency"),
        ),
        widget=UnfoldAdminSelectWidget,
    )
    floor = _amount("Floor", required=False, help_text="Empty: it stays as it is")
    ceiling = _amount("Ceiling", required=False, help_text="Empty: it stays as it is")
    clear = forms.BooleanField(
        label="Take floor and ceiling away", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        floor, ceiling = given.get("floor"), given.get("ceiling")
        if self.errors or given.get("clear"):
            return given
        if floor is None and ceiling is None:
            raise forms.ValidationError("Give a floor, a ceiling, or both; or take them away.")
        if given.get("unit") == spec.MONEY:
            self.check_currency()
            if floor is not None and ceiling is not None and floor > ceiling:
                self.add_error("ceiling", f"The ceiling {ceiling} is below the floor {floor}.")
        elif floor is not None and floor >= 100:
            self.add_error("floor", "100 % or more below the price would be no floor.")
        return given


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _own(cleaned: dict[str, Any]) -> dict[str, Any]:
    return {"price": _text(cleaned.get("price"))}


def _limits(cleaned: dict[str, Any]) -> dict[str, Any]:
    amounts = {name: _text(cleaned[name]) for name in ("floor", "ceiling")}
    return {**amounts, "unit": cleaned["unit"], "clear": cleaned["clear"]}


def _same(ids: list[int]) -> list[int]:
    return ids


def offers_of_listings(ids: list[int]) -> list[int]:
    """Ids of the offers of these listings."""
    rows = Offer.objects.filter(listing__in=ids).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _verbs(group: str, rows: Any) -> tuple[Verb, ...]:
    return (
        Verb(
            "set_own_price", f"{group}Set own price", CHANGE, form=OwnPriceForm,
            in_bulk=InBulk("set_own_price", given=_own, rows=rows),
            explanation="Rules and the catalog's price leave it alone until it is taken away. It "
            "is kept within floor and ceiling.",
        ),
        Verb(
            "clear_own_price", f"{group}Clear own price", CHANGE, form=PriceForm,
            in_bulk=InBulk("set_own_price", given=_own, rows=rows),
            explanation="The rule, or the catalog's price, counts again.",
        ),
        Verb(
            "set_price_limits", f"{group}Set floor and ceiling", CHANGE, form=LimitsForm,
            in_bulk=InBulk("set_price_limits", given=_limits, rows=rows),
            explanation="No price leaves these limits, whatever a rule says.",
        ),
    )  # fmt: skip


OF_OFFERS = _verbs("", _same)
OF_LISTINGS = (
    Verb(
        "own_prices", "Prices: Own prices and limits of each SKU", CHANGE, page=price_own.PAGE,
        button="Own prices and limits",
    ),
    *_verbs("Prices: ", offers_of_listings),
    price_dry_run.OF_LISTINGS,
)  # fmt: skip
