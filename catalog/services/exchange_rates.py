"""Exchange rates, entered or imported with their date (R92, B21)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.models import ExchangeRate
from marketplace.kernel.errors import Refused

MOST = Decimal("9999999999.99999999")
MOST_DECIMALS = 8


class InvalidRate(Refused):
    """What can be no rate; `field` names the part of it that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check(base: str, quote: str, rate: Decimal, as_of: date) -> None:
    """Raise `InvalidRate` in plain words if this can be no rate."""
    for field, code in (("base", base), ("quote", quote)):
        if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
            raise InvalidRate(
                field, f"“{code}” is no currency: three capital letters, such as EUR."
            )
    if base == quote:
        raise InvalidRate("quote", f"A rate is between two currencies; both are {base}.")
    if not rate.is_finite() or not 0 < rate <= MOST or rate != round(rate, MOST_DECIMALS):
        words = f"“{rate}” is no rate: a number above zero with at most 8 decimals."
        raise InvalidRate("rate", words)
    if as_of > timezone.now().date() + timedelta(days=1):
        raise InvalidRate("as_of", f"The rate is of {as_of}, which is still to come.")


@transaction.atomic
def enter(rates: Iterable[tuple[str, str, Decimal, date]], *, source: str) -> int:
    """Store rates (from, to, what one is worth, day); one of the same day is replaced.

    Returns how many. Raises `Refused`, and stores none, if one cannot be.
    """
    rows = []
    for base, quote, rate, as_of in rates:
        check(base, quote, rate, as_of)
        rows.append(ExchangeRate(base=base, quote=quote, rate=rate, as_of=as_of, source=source))
    ExchangeRate.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["base", "quote", "as_of"],
        update_fields=["rate", "source", "updated_at"],
        batch_size=500,
    )
    return len(rows)
