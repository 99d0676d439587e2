"""Sales velocity: a price rises while a SKU sells faster than aimed at, else it falls (R93)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from catalog.pricing import amounts, spec
from catalog.pricing.base import Needs, PriceContext, Quote, Stay
from catalog.pricing.spec import InvalidSettings, Setting
from marketplace.kernel.money import Money

RAISE, LOWER, STAY = "raise", "lower", "stay"


class SalesVelocity:
    """Moves a price one step at a time, by the units sold in a window before now.

    Samples, free and canceled orders are not among them. Sold just what is aimed at: it stays.
    """

    name = "sales_velocity"
    label = "Sales velocity"
    about = "Raises the price while a SKU sells faster than you aim at, lowers it while slower."
    settings: Sequence[Setting] = (
        Setting(
            "window_days",
            "Count sales of the last so many days",
            "integer",
            default=7,
            least=Decimal(1),
            most=Decimal(90),
        ),
        Setting("target_units", "Units aimed at in that time", "integer", least=Decimal(1)),
        Setting("step_up", "Raise by", "amount", default="5", help="Zero: it is never raised"),
        Setting("step_down", "Lower by", "amount", default="5", help="Zero: it is never lowered"),
        Setting("step_unit", "Steps are in", "choice", default=spec.PERCENT, choices=spec.UNITS),
        Setting(
            "cooldown_hours",
            "Rest after a change, hours",
            "integer",
            default=24,
            most=Decimal(24 * 90),
            help="Time for the new price to show in the sales",
        ),
        Setting(
            "out_of_stock",
            "When there is none left",
            "choice",
            default=STAY,
            choices=((STAY, "Leave the price"), (RAISE, "Raise it"), (LOWER, "Lower it")),
        ),
    )

    def clean(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings to store; `InvalidSettings` names the one that is wrong."""
        values = spec.clean(self.settings, raw)
        up, down = Decimal(values["step_up"]), Decimal(values["step_down"])
        if not up and not down:
            raise InvalidSettings({"step_up": "Raise by: one of the two steps must be above zero."})
        if values["step_unit"] == spec.PERCENT and down >= 100:
            raise InvalidSettings({"step_down": "Lower by: 100 % or more would leave no price."})
        return values

    def needs(self, settings: Mapping[str, Any]) -> Needs:
        """Return how far back sales count."""
        return Needs(sales_window=timedelta(days=settings["window_days"]))

    def quote(self, context: PriceContext, settings: Mapping[str, Any]) -> Quote | Stay:
        """Return the price one step up or down; it stays while it rests or too little is known."""
        if context.current is None:
            return Stay("There is no price yet to raise or lower: enter one in the catalog.")
        resting = _resting(context, settings)
        if resting:
            return Stay(resting)
        direction, reason = _direction(context, settings)
        if direction == STAY:
            return Stay(f"{reason}: it stays.")
        return _step(Money(context.current, context.currency), direction, reason, settings)

    def describe(self, settings: Mapping[str, Any], *, currency: str, source_name: str = "") -> str:
        """Return one sentence for lists."""
        unit = settings["step_unit"]
        up = amounts.words(Decimal(settings["step_up"]), unit, currency)
        down = amounts.words(Decimal(settings["step_down"]), unit, currency)
        return (
            f"Aims at {_units(settings['target_units'])} in {_days(settings['window_days'])}: "
            f"{up} up when more are sold, {down} down when fewer, "
            f"and rests {settings['cooldown_hours']} h after a change{_without_stock(settings)}."
        )


def _resting(context: PriceContext, settings: Mapping[str, Any]) -> str:
    """Say why the price may not move yet; empty when it may."""
    cooldown = timedelta(hours=settings["cooldown_hours"])
    if context.changed_at is not None and context.now - context.changed_at < cooldown:
        until = context.changed_at + cooldown
        return (
            f"It was changed {context.changed_at:%Y-%m-%d %H:%M} and rests until "
            f"{until:%Y-%m-%d %H:%M} UTC."
        )
    window = timedelta(days=settings["window_days"])
    if context.on_sale_since is None:
        return "It is not on sale yet."
    if context.on_sale_since > context.now - window:
        return (
            f"It is on sale since {context.on_sale_since:%Y-%m-%d %H:%M} UTC, less than the "
            f"{_days(settings['window_days'])} that are counted."
        )
    return ""


def _direction(context: PriceContext, settings: Mapping[str, Any]) -> tuple[str, str]:
    if context.available <= 0:
        return settings["out_of_stock"], "None is left in stock"
    target = settings["target_units"]
    reason = (
        f"Sold {context.units_sold} of the {target} aimed at in {_days(settings['window_days'])}"
    )
    if context.units_sold == target:
        return STAY, reason
    return (RAISE if context.units_sold > target else LOWER), reason


def _step(price: Money, direction: str, reason: str, settings: Mapping[str, Any]) -> Quote | Stay:
    step = Decimal(settings["step_up"] if direction == RAISE else settings["step_down"])
    unit = settings["step_unit"]
    new = amounts.moved(price, step if direction == RAISE else -step, unit)
    verb = "raised" if direction == RAISE else "lowered"
    by = amounts.words(step, unit, price.currency)
    if not step:
        return Stay(f"{reason}; by your settings it is not {verb}.")
    if new == price:
        return Stay(f"{reason}; {by} of {price} is too little to change it.")
    if new.amount <= 0:
        return Stay(f"{reason}; {by} less than {price} would leave no price.")
    old = amounts.plain(price.amount, price.currency)
    return Quote(new, f"{reason}: {verb} by {by} from {old} to {new}.")


def _without_stock(settings: Mapping[str, Any]) -> str:
    words = {RAISE: "; raised when out of stock", LOWER: "; lowered when out of stock", STAY: ""}
    return words[settings["out_of_stock"]]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _units(units: int) -> str:
    return "1 unit" if units == 1 else f"{units} units"
