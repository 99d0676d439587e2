"""Certificates and size charts as files: looked into before they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.core.files.base import ContentFile

from catalog.media_rules import MEGABYTE
from catalog.models import Certificate, SizeChart
from catalog.readiness_category import check_size_chart
from catalog.services.images import ENDINGS, inspect_picture
from marketplace.kernel.errors import Refused

PDF = "PDF"
PDF_MARK = b"%PDF-"
#: A PDF may have a few bytes of something else before its mark.
MARK_WITHIN = 1024
MOST_PDF_BYTES = 20 * MEGABYTE
MOST_PICTURE_BYTES = 10 * MEGABYTE
PICTURES = ("JPEG", "PNG", "WEBP", "BMP")
SIDES = (100, 20_000)  # pixels


@dataclass(frozen=True)
class FileFacts:
    """What a file's bytes turned out to be, whatever its name says."""

    format: str  # PDF, JPEG, PNG, WEBP or BMP
    size: int  # bytes
    sha256: str
    width: int = 0  # pixels; of a PDF none
    height: int = 0


def inspect_certificate(content: bytes) -> FileFacts:
    """Look into a certificate's file; raises `Refused` with the rule and what was found."""
    if not content:
        raise Refused("The file is empty. Choose another one.")
    if PDF_MARK in content[:MARK_WITHIN]:
        _check_bytes(len(content), MOST_PDF_BYTES, "PDF")
        return FileFacts(PDF, len(content), hashlib.sha256(content).hexdigest())
    _check_bytes(len(content), MOST_PICTURE_BYTES, "picture")
    try:
        found = inspect_picture(content)
    except Refused as error:
        raise Refused(
            f"A certificate is a PDF or a picture. {error.message} What counts is the content, "
            "not the file's name."
        ) from error
    if found.format not in PICTURES:
        raise Refused(
            f"The format of the picture is not accepted: found {found.format}, allowed PDF, JPG, "
            "PNG, WEBP or BMP. Save it as PDF or JPG."
        )
    least, most = SIDES
    if min(found.width, found.height) < least or max(found.width, found.height) > most:
        raise Refused(
            f"The picture has too few or too many pixels: found {found.width:,} × "
            f"{found.height:,}, allowed {least:,} to {most:,} on each side."
        )
    return FileFacts(found.format, found.size, found.sha256, found.width, found.height)


def inspect_size_chart(content: bytes) -> FileFacts:
    """Look into a size chart's picture; raises `Refused` with every rule it breaks."""
    found = inspect_picture(content)
    findings = check_size_chart(found.width, found.height, found.size, found.format)
    if findings:
        raise Refused(" ".join(finding.sentence for finding in findings))
    return FileFacts(found.format, found.size, found.sha256, found.width, found.height)


def store_certificate(row: Certificate, content: bytes) -> None:
    """Put a file into a certificate's row, under a name by its content; the caller saves the row.

    Raises `Refused` if the file is no certificate that channels take.
    """
    facts = inspect_certificate(content)
    _note(row, facts)
    row.file.save(_name(facts), ContentFile(content), save=False)


def store_size_chart(row: SizeChart, content: bytes) -> None:
    """Put a picture into a size chart's row; the caller saves the row. Raises `Refused`."""
    facts = inspect_size_chart(content)
    _note(row, facts)
    row.width, row.height = facts.width, facts.height
    row.file.save(_name(facts), ContentFile(content), save=False)


def measure_certificate(row: Certificate) -> None:
    """Fill in format, size and fingerprint of a certificate that came without them."""
    if row.sha256 and row.format:
        return
    with row.file.open("rb") as file:
        _note(row, inspect_certificate(file.read()))
    row.save(update_fields=["size", "format", "sha256", "updated_at"])


def _note(row: Certificate | SizeChart, facts: FileFacts) -> None:
    row.size, row.format, row.sha256 = facts.size, facts.format, facts.sha256


def _name(facts: FileFacts) -> str:
    ending = "pdf" if facts.format == PDF else ENDINGS[facts.format]
    return f"{facts.sha256[:20]}.{ending}"


def _check_bytes(size: int, most: int, what: str) -> None:
    if size > most:
        raise Refused(
            f"The {what} is too large: found {Decimal(size) / MEGABYTE:.1f} MB, allowed up to "
            f"{most // MEGABYTE} MB. Save it with fewer pages or a lower quality."
        )
