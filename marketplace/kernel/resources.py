"""The base of what goes in and out as a sheet: refusals name their row, formulas stay text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export import resources

from marketplace.kernel.errors import Failure


class BaseResource(resources.ModelResource):
    """One kind of sheet. A row calls a service; what it refuses is shown beside the row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by = ""

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        user = kwargs.get("user")
        self.by = user.get_username() if user else "import"

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        try:
            super().save_instance(instance, is_create, row, **kwargs)
        except Failure as error:
            raise ValidationError(error.message) from error


def only_one(rows: QuerySet[Any] | Sequence[Any], what: str) -> Any:
    """The one row that a cell means; a sentence for the person if there is none, or several."""
    found = list(rows[:2])
    if not found:
        raise ValidationError(f"There is no {what}.")
    if len(found) > 1:
        raise ValidationError(f"Several merchants have a {what}: fill in the column “merchant”.")
    return found[0]
