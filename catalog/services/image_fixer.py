"""Make pictures acceptable in bulk; the original is kept and can be had back (B13)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from catalog.models import Image
from catalog.services import image_editing, images, products
from catalog.services.image_editing import Wish
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused

CHUNK = 20
FIXED_FIELDS = [*images.FETCHED_FIELDS, "original", "fixed_as"]


@dataclass(frozen=True)
class Edited:
    """A picture with its new bytes, still to be written; no words: the original comes back."""

    image: Image
    content: bytes
    words: str


@dataclass(frozen=True)
class Look:
    """How a picture is and how it would be, small; `after` is empty if it stays as it is."""

    image: Image
    before: bytes
    after: bytes
    words: str


def fix(pictures: Iterable[int], wish: Wish, *, by: str) -> BatchReport:
    """Make these pictures (ids) acceptable, each from its original; nothing is lost by it."""
    report = BatchReport("Fixed")
    for chunk in _chunks(pictures):
        edited = []
        for image in Image.objects.filter(pk__in=chunk).order_by("pk"):
            try:
                found = _edit(image, wish)
            except Refused as refusal:
                report.refused[refusal.message] += 1
                continue
            if found is None:
                report.skipped["it is fine already"] += 1
            else:
                edited.append(found)
        _write(edited, report, by)
    return report


def restore(pictures: Iterable[int], *, by: str) -> BatchReport:
    """Bring back what these pictures (ids) were before they were fixed."""
    report = BatchReport("Restored")
    for chunk in _chunks(pictures):
        edited = []
        for image in Image.objects.filter(pk__in=chunk).order_by("pk"):
            if not image.original:
                report.skipped["it was not fixed"] += 1
                continue
            try:
                edited.append(Edited(image, _original(image), ""))
            except Refused as refusal:
                report.refused[refusal.message] += 1
        _write(edited, report, by)
    return report


def look(image: Image, wish: Wish, *, side: int) -> Look:
    """Show what a wish would make of a picture; nothing is written."""
    try:
        before, after, words = image_editing.before_and_after(_original(image), wish, side)
    except Refused as refusal:
        return Look(image, b"", b"", refusal.message)
    return Look(image, before, after, words)


def _edit(image: Image, wish: Wish) -> Edited | None:
    content = _original(image)
    edited, what = image_editing.edit(content, wish)
    if what.changes:
        is_same = hashlib.sha256(edited).hexdigest() == image.sha256
        return None if is_same else Edited(image, edited, what.words)
    return Edited(image, content, "") if image.original else None


def _original(image: Image) -> bytes:
    source = image.original or image.file
    if not source:
        raise Refused(image.problem or "It has not been fetched yet.")
    try:
        with source.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise Refused("Its file is gone. Upload the picture again.") from error


def _write(edited: list[Edited], report: BatchReport, by: str) -> None:
    """Write what was edited, unless somebody put another picture there meanwhile."""
    with transaction.atomic():
        ids = [one.image.pk for one in edited]
        now = dict(Image.objects.select_for_update().filter(pk__in=ids).values_list("pk", "sha256"))
        current = [one for one in edited if now.get(one.image.pk) == one.image.sha256]
        for one in current:
            _put(one)
        products.changed(sorted({one.image.product_id for one in current}), by=by)
    report.done += len(current)
    if lost := len(edited) - len(current):
        report.refused["Somebody changed the picture meanwhile"] += lost


def _put(one: Edited) -> None:
    image = one.image
    original, replaced = image.original.name, image.file.name
    if one.words:
        images.store_picture(image, one.content)
        image.original, image.fixed_as = original or replaced, one.words
    else:
        images.take_measures(image, one.content)
        image.file, image.original, image.fixed_as = original, "", ""
    image.save(update_fields=FIXED_FIELDS)
    if original and replaced:
        transaction.on_commit(partial(default_storage.delete, replaced))


def _chunks(pictures: Iterable[int]) -> Iterator[list[int]]:
    ids = list(pictures)
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
