"""What a strategy lets a person set, described so that a form can be built without knowing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from marketplace.kernel.errors import Refused

#: `money` is in the shop's currency; `amount` is money or percent, as another setting says;
#: `shop` is one of the given choices or the id of another shop of the merchant.
Kind = Literal["money", "percent", "amount", "integer", "choice", "shop"]
Choices = tuple[tuple[str, str], ...]

MONEY, PERCENT = "money", "percent"
UNITS: Choices = ((PERCENT, "Percent"), (MONEY, "Money, in the shop's currency"))
#: Where nothing else is said: no amount or count of a rule is sensibly larger.
MOST = Decimal(1_000_000)
MOST_DECIMALS = 4


@dataclass(frozen=True)
class Setting:
    """One thing to set. `least` and `most` are both allowed; choices are (value, label)."""

    key: str
    label: str
    kind: Kind
    help: str = ""
    required: bool = True
    default: Any = None
    choices: Choices = ()
    least: Decimal = Decimal(0)
    most: Decimal = MOST


class InvalidSettings(Refused):
    """Settings that cannot be kept; `problems` has a sentence by the setting's key."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def clean(settings: Sequence[Setting], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a form or file as JSON can hold them: numbers as text, ids as integers.

    What is left out takes its default. All that is wrong is told at once, by `InvalidSettings`.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for setting in settings:
        try:
            values[setting.key] = _value(setting, raw.get(setting.key))
        except ValueError as problem:
            problems[setting.key] = f"{setting.label}: {problem}"
    if problems:
        raise InvalidSettings(problems)
    return values


def _value(setting: Setting, given: Any) -> Any:
    text = "" if given is None else str(given).strip()
    if not text:
        if setting.required and setting.default is None:
            raise ValueError("this is needed.")
        return setting.default
    if setting.kind in ("choice", "shop"):
        return _choice(setting, text)
    if setting.kind == "integer":
        return int(_number(setting, text, whole=True))
    return f"{_number(setting, text).normalize():f}"


def _choice(setting: Setting, text: str) -> str | int:
    if text in dict(setting.choices):
        return text
    if setting.kind == "shop" and text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise ValueError(f"“{text}” is not one of the choices.")


def _number(setting: Setting, text: str, *, whole: bool = False) -> Decimal:
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError(f"“{text}” is not a number.") from None
    if not number.is_finite():
        raise ValueError(f"“{text}” is not a number.")
    if not setting.least <= number <= setting.most:
        raise ValueError(f"{text} is not between {setting.least} and {setting.most:,}.")
    if whole and number != number.to_integral_value():
        raise ValueError(f"{text} is not a whole number.")
    if number != round(number, MOST_DECIMALS):
        raise ValueError(f"{text} has more than {MOST_DECIMALS} decimals.")
    return number
