"""Prices and quantities of one SKU, over its shops and over time, below a product or a listing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from catalog.models import Listing, Product
from catalog.services import price_view
from catalog.services.price_view import Asked
from marketplace.kernel.admin import BaseAdmin


class PriceViewAdmin(BaseAdmin):
    """A page with the prices and quantities of one of its SKUs below its form (B21)."""

    change_form_outer_after_template = "admin/product_prices.html"

    def around_row(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return super().around_row(request, row) | {
            "view": _view(row, Asked.of(request.GET)),
            "of_product": isinstance(row, Product),
            "may_see_history": request.user.has_perm("catalog.view_pricechange"),
        }

    class Media:
        js = ("desk/charts.js",)


def _view(row: Product | Listing, asked: Asked) -> price_view.PriceView | None:
    if isinstance(row, Product):
        return price_view.of_product(row, asked, timezone.now())
    return price_view.of_listing(row, asked, timezone.now())
