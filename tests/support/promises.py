"""Promising, releasing and shipping stock as orders do, for tests that need no order."""

from __future__ import annotations

from django.db import transaction

from catalog.models import FulfillmentCenter, Variant
from catalog.services.booking import Booking


def reserve(variant: Variant, center: FulfillmentCenter, units: int, *, reference: str) -> None:
    _book("reserve", variant, center, units, reference)


def release(variant: Variant, center: FulfillmentCenter, units: int, *, reference: str) -> None:
    _book("release", variant, center, units, reference)


def ship(variant: Variant, center: FulfillmentCenter, units: int, *, reference: str) -> None:
    _book("ship", variant, center, units, reference)


@transaction.atomic
def _book(
    verb: str, variant: Variant, center: FulfillmentCenter, units: int, reference: str
) -> None:
    place = (variant.pk, center.pk)
    booking = Booking([place])
    getattr(booking, verb)(place, units, reference=reference, by="test")
    booking.write()
