"""What every check of a product gets, and how it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.taxonomy import Category

Problems = Iterator[tuple[int, str]]


@dataclass
class Draft:
    """A product as a seller wrote it, on its way to the checks."""

    sandbox: Sandbox
    shop: Doc
    body: Doc
    is_draft: bool = False
    before: Doc | None = None
    category: Category | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def skus(self) -> list[Doc]:
        """Return the SKUs that were sent."""
        skus: list[Doc] = self.body.get("skus") or []
        return skus

    def image(self, uri: str) -> Doc | None:
        """Return an uploaded picture."""
        return self.sandbox.store.get("image", uri)


def number(text: Any) -> Decimal | None:
    """Return a decimal, or nothing for what is not one."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def places(value: Decimal) -> int:
    """Return how many decimal places a number is written with."""
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def has_good_ratio(image: Doc) -> bool:
    """Tell whether a picture is between 3:4 and 4:3."""
    width, height = image["width"], image["height"]
    return bool(3 * height <= 4 * width and 3 * width <= 4 * height)
