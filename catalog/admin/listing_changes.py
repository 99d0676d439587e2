"""What differs between a listing here and on its channel, in the words of the workspace (R26)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString

from catalog import content
from catalog.content import Content
from catalog.models import CategoryAttribute, ChannelCategory, Listing
from catalog.services import published

PART_NAMES = {
    content.TITLE: "title",
    content.DESCRIPTION: "description",
    content.IMAGES: "images",
    content.BRAND: "brand",
    content.CATEGORY: "category",
    content.ATTRIBUTES: "properties",
    content.OPTIONS: "options",
    content.VARIANTS: "variants",
    content.PACKAGE: "weight and dimensions",
    content.CERTIFICATES: "certificates",
    content.SIZE_CHART: "size chart",
    content.MANUFACTURER: "manufacturer",
    content.RESPONSIBLE_PERSON: "responsible person",
}
UNKNOWN = "not known"
NOTHING = "–"
#: Of a long text, so much is shown around what differs.
MOST_SHOWN, LEAD = 140, 30
MOST_ROWS = 10


@dataclass(frozen=True)
class Change:
    """One line: which field, what the channel has, what stands here."""

    field: str
    there: str
    here: str


def short_words(there: Content, here: Content) -> str:
    """“title, images”; empty where only the fingerprint knows that something differs."""
    parts = content.differing(there, here)
    return ", ".join(name for part, name in PART_NAMES.items() if part in parts)


def changes_table(listing: Listing) -> str | SafeString:
    """A table of what a re-publish would change; a sentence where nothing waits."""
    sides = published.sides([listing]).get(listing.pk)
    if sides is None:
        return "No"
    found = list(changes(listing, *sides))
    if not found:
        return "Yes: publish it again to send them."
    rows = ((_capital(change.field), change.there, change.here) for change in found)
    body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
    return format_html(
        '<table class="desk-changes"><thead><tr><th>Field</th><th>On the channel</th>'
        "<th>Here</th></tr></thead><tbody>{}</tbody></table>"
        '<p class="desk-changes-note">Use “Publish” to send them.</p>',
        body,
    )


def changes(listing: Listing, there: Content, here: Content) -> Iterator[Change]:
    """Yield what differs, in the order of the form."""
    differing = content.differing(there, here)
    names = _Names(listing)
    for part, name in PART_NAMES.items():
        if part not in differing:
            continue
        old, new = there.get(part), here.get(part)
        if isinstance(new or old, dict):
            yield from _keyed(part, old, new or {}, names)
        elif part == content.IMAGES:
            yield Change(name, *_images(old, new or []))
        elif part == content.CATEGORY:
            yield Change(name, names.category(old), names.category(new))
        else:
            yield Change(name, *_texts(_words(part, old), _words(part, new)))


class _Names:
    """The channel's names for ids in the content, each asked for once."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def category(self, external_id: str | None) -> str:
        if not external_id:
            return UNKNOWN if external_id is None else NOTHING
        rows = ChannelCategory.objects.filter(shop=self._listing.shop_id, external_id=external_id)
        path = rows.values_list("path", flat=True).first()
        return path or external_id

    def of_keys(self, part: str, keys: list[str]) -> dict[str, str]:
        if part != content.ATTRIBUTES:
            word = "Variant" if part == content.VARIANTS else "Weight and dimensions of"
            return {key: f"{word} {key}" for key in keys}
        rows = CategoryAttribute.objects.filter(
            category__shop=self._listing.shop_id, external_id__in=keys
        )
        return dict(rows.values_list("external_id", "name"))


def _keyed(
    part: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], names: _Names
) -> Iterator[Change]:
    """Properties by name, variants by SKU: those that differ, and how many more."""
    if old is None:
        yield Change(PART_NAMES[part], UNKNOWN, f"{len(new):,} as they stand here")
        return
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    named = names.of_keys(part, keys)
    for key in keys[:MOST_ROWS]:
        sides = _texts(_words(part, old.get(key)) or "", _words(part, new.get(key)) or "")
        yield Change(named.get(key, f"Property {key}"), *sides)
    if len(keys) > MOST_ROWS:
        yield Change(PART_NAMES[part], f"{len(keys) - MOST_ROWS:,} more differ", "")


def _words(part: str, value: Any) -> str | None:
    """A part's value, or that of one of its keys, in a line; None for what is not known."""
    if value is None:
        return None
    if part == content.VARIANTS:
        return _joined(", ".join(value["options"]), *map(" ".join, value["identifiers"]))
    if part == content.PACKAGE:
        *sides, unit = value["dimensions"] or ("",)
        return _joined(" ".join(value["weight"]), f"{' × '.join(sides)} {unit}".strip())
    if part == content.CERTIFICATES:
        return _joined(*(f"{name} {until}".strip() for name, until, _ in value))
    if part == content.SIZE_CHART:
        return f"file {value[:8]}" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))


def _images(old: list[str] | None, new: list[str]) -> tuple[str, str]:
    if old is None:
        return UNKNOWN, _counted(new)
    gone, come = [key for key in old if key not in new], [key for key in new if key not in old]
    there, here = _counted(old), _counted(new)
    if not gone and not come:
        return there, f"{here}, in another order"
    if gone:
        there += f"; removed here: {', '.join(map(_image_name, gone))}"
    if come:
        here += f"; added: {', '.join(map(_image_name, come))}"
    return there, here


def _counted(keys: list[str]) -> str:
    return f"{len(keys):,} {'image' if len(keys) == 1 else 'images'}"


def _image_name(key: str) -> str:
    return urlsplit(key).path.rsplit("/", 1)[-1] if "/" in key else f"file {key[:8]}"


def _texts(old: str | None, new: str | None) -> tuple[str, str]:
    """Two texts, of long ones the stretch that differs; markup only if nothing else does."""
    if old is None:
        return UNKNOWN, _cut(new or "", 0)
    new = new or ""
    bare = strip_tags(old).strip(), strip_tags(new).strip()
    before, after = bare if bare[0] != bare[1] else (old, new)
    if max(len(before), len(after)) <= MOST_SHOWN:
        return before or NOTHING, after or NOTHING
    start = max(_first_difference(before, after) - LEAD, 0)
    return _cut(before, start), _cut(after, start)


def _first_difference(before: str, after: str) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))


def _cut(text: str, start: int) -> str:
    shown = text[start : start + MOST_SHOWN]
    ahead = "…" if start else ""
    return f"{ahead}{shown}{'…' if start + MOST_SHOWN < len(text) else ''}" or NOTHING


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
