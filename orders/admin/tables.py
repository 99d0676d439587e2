"""What a cell holds: a few lines, or a small table on the page of one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_CELL = '<td class="align-top pr-6 py-1">{}</td>'


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString | str:
    """Rows of cells under their headings, to be scrolled sideways on a phone; empty for no row."""
    body = format_html_join(
        "",
        '<tr class="border-t border-base-200 dark:border-base-800">{}</tr>',
        ((format_html_join("", _CELL, ((cell,) for cell in row)),) for row in rows),
    )
    if not body:
        return ""
    head = format_html_join(
        "", '<th class="font-semibold pr-6 py-1 text-left">{}</th>', ((word,) for word in heads)
    )
    return format_html(
        '<div class="desk-table"><table class="w-full"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        head,
        body,
    )


def stacked(first: object, *rest: object) -> SafeString:
    """A cell of a list: what it is about, and smaller lines below it, as narrow as they can be."""
    line = '<span class="block text-base-500 dark:text-base-400">{}</span>'
    below = format_html_join("", line, ((one,) for one in rest))
    return format_html(
        '<span class="desk-stack"><span class="block">{}</span>{}</span>', first, below
    )
