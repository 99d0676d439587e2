"""What changes documents and persons, and which certificates soon hold listings back (B25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from catalog.models import (
    Certificate,
    ChannelCategory,
    ChannelPerson,
    CompliancePerson,
    Listing,
    PersonKind,
)
from catalog.readiness_category import EXPIRES_SOON
from catalog.services import listings
from marketplace.kernel.batch import BatchReport


def today() -> date:
    """The day by which certificates expire, the same everywhere."""
    return datetime.now(UTC).date()


def expired(rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
    return rows.filter(expires_on__lte=today())


def expiring(rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """Valid for thirty days more or less."""
    now = today()
    return rows.filter(expires_on__gt=now, expires_on__lte=now + EXPIRES_SOON)


def needing_renewal(rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """Expired or soon expired, the most urgent first."""
    return rows.filter(expires_on__lte=today() + EXPIRES_SOON).order_by("expires_on", "pk")


def recheck_expired() -> int:
    """Check listings again whose product has an expired certificate; return how many there are.

    A day passes without anybody changing a row, so nothing else would notice.
    """
    products = expired(Certificate.objects.all()).values("product")
    ids = list(
        Listing.objects.filter(product__in=products).order_by("pk").values_list("pk", flat=True)
    )
    listings.refresh_readiness(ids, by="expiry of certificates")
    return len(ids)


def set_default(person: CompliancePerson, wanted: bool, *, by: str) -> None:
    """Let a person stand for every product that names none of its own, or no longer.

    Listings that this or the former default may stand for are checked again.
    """
    with transaction.atomic():
        same = CompliancePerson.objects.filter(merchant=person.merchant_id, kind=person.kind)
        if wanted:
            same.exclude(pk=person.pk).update(is_default=False)
        same.filter(pk=person.pk).update(is_default=wanted)
        person_changed(person, by=by)


def person_changed(person: CompliancePerson, *, by: str) -> int:
    """Check the listings again that a person may stand for; return how many.

    Those on a channel show “Changes not published”: the next publish tells the channel.
    """
    if person.kind == PersonKind.MANUFACTURER:
        needed, own = Q(category__rules__manufacturer_required=True), "manufacturer"
    else:
        needed, own = Q(category__rules__responsible_person_required=True), "responsible_person"
    named = Q(**{f"product__{own}": person.pk}) | Q(**{f"product__{own}": None})
    rows = Listing.objects.filter(needed & named, product__merchant=person.merchant_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    listings.refresh_readiness(ids, by=by)
    return len(ids)


def forget_at_channels(persons: list[int]) -> BatchReport:
    """Forget by which ids channels know these persons (ids); the next publish looks them up."""
    report = BatchReport("To be told again at the next publish")
    known = ChannelPerson.objects.filter(person__in=persons)
    report.done = len(set(known.values_list("person", flat=True)))
    if new := len(set(persons)) - report.done:
        report.skipped["no channel knows it yet"] += new
    known.delete()
    return report


def shops_that_know(persons: list[int]) -> dict[int, int]:
    """Return in how many shops each person (ids) is known to the channel."""
    rows = ChannelPerson.objects.filter(person__in=persons).exclude(external_id="")
    return dict(rows.order_by().values_list("person").annotate(shops=Count("shop")))


@dataclass(frozen=True)
class Kind:
    """A document that the category of one of a product's listings takes."""

    external_id: str
    name: str
    details: str  # what it must show, in the channel's words
    sample_url: str
    needs_expiry: bool


def kinds_for(product: int) -> list[Kind]:
    """Return the documents that a product (id) can have, by the categories of its listings."""
    categories = ChannelCategory.objects.filter(listings__product=product).order_by("path")
    found = {
        item["id"]: Kind(
            item["id"],
            item["name"],
            item.get("details", ""),
            item.get("sample_url", ""),
            bool(item.get("needs_expiry")),
        )
        for category in categories
        for item in category.certifications
    }
    return sorted(found.values(), key=lambda kind: kind.name)
