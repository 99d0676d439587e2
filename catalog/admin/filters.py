"""Filters that more than one list of the catalog has."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from catalog.models import Listing, Shop

NOWHERE = "none"


class StagedFilter(DropdownFilter):
    """Products that are, or are not, staged on a shop."""

    title = "staged on"
    parameter_name = "staged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        shops = [(str(shop.pk), str(shop)) for shop in Shop.objects.connected()[:500]]
        return [(NOWHERE, "No shop"), *shops]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        listings = Listing.objects.filter(product=OuterRef("pk"))
        if value == NOWHERE:
            return queryset.filter(~Exists(listings))
        if value and value.isascii() and value.isdigit():
            return queryset.filter(Exists(listings.filter(shop=value)))
        return queryset
