"""Several pictures chosen at once, each looked at before any is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from catalog.media_rules import MEGABYTE
from catalog.services import images
from marketplace.kernel.errors import Refused

MOST_AT_ONCE = 20


class PicturesInput(forms.ClearableFileInput):
    """The browser's own chooser, for several files; a script shows what was chosen."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    class Media:
        js = ("desk/pictures.js",)

    def __init__(self) -> None:
        super().__init__(
            {"class": "desk-files", "accept": "image/*", "multiple": True, "data-pictures": ""}
        )


class PicturesField(forms.FileField):
    """Cleans to a list of uploads that are all pictures; each refusal names its file."""

    widget = PicturesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "required": False,
                "help_text": f"Several at once, up to {MOST_AT_ONCE}. JPG, PNG, WEBP, GIF, BMP or "
                f"TIFF, each up to {images.MOST_BYTES // MEGABYTE} MB.",
                **kwargs,
            }
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        uploads = [one for one in (data or []) if one]
        if len(uploads) > MOST_AT_ONCE:
            raise forms.ValidationError(
                f"{len(uploads)} files were chosen; at most {MOST_AT_ONCE} can come in at once."
            )
        problems = [words for upload in uploads if (words := _problem(upload))]
        if problems:
            raise forms.ValidationError(problems)
        return uploads

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def _problem(upload: UploadedFile) -> str:
    try:
        images.inspect_picture(content_of(upload))
    except Refused as refusal:
        return f"{upload.name}: {refusal.message}"
    return ""


def content_of(upload: UploadedFile) -> bytes:
    """The bytes of an upload, however often it was read; `Refused` if they are too many to take."""
    found = (upload.size or 0) / MEGABYTE
    if found > images.MOST_BYTES // MEGABYTE:
        raise Refused(
            f"It is too large to be taken in: {found:,.1f} MB found, at most "
            f"{images.MOST_BYTES // MEGABYTE} MB allowed. Save it at a smaller size."
        )
    upload.seek(0)
    return upload.read()
