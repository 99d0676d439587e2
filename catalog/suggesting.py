"""Which categories fit a product best, judged by its own words alone; no channel is asked.

Every clue (the title, each tag, the product type, what was chosen before, the channel's own
recommendation) argues for some categories with a strength below one. Clues add up, and a category
is less certain the closer others come to it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import chain
from typing import NamedTuple

from catalog.models import CategoryPermission

MOST_SUGGESTED = 3
#: Two suggestions closer than this many points fit about equally well.
CLOSE = 10

# How far each clue is trusted; never wholly, so that confidence stays below 100.
TAG, TITLE, KIND, CHOSEN, RECOMMENDED = 0.85, 0.8, 0.5, 0.95, 0.65
#: A tag that names the whole branch says little about which leaf of it is meant.
BRANCH = 0.4
#: “Lip” speaks for “Lipstick”, but less than the whole word would.
PART_OF_A_WORD = 0.5
#: In an English title the last word usually says what the thing is.
BEFORE_THE_LAST_WORD = 0.7
#: “Women's” beside “T-shirt” makes the T-shirts of that branch likelier than those of another.
WITHOUT_ITS_BRANCH = 0.2
#: A choice that was made once may be a slip; this many more make it count almost fully.
DOUBT = 2
#: The higher, the more the strongest category takes of the certainty.
RIVALRY = 1.5
RIVALS = 5
REASONS_TOLD = 3
WEAKEST_REASON = 0.1
SHORTEST_PART = 3

WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
END_OF_NAME = re.compile(r"\s(?:with|for|in|by|from)\s|\s[-–—|]\s|[,;:(/]", re.IGNORECASE)
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and at by for from in kit new of on or other others pack pair pcs per piece pieces "
        "set sets the to with",
    )
)
IRREGULAR = {
    "woman": "women",
    "man": "men",
    "children": "child",
    "kids": "kid",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "scarves": "scarf",
    "mice": "mouse",
}


@dataclass(frozen=True)
class Leaf:
    """A category of the channel's tree, as far as a suggestion needs to know it."""

    pk: int
    external_id: str
    path: str
    permission: str = CategoryPermission.AVAILABLE
    is_leaf: bool = True
    is_gone: bool = False

    @property
    def can_hold_products(self) -> bool:
        return (
            self.is_leaf and not self.is_gone and self.permission != CategoryPermission.PROHIBITED
        )


@dataclass(frozen=True)
class Clues:
    """What is known of a product; `recommended` is the channel's id of what it suggests itself."""

    title: str
    tags: tuple[str, ...] = ()
    product_type: str = ""
    recommended: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A category that may fit, how surely (0 to 100), and why, in words."""

    category_id: int
    path: str
    confidence: int
    reason: str
    permission: str = CategoryPermission.AVAILABLE

    @property
    def name(self) -> str:
        return self.path.rsplit(" > ", 1)[-1]

    @property
    def restriction(self) -> str:
        """Why the shop may not be free to use it; empty for an open category."""
        if self.permission == CategoryPermission.AVAILABLE:
            return ""
        return str(CategoryPermission(self.permission).label)


#: (“tag” or “type”, its text in lower case) -> channel's category id -> how often it was chosen.
Chosen = Mapping[tuple[str, str], Mapping[str, int]]


class _Argument(NamedTuple):
    """One clue's word for one category, by its place among the leaves."""

    place: int
    strength: float
    words: str


