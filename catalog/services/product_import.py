"""Bring the products of a file into a merchant's catalog; the same file twice changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.db import IntegrityError, transaction

from catalog.models import FulfillmentCenter, Image, Merchant, Variant
from catalog.services import images, stock
from catalog.services.import_chunk import ChunkResult, write_chunk
from catalog.services.import_report import ImportReport
from catalog.sheets import (
    ProductDraft,
    ProductSheet,
    RowNote,
    RowProblem,
    SheetUnreadable,
    VariantDraft,
    open_products,
)

CHUNK_PRODUCTS = 500
CHUNK_VARIANTS = 2000


@dataclass(frozen=True)
class Done:
    """Which chunks of a file are written, and what came of them."""

    chunks: int = 0
    report: ImportReport = field(default_factory=ImportReport)


@dataclass(frozen=True)
class Step:
    """A chunk that was just written: its number, the rows read so far, and what came of them."""

    done: Done
    rows_read: int
    problems: list[RowProblem]  # of rows that never came to a chunk


#: Called in the transaction of each chunk; answers whether to go on.
Keep = Callable[[Step], bool]


@dataclass
class _Quantities:
    """Where the quantities of a file go, if anywhere, and under which reference."""

    merchant: Merchant
    default: FulfillmentCenter | None
    file_digest: str
    source_name: str
    actor: str
    centers: dict[str, FulfillmentCenter] = field(default_factory=dict)

    def center_for(self, draft: VariantDraft) -> FulfillmentCenter | None:
        """Return the fulfillment center a row names, or the one chosen for the whole file."""
        if not draft.fulfillment_center:
            return self.default
        if not self.centers:
            for center in FulfillmentCenter.objects.filter(merchant=self.merchant):
                self.centers[center.name.casefold()] = center
                self.centers[center.code.casefold()] = center
        return self.centers.get(draft.fulfillment_center.casefold())


def import_products(
    merchant: Merchant,
    source: Path | IO[bytes],
    *,
    source_name: str = "",
    actor: str = "",
    fulfillment_center: FulfillmentCenter | None = None,
    pictures: Path | None = None,
    done: Done | None = None,
    keep: Keep = lambda step: True,
) -> ImportReport:
    """Read a product file into the catalog and report on every row of it.

    What an earlier run has `done` is only read again; `keep` is told of each chunk in its
    transaction, so that another run can go on after it, and may stop the import.

    Quantities are taken over only where a fulfillment center is named, by the caller or by the
    row. Pictures are read at once only from a directory; those on the web are fetched later.
    Raises `SheetUnreadable` if the file as a whole makes no sense; then nothing was changed.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                return import_products(
                    merchant,
                    stream,
                    source_name=source_name or source.name,
                    actor=actor,
                    fulfillment_center=fulfillment_center,
                    pictures=pictures,
                    done=done,
                    keep=keep,
                )
        except OSError as error:
            raise SheetUnreadable(
                f"The file {source} cannot be opened: {error.strerror}."
            ) from error
    sheet = open_products(source, currency=merchant.currency)
    quantities = _Quantities(
        merchant, fulfillment_center, _digest(sheet.stream), source_name, actor
    )
    report = ImportReport(source_name=source_name, remarks=list(sheet.remarks))
    done = done or Done()
    for number, drafts in enumerate(_chunks(sheet, report), start=1):
        if number <= done.chunks:
            continue
        with transaction.atomic():
            result = _write(merchant, drafts, source_name)
            _set_quantities(result.variants, quantities, result.report)
            done.report.add(result.report)
            done = Done(number, done.report)
            if not keep(Step(done, sheet.row_count, report.problems)):
                break
    report.add(done.report)
    report.rows, report.rows_blank = sheet.row_count, sheet.blank_rows
    if pictures is not None:
        _read_pictures(merchant, pictures, report)
    return report


def _chunks(sheet: ProductSheet, report: ImportReport) -> Iterator[list[ProductDraft]]:
    """Group the products of a file; problems and notes go to the report on the way."""
    drafts: list[ProductDraft] = []
    variants = 0
    for outcome in sheet.outcomes():
        if isinstance(outcome, RowProblem):
            report.problems.append(outcome)
        elif isinstance(outcome, RowNote):
            report.notes.append(outcome)
        else:
            drafts.append(outcome)
            variants += len(outcome.variants)
        if len(drafts) >= CHUNK_PRODUCTS or variants >= CHUNK_VARIANTS:
            yield drafts
            drafts, variants = [], 0
    if drafts:
        yield drafts


def _write(merchant: Merchant, drafts: list[ProductDraft], source_name: str) -> ChunkResult:
    try:
        return write_chunk(merchant, drafts, source_name)
    except IntegrityError:
        # Somebody else wrote one of these products meanwhile; now it is there to be compared with.
        return write_chunk(merchant, drafts, source_name)


def _set_quantities(
    variants: Iterable[tuple[VariantDraft, Variant]],
    quantities: _Quantities,
    report: ImportReport,
) -> None:
    drafts: dict[str, VariantDraft] = {}
    counts: list[stock.Count] = []
    for draft, variant in variants:
        if draft.quantity is None:
            continue
        center = quantities.center_for(draft)
        if center is None:
            if draft.fulfillment_center:
                report.notes.append(_no_such_center(draft))
            continue
        reference = f"import:{quantities.file_digest}:{center.pk}:{variant.pk}"
        drafts[reference] = draft
        counts.append(stock.Count(variant.pk, center.pk, draft.quantity, reference))
    booked = stock.count_many(counts, by=quantities.actor, note=quantities.source_name[:300])
    for reference, sentence in booked.refused:
        draft = drafts[reference]
        report.notes.append(RowNote(draft.row, "quantity", str(draft.quantity), sentence))
    report.quantities_set += booked.changed
    report.quantities_unchanged += booked.unchanged


def _no_such_center(draft: VariantDraft) -> RowNote:
    return RowNote(
        draft.row,
        "fulfillment_center",
        draft.fulfillment_center,
        "There is no fulfillment center of this code or name; the quantity is not taken over.",
    )


def _read_pictures(merchant: Merchant, directory: Path, report: ImportReport) -> None:
    waiting = Image.objects.filter(product__merchant=merchant).to_fetch()
    result = images.fetch_images(waiting, pictures=directory)
    report.images_fetched += result.fetched
    report.images_unusable += result.unusable


def _digest(stream: IO[bytes]) -> str:
    start = stream.tell()
    digest = hashlib.sha256()
    while chunk := stream.read(256 * 1024):
        digest.update(chunk)
    stream.seek(start)
    return digest.hexdigest()[:16]
