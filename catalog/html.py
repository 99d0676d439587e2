"""The HTML that may stand in a product description."""

from __future__ import annotations

from html.parser import HTMLParser

import nh3

ALLOWED_TAGS = frozenset(
    [
        "p",
        "br",
        "div",
        "span",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "img",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "caption",
        "colgroup",
        "col",
    ]
)
ALLOWED_ATTRIBUTES = {
    "img": {"src", "width", "height", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SCHEMES = frozenset(["http", "https"])


def sanitize(html: str) -> str:
    """Keep the formatting a channel shows and drop the rest, scripts and handlers above all."""
    return nh3.clean(
        html,
        tags=set(ALLOWED_TAGS),
        attributes={tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
    ).strip()


def dropped_parts(html: str) -> list[str]:
    """Name what `sanitize` takes out, each once: `<script>`, `onerror`, `a javascript: address`.

    Attributes that only say how a text editor formatted something are not worth a word.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return list(dict.fromkeys(reader.dropped))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.dropped.append(f"<{tag}>")
        kept = ALLOWED_ATTRIBUTES.get(tag, set())
        for name, value in attrs:
            if name.startswith("on"):
                self.dropped.append(name)
            elif name in kept and name == "src" and not _may_be_shown(value or ""):
                self.dropped.append(f"a {(value or '').split(':')[0].strip().lower()}: address")


def _may_be_shown(address: str) -> bool:
    scheme, colon, _ = address.strip().partition(":")
    return not colon or "/" in scheme or scheme.lower() in SCHEMES
