"""The certificates and the size chart of a product as a channel is sent them (R51, B25)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from catalog.models import Certificate, Listing, SizeChart
from catalog.ports import CertificateDraft, ListingChannel
from catalog.ports_compliance import compliance_channels
from catalog.readiness_category import is_expired
from catalog.services import compliance_files, uploads

CERTIFICATE, DOCUMENT, SIZE_CHART = "certificate", "document", "size_chart"


def certificates_of(channel: ListingChannel, listing: Listing) -> tuple[CertificateDraft, ...]:
    """Return the certificates that the listing's category takes, uploading what is new.

    Several files of one kind go together. One that expired stays here: the channel would refuse
    the whole listing for it.
    """
    taken = {item["id"] for item in listing.category.certifications} if listing.category else set()
    today = datetime.now(UTC).date()
    by_kind: dict[str, list[Certificate]] = defaultdict(list)
    for row in listing.product.certificates.all():
        if row.external_id in taken and row.file and not is_expired(row.expires_on, today):
            by_kind[row.external_id].append(row)
    return tuple(_certificate(channel, listing, kind, rows) for kind, rows in by_kind.items())


def _certificate(
    channel: ListingChannel, listing: Listing, kind: str, rows: list[Certificate]
) -> CertificateDraft:
    pictures, documents = [], []
    for row in rows:
        compliance_files.measure_certificate(row)
        if row.format == compliance_files.PDF:
            documents.append((_document_id(listing, row), row.name))
        else:
            pictures.append(_picture_uri(channel, listing, row, CERTIFICATE))
    dates = [row.expires_on for row in rows if row.expires_on]
    return CertificateDraft(
        external_id=kind,
        image_uris=tuple(pictures),
        documents=tuple(documents),
        expires_on=min(dates).isoformat() if dates else "",
    )


def size_chart_uri(channel: ListingChannel, listing: Listing) -> str:
    """Return the channel's name of the size chart; empty where the category takes none."""
    chart = SizeChart.objects.filter(product=listing.product_id).first()
    if chart is None or listing.category is None or not listing.category.takes_size_chart:
        return ""
    return _picture_uri(channel, listing, chart, SIZE_CHART)


def _picture_uri(
    channel: ListingChannel, listing: Listing, row: Certificate | SizeChart, use: str
) -> str:
    def upload() -> str:
        name = (row.file.name or "picture").split("/")[-1]
        return channel.upload_image(listing.shop, _content(row), name=name, use=use)

    return uploads.once(listing.shop, row.sha256, use, upload)


def _document_id(listing: Listing, row: Certificate) -> str:
    def upload() -> str:
        channel = compliance_channels.get(listing.shop.channel)
        return channel.upload_document(listing.shop, _content(row), name=row.name)

    return uploads.once(listing.shop, row.sha256, DOCUMENT, upload)


def _content(row: Certificate | SizeChart) -> bytes:
    with row.file.open("rb") as file:
        content: bytes = file.read()
    return content
