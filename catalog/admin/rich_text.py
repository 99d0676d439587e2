"""A description that is written as it will be read; what is kept is what channels show."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.html import ALLOWED_ATTRIBUTES, ALLOWED_TAGS, dropped_parts, sanitize

PARTS_NAMED = 6


class RichTextWidget(UnfoldAdminTextareaWidget):
    """A text area that a script turns into an editor; without the script it takes HTML."""

    class Media:
        js = ("desk/richtext.js",)

    def __init__(self) -> None:
        kept = {tag: sorted(ALLOWED_ATTRIBUTES.get(tag, ())) for tag in sorted(ALLOWED_TAGS)}
        super().__init__({"data-rich-text": json.dumps(kept), "rows": 8})

    def format_value(self, value: Any) -> str | None:
        """Nothing unsafe reaches the page, wherever the text came from."""
        text = super().format_value(value)
        return None if text is None else sanitize(text)


class RichTextField(forms.CharField):
    """HTML of which only what channels show is kept; `dropped` names what was taken out."""

    widget = RichTextWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.dropped: list[str] = []

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        self.dropped = dropped_parts(text)
        return sanitize(text)


def say_what_was_dropped(request: HttpRequest, form: forms.BaseForm) -> None:
    """Tell the person that their description was cleaned, and of what."""
    field = form.fields["description"]
    if isinstance(field, RichTextField) and field.dropped:
        names = ", ".join(field.dropped[:PARTS_NAMED])
        more = len(field.dropped) - PARTS_NAMED
        messages.warning(
            request,
            f"The description was cleaned. Taken out, because channels do not take it: {names}"
            f"{f' and {more} more' if more > 0 else ''}.",
        )
