"""Filters of the listings workspace."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter


class PriorityFilter(DropdownFilter):
    """Listings that go before, or after, the others in the publish queue."""

    title = "place in the queue"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("first", "Goes first"), ("normal", "Normal"), ("last", "Goes last")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = {"first": "priority__gt", "normal": "priority", "last": "priority__lt"}
        name = asked.get(self.value() or "")
        return queryset.filter(**{name: 0}) if name else queryset
