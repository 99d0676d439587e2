"""Price mirroring: a shop copies the price of another shop, or of the catalog (R92)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.pricing import amounts, spec
from catalog.pricing.base import Needs, PriceContext, Quote, Stay
from catalog.pricing.rates import Converted, NoRate
from catalog.pricing.spec import InvalidSettings, Setting
from marketplace.kernel.money import Money

CATALOG = "catalog"
#: A reason is kept in 300 characters, whatever a shop is called.
NAME_IN_WORDS = 40


class Mirror:
    """Copies a price; the modifier is added after the conversion, in the shop's currency."""

    name = "mirror"
    label = "Price mirroring"
    about = "Copies the price that another shop shows for the same SKU, or the catalog's price."
    settings: Sequence[Setting] = (
        Setting(
            "source",
            "Copy from",
            "shop",
            choices=((CATALOG, "The catalog's price list"),),
            help="Converted by your exchange rate where the currency differs",
        ),
        Setting(
            "modifier",
            "Add",
            "amount",
            default="0",
            least=-spec.MOST,
            help="Below zero to take off: -5 is five less",
        ),
        Setting("modifier_unit", "Add in", "choice", default=spec.PERCENT, choices=spec.UNITS),
    )

    def clean(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings to store; `InvalidSettings` names the one that is wrong."""
        values = spec.clean(self.settings, raw)
        if values["modifier_unit"] == spec.PERCENT and Decimal(values["modifier"]) <= -100:
            raise InvalidSettings({"modifier": "Add: less 100 % or more would leave no price."})
        return values

    def needs(self, settings: Mapping[str, Any]) -> Needs:
        """Return the one price list it copies."""
        if settings["source"] == CATALOG:
            return Needs(source_is_catalog=True)
        return Needs(source_shop=settings["source"])

    def quote(self, context: PriceContext, settings: Mapping[str, Any]) -> Quote | Stay:
        """Return the source's price, converted and modified; it stays if there is none to copy."""
        is_catalog = settings["source"] == CATALOG
        source = context.catalog if is_catalog else context.source
        name = _name(settings, context.source_name)
        if source is None:
            return Stay(f"No price to copy: {name} has none for this SKU.")
        converted = context.rates.convert(source, context.currency, context.now.date())
        if isinstance(converted, NoRate):
            return Stay(converted.why)
        modifier = Decimal(settings["modifier"])
        price = amounts.moved(converted.money, modifier, settings["modifier_unit"])
        why = f"Copied from {name}: {_shown(source, converted)}"
        if modifier:
            why += f", {_modifier(settings, context.currency)} = {price}"
        return Quote(price, f"{why}.") if price.amount > 0 else Stay(f"{why}: that is no price.")

    def describe(self, settings: Mapping[str, Any], *, currency: str, source_name: str = "") -> str:
        """Return one sentence for lists."""
        sentence = f"Copies the price of {_name(settings, source_name)}"
        if Decimal(settings["modifier"]):
            sentence += f", {_modifier(settings, currency)}"
        return f"{sentence}."


def _name(settings: Mapping[str, Any], source_name: str) -> str:
    if settings["source"] == CATALOG:
        return "the catalog"
    name = source_name or "the source shop"
    return name if len(name) <= NAME_IN_WORDS else f"{name[: NAME_IN_WORDS - 1]}…"


def _shown(source: Money, converted: Converted) -> str:
    if converted.by is None:
        return str(source)
    return f"{source} = {converted.money} ({converted.by})"


def _modifier(settings: Mapping[str, Any], currency: str) -> str:
    modifier = Decimal(settings["modifier"])
    sign = "less" if modifier < 0 else "plus"
    return f"{sign} {amounts.words(modifier, settings['modifier_unit'], currency)}"
