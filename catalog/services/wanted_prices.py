"""What the channel should show: the price wanted, as a row, for every offer."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, OuterRef, Q, Subquery

from catalog.models import Offer, Variant


def refresh_prices(variants: Iterable[int]) -> int:
    """Bring the wanted prices of these variants' offers up to date; return how many changed."""
    price = Variant.objects.filter(pk=OuterRef("variant")).values("price")[:1]
    offers = Offer.objects.filter(variant__in=list(variants), currency=F("variant__currency"))
    differs = ~Q(price_wanted=F("variant__price")) | Q(
        price_wanted__isnull=True, variant__price__isnull=False
    )
    return offers.filter(differs).update(price_wanted=Subquery(price), retry_at=None)