class Ranker:
    """Ranks the categories of one shop; built once for many products."""

    def __init__(self, leaves: Iterable[Leaf], chosen: Chosen | None = None) -> None:
        self._leaves = [leaf for leaf in leaves if leaf.can_hold_products]
        self._chosen = chosen or {}
        self._levels = [_levels(leaf.path) for leaf in self._leaves]
        self._places = {leaf.external_id: place for place, leaf in enumerate(self._leaves)}
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for place, levels in enumerate(self._levels):
            for word in levels[-1]:
                self._by_name[word].append(place)
            for word in {word for level in levels for word in level}:
                self._by_word[word].append(place)
        self._rarities: dict[str, float] = {}
        self._parts: dict[str, dict[str, float]] = {}
        self._labels: dict[tuple[str, str], list[_Argument]] = {}

    def suggest(self, clues: Clues) -> list[Suggestion]:
        """The three categories that fit best, the best first; fewer where little is known."""
        arguments = self._arguments(clues)
        doubts: dict[int, float] = {}
        for place, strength, _ in chain.from_iterable(arguments):
            doubts[place] = doubts.get(place, 1.0) * (1 - strength)
        best = nsmallest(RIVALS, doubts, key=lambda one: (doubts[one], self._leaves[one].path, one))
        total = sum(_weight(doubts[place]) for place in best)
        found = []
        for place in best[:MOST_SUGGESTED]:
            share = _weight(doubts[place]) / total if total else 0.0
            confidence = math.floor(100 * (1 - doubts[place]) * share)
            if confidence:
                leaf = self._leaves[place]
                reason = _reason(one for some in arguments for one in some if one.place == place)
                found.append(Suggestion(leaf.pk, leaf.path, confidence, reason, leaf.permission))
        return found

    def _arguments(self, clues: Clues) -> list[list[_Argument]]:
        place = self._places.get(clues.recommended)
        return [
            list(self._of_title(clues.title)),
            *(self._of_label("tag", tag, TAG) for tag in dict.fromkeys(clues.tags)),
            self._of_label("type", clues.product_type, KIND),
            [] if place is None else [_Argument(place, RECOMMENDED, "the channel recommends it")],
        ]

    def _of_title(self, title: str) -> Iterator[_Argument]:
        name = END_OF_NAME.split(title.strip(), maxsplit=1)[0]
        last = [stem for stem, _ in words_of(name)][-1:]
        spoken = dict(words_of(title))
        hits = {word: self._hits(word) for word in spoken}
        said = _said(hits)
        for place in sorted({one for word in said for one in self._by_name.get(word, ())}):
            levels = self._levels[place]
            weight = self._covered(levels[-1], said)
            matched = [word for word in hits if any(one in levels[-1] for one in hits[word])]
            if not set(matched) & set(last):
                weight *= BEFORE_THE_LAST_WORD
            above = max((self._covered(level, said) for level in levels[:-1]), default=0.0)
            weight *= 1 - WITHOUT_ITS_BRANCH * (1 - above)
            named = ", ".join(f"“{spoken[word]}”" for word in matched)
            yield _Argument(place, TITLE * weight, f"{named} in the title")

    def _of_label(self, kind: str, text: str, trust: float) -> list[_Argument]:
        """What a tag or a type says; the same for every product that has it."""
        key = (kind, text.strip().casefold())
        if key not in self._labels:
            self._labels[key] = [
                *self._by_words(kind, text, trust),
                *self._by_choice(kind, text, self._chosen.get(key, {})),
            ]
        return self._labels[key]

    def _by_words(self, kind: str, text: str, trust: float) -> Iterator[_Argument]:
        hits = {word: self._hits(word) for word, _ in words_of(text)}
        for place in sorted({one for word in _said(hits) for one in self._by_word.get(word, ())}):
            levels = self._levels[place]
            alike = max(
                self._alike(levels[-1], hits),
                BRANCH * max((self._alike(level, hits) for level in levels[:-1]), default=0.0),
            )
            yield _Argument(place, trust * alike, f"{kind} “{text.strip()}”")

    def _by_choice(self, kind: str, text: str, counts: Mapping[str, int]) -> Iterator[_Argument]:
        total = sum(counts.values())
        for external_id, count in sorted(counts.items()):
            place = self._places.get(external_id)
            if place is None or count < 1:
                continue
            times = "once" if count == 1 else f"{count:,} times"
            strength = CHOSEN * count / total * count / (count + DOUBT)
            yield _Argument(place, strength, f"chosen {times} for {kind} “{text.strip()}”")

    def _hits(self, word: str) -> dict[str, float]:
        """The words of the tree that a word stands for: itself, or words that it is a part of."""
        if word not in self._parts:
            found = {known: PART_OF_A_WORD for known in self._by_word if _is_part(word, known)}
            self._parts[word] = {word: 1.0} if word in self._by_word else found
        return self._parts[word]

    def _rarity(self, word: str) -> float:
        if word not in self._rarities:
            seen = len(self._by_word.get(word, ())) or 0.5
            self._rarities[word] = math.log(1 + (len(self._leaves) + 1) / seen)
        return self._rarities[word]

    def _covered(self, level: Sequence[str], said: Mapping[str, float]) -> float:
        """How much of a category's name the text says; rare words weigh more."""
        whole = sum(self._rarity(word) for word in level)
        return sum(self._rarity(word) * said.get(word, 0.0) for word in level) / (whole or 1)

    def _alike(self, level: Sequence[str], hits: Mapping[str, Mapping[str, float]]) -> float:
        """How alike a label and a category's name are: what both say, of what either says."""
        covered = self._covered(level, _said(hits))
        if not covered:
            return 0.0
        whole = sum(self._rarity(word) for word in hits)
        used = sum(
            self._rarity(word) * max((some.get(one, 0.0) for one in level), default=0.0)
            for word, some in hits.items()
        )
        share = used / whole
        return 2 * covered * share / (covered + share)


