from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

#: Currencies that have no cents; every other one is kept to two decimals.
WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "IDR", "CLP"})
_STEPS = {0: Decimal(1), 2: Decimal("0.01")}  # by decimals


def decimals(currency: str) -> int:
    return 0 if currency in WITHOUT_CENTS else 2


@dataclass(frozen=True)
class Money:
    """An amount in one currency, rounded half up to the currency's smallest unit."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"money needs a Decimal, not {type(self.amount).__name__}")
        step = _STEPS[decimals(self.currency)]
        if not self.amount.same_quantum(step):
            object.__setattr__(self, "amount", self.amount.quantize(step, ROUND_HALF_UP))

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a plain decimal number such as “12.50”; `ValueError` if it is none."""
        try:
            amount = Decimal(text.strip())
        except InvalidOperation:
            raise ValueError(f"“{text}” is not an amount of money") from None
        if not amount.is_finite():
            raise ValueError(f"“{text}” is not an amount of money")
        return cls(amount, currency)

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,.{decimals(self.currency)}f} {self.currency}"
