"""The pictures of one product: several come in at once, and their order stays whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Max

from catalog.models import Image, Product
from catalog.services import images


@transaction.atomic
def add(product: Product, contents: Iterable[bytes]) -> list[Image]:
    """Put pictures behind those the product has; the first of all is its primary image.

    Raises `Refused` with the reason if one is no picture we can use. The caller says that the
    product changed.
    """
    last = product.images.aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    added = []
    for position, content in enumerate(contents, start=first):
        image = Image(product=product, position=position)
        images.store_picture(image, content)
        image.save()
        added.append(image)
    return added


@transaction.atomic
def put_in_order(product: Product, wanted: Mapping[int, int] | None = None) -> None:
    """Number the pictures from 0 without gaps: first by `wanted` (id -> number), then as they are.

    Pictures that `wanted` does not name come behind the others.
    """
    rows = list(product.images.order_by("position", "pk"))
    if wanted is not None:
        rows.sort(key=lambda row: (row.pk not in wanted, wanted.get(row.pk, 0)))
    moved = [row for place, row in enumerate(rows) if row.position != place]
    for place, row in enumerate(rows):
        row.position = place
    Image.objects.bulk_update(moved, ["position"])
