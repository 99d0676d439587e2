"""What changed goes out by schedule anyway; a person who just changed it need not wait a minute."""

from __future__ import annotations

from typing import Any

from catalog.models import Shop
from marketplace.kernel.tasks import nudge


def hurry_exports(**which: Any) -> None:
    """Ask active shops that offer these rows to send prices and quantities now."""
    for shop in Shop.objects.active().filter(**which).distinct():
        nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