def _said(hits: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """How surely a text says each word of the tree."""
    said: dict[str, float] = {}
    for some in hits.values():
        for word, weight in some.items():
            said[word] = max(weight, said.get(word, 0.0))
    return said


def _weight(doubt: float) -> float:
    """What a category weighs against others: its odds, so that a sure one outdoes the rest."""
    return float(((1 - doubt) / doubt) ** RIVALRY)


def _reason(arguments: Iterable[_Argument]) -> str:
    """The strongest arguments in words."""
    best = sorted(arguments, key=lambda one: -one.strength)[:REASONS_TOLD]
    told = [one.words for one in best if one.strength >= WEAKEST_REASON]
    return "; ".join(told or [best[0].words])


def why_not(found: Sequence[Suggestion], *, at_least: int) -> str:
    """Why the best suggestion may not be taken without a person's look; empty if it may."""
    if not found:
        return "no category fits its words"
    best = found[0]
    if best.confidence < at_least:
        return f"no category is {at_least}% certain"
    if len(found) > 1 and best.confidence - found[1].confidence < CLOSE:
        return "two categories fit about equally well"
    if best.restriction:
        return f"{best.restriction} (“{best.path}”)"
    return ""


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[tuple[str, str], ...]:
    """The telling words of a text in the singular, each with how it is written there."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found: dict[str, str] = {}
    for match in WORDS.findall(plain):
        for part in _parts_of(match):
            if part not in STOP_WORDS:
                found[singular(part)] = match
    return tuple(found.items())


def _parts_of(word: str) -> list[str]:
    """“t-shirt” is one word, “non-slip” is two, and “dog's” is “dog”."""
    word = re.sub(r"['’]s?$|['’]s(?=-)", "", word)
    parts = [part for part in re.split(r"[-'’]", word) if part]
    return ["".join(parts)] if any(len(part) == 1 for part in parts) else parts


def singular(word: str) -> str:
    """The singular of an English word, well enough to compare two of them."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _is_part(word: str, known: str) -> bool:
    """Whether a word of the tree is put together of this one and another: “lip” in “lipstick”."""
    has_room = len(word) >= SHORTEST_PART and len(known) - len(word) >= SHORTEST_PART
    return has_room and (known.startswith(word) or known.endswith(word))


def _levels(path: str) -> list[tuple[str, ...]]:
    names = [name.strip() for name in path.split(" > ")]
    return [tuple(stem for stem, _ in words_of(name)) for name in names]
