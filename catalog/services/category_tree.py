"""Walking a shop's category tree: level by level, by words, and what may be chosen in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

from django.db.models import Q

from catalog.models import CategoryPermission, ChannelCategory, Shop
from catalog.models.taxonomy import ChannelCategoryQuerySet
from catalog.suggesting import singular
from marketplace.kernel.errors import Refused

MOST_SHOWN = 50
#: Words that fit more leaves than these are too few to rank by.
MOST_RANKED = 2_000
MOST_NAMED = 5
#: The channel's trees have at most seven levels.
DEEPEST = 10

#: What a person has to know of a leaf, and to do, before products go there.
NOTES = {
    CategoryPermission.INVITE_ONLY: "Invite-only: ask for approval in Seller Center's "
    "Qualification Center, then refresh the categories here. Until then its listings stay "
    "Incomplete.",
    CategoryPermission.NOT_MAIN: "Outside the shop's main category, so the channel refuses "
    "products here. Change the main category in Seller Center, then refresh the categories here.",
    CategoryPermission.PROHIBITED: "The channel prohibits products of this kind.",
}
CLOSED = (CategoryPermission.NOT_MAIN, CategoryPermission.PROHIBITED)


@dataclass(frozen=True)
class Node:
    """A category as a picker shows it; a leaf that is not open says why in `note`."""

    pk: int
    external_id: str
    name: str
    path: str
    is_leaf: bool
    is_open: bool
    note: str


@dataclass(frozen=True)
class Level:
    """What a picker shows at once: the way down to here, what is here, and what is left out."""

    items: list[Node]
    trail: list[Node] = field(default_factory=list)
    remark: str = ""


def why_closed(category: ChannelCategory) -> str:
    """Why listings cannot be put into this category; empty where they can."""
    if not category.is_leaf or category.is_gone:
        return (
            f"“{category.path}” is not at the lowest level, or it is gone; choose one at the "
            "lowest level."
        )
    if category.permission in CLOSED:
        return f"“{category.path}”: {NOTES[CategoryPermission(category.permission)]}"
    return ""


def level(shop: Shop, under: str = "") -> Level:
    """The categories right below one, by its id on the channel; empty for the first level."""
    here = ChannelCategory.objects.filter(shop=shop, is_gone=False)
    rows = here.filter(parent_external_id=under).order_by("name", "pk")
    return Level(_nodes(rows), _trail(here, under))


def search(shop: Shop, words: str) -> Level:
    """The leaves whose path holds all of the words, those named by them first; at most 50."""
    wanted = words.casefold().replace(">", " ").split()
    if not wanted:
        return level(shop)
    rows = _holding(shop, wanted)
    found = list(rows.order_by("path", "pk")[: MOST_RANKED + 1])
    found.sort(key=lambda row: _distance(row, wanted))
    more = f"More than {MOST_RANKED:,}" if len(found) > MOST_RANKED else f"{len(found):,}"
    remark = ""
    if not found:
        remark = f"No category holds “{words.strip()}”. Try fewer or other words."
    elif len(found) > MOST_SHOWN:
        remark = f"{more} categories fit; the first {MOST_SHOWN} are shown. Type more words."
    return Level(_nodes(found[:MOST_SHOWN]), remark=remark)


def find(shop: Shop, text: str) -> ChannelCategory:
    """The one category that a person typed, by its path or by words that fit no other.

    Raises `Refused` if there is none or there are several; the sentence names some of them.
    """
    leaves = ChannelCategory.objects.filter(shop=shop).leaves()
    exact = leaves.filter(path__iexact=text.strip())[:2]
    rows = list(exact) or list(
        _holding(shop, text.casefold().replace(">", " ").split())[: MOST_NAMED + 1]
    )
    if not rows:
        raise Refused(f"No category of {shop} holds “{text.strip()}”.")
    if len(rows) > 1:
        named = "; ".join(row.path for row in rows[:MOST_NAMED])
        raise Refused(f"Several categories fit “{text.strip()}”: {named}. Type the whole path.")
    return rows[0]


def _holding(shop: Shop, words: Iterable[str]) -> ChannelCategoryQuerySet:
    terms = (Q(path__icontains=word) | Q(path__icontains=singular(word)) for word in words)
    return ChannelCategory.objects.filter(shop=shop).leaves().filter(reduce(and_, terms, Q()))


def _distance(row: ChannelCategory, wanted: list[str]) -> tuple[bool, int, int, str]:
    """Sorts open leaves first, and among them those whose own name says most of the words."""
    name = row.name.casefold()
    unsaid = sum(word not in name and singular(word) not in name for word in wanted)
    return row.permission in CLOSED, unsaid, len(name.split()), row.path


def _trail(here: ChannelCategoryQuerySet, under: str) -> list[Node]:
    trail: list[Node] = []
    while under and len(trail) < DEEPEST:
        row = here.filter(external_id=under).first()
        if row is None:
            break
        trail.insert(0, node_of(row))
        under = row.parent_external_id
    return trail


def _nodes(rows: Iterable[ChannelCategory]) -> list[Node]:
    return [node_of(row) for row in rows]


def node_of(row: ChannelCategory) -> Node:
    """The category as a picker shows it."""
    return Node(
        pk=row.pk,
        external_id=row.external_id,
        name=row.name,
        path=row.path,
        is_leaf=row.is_leaf,
        is_open=not row.is_leaf or not why_closed(row),
        note=NOTES.get(CategoryPermission(row.permission), "") if row.is_leaf else "",
    )
