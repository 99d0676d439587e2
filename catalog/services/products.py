"""Verbs on products; whoever changes a product calls `changed`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from catalog.models import ListingTemplate, PriceRule, Product, QuantityRule, Tag, Video
from catalog.services import listings
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused


def changed(products: Iterable[int], *, by: str = "") -> None:
    """Carry a change of these products (ids) into their offers and listings on every shop.

    Price and quantity are sent by themselves; anything else shows as “changes not published”.
    """
    listings.refresh_of_products(products, by=by)


def set_video(product: Product, url: str) -> None:
    """Keep the address of a product's video; the id of one that the channel has stays (GB2)."""
    video = Video.objects.filter(product=product).first()
    if video is None and url:
        Video.objects.create(product=product, url=url)
    elif video is not None and not (url or video.external_id):
        video.delete()
    elif video is not None and video.url != url:
        video.url = url
        video.save()


def tag(products: Iterable[int], name: str) -> BatchReport:
    """Put a tag on products; each merchant has its own tags (R28, R29)."""
    name = name.strip()
    if not name or len(name) > 80:
        raise Refused("A tag has 1 to 80 characters.")
    report = BatchReport(f"Tagged “{name}”")
    rows = Product.objects.filter(pk__in=list(products)).order_by("merchant")
    by_merchant: dict[int, list[int]] = {}
    for merchant, pk in rows.values_list("merchant", "pk"):
        by_merchant.setdefault(merchant, []).append(pk)
    through = Product.tags.through
    for merchant, ids in by_merchant.items():
        with transaction.atomic():
            label, _ = Tag.objects.get_or_create(merchant_id=merchant, name=name)
            held = set(
                through.objects.filter(tag=label, product__in=ids).values_list("product", flat=True)
            )
            new = [pk for pk in ids if pk not in held]
            through.objects.bulk_create(
                [through(product_id=pk, tag_id=label.pk) for pk in new], ignore_conflicts=True
            )
            if new and _decides_something(label):
                changed(new, by="tags")
        report.done += len(new)
        if held:
            report.skipped["it has the tag already"] += len(held)
    return report


def _decides_something(label: Tag) -> bool:
    """Whether templates may read the tag, or a rule of prices or quantities is set on it."""
    here = {"shop__merchant": label.merchant_id}
    return (
        ListingTemplate.objects.filter(**here).exists()
        or QuantityRule.objects.filter(tag=label).exists()
        or PriceRule.objects.filter(tag=label).exists()
    )
