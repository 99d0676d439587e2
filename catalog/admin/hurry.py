"""What changed goes out by schedule anyway; a person who just changed it need not wait a minute."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from catalog.models import Shop, Variant
from catalog.services import recipes
from catalog.services.quantity_rules import Applied
from marketplace.kernel.tasks import nudge


def hurry_exports(variants: QuerySet[Variant]) -> None:
    """Ask active shops that offer these, or bundles of them, to send prices and quantities now."""
    touched = recipes.moved_with(set(variants.order_by().values_list("pk", flat=True)))
    shops = Shop.objects.active().filter(listings__offers__variant__in=touched)
    for shop in shops.distinct():
        nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")


def hurry_rules(applied: Applied) -> None:
    """Send what a change of quantity rules did, and go on with what it left to the background."""
    for shop in applied.later:
        nudge("renew_quantities", shop.pk, label=f"Work out quantities: {shop}")
    for shop in applied.now:
        if shop.is_active:
            nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")


def hurry_prices(shops: Iterable[Shop]) -> None:
    """Run the due price rules of active shops, and send what differs."""
    for shop in shops:
        if shop.is_active:
            nudge("reprice", shop.pk, label=f"Reprice: {shop}")
            nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
