"""Which of our variants a listing of the channel means: by SKU, by identifier, by likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from catalog.models import Identifier, Listing, Product, UnlinkedListing, Variant
from catalog.ports import RemoteListing, RemoteOffer
from marketplace.kernel.errors import Refused

#: Digits that the same number has as UPC, EAN and GTIN: zeros in front make the difference.
LENGTHS = (12, 13, 14)
MOST_SUGGESTIONS = 5
#: Titles that share less than this part of their words, in percent, are not alike.
LEAST_LIKENESS = 30
MOST_COMPARED = 2_000


@dataclass(frozen=True)
class Candidate:
    """A product that a listing may be of, and why we think so; `score` is out of 100."""

    product: Product
    why: str
    score: int
    is_sure: bool


def sku_of(offer: RemoteOffer) -> str:
    """The seller's SKU, or the channel's id of it where the seller gave none."""
    return offer.seller_sku.strip() or offer.external_id


def by_sku(merchant_id: int, offers: Iterable[RemoteOffer]) -> dict[str, Variant]:
    """The merchant's variants that bear these SKUs, by the channel's SKU id."""
    skus = {offer.external_id: sku_of(offer) for offer in offers}
    rows = Variant.objects.filter(merchant=merchant_id, sku__in=skus.values())
    found = {row.sku: row for row in rows.select_related("product")}
    return {key: found[sku] for key, sku in skus.items() if sku in found}


def by_identifier(merchant_id: int, offers: Iterable[RemoteOffer]) -> dict[str, Variant]:
    """The merchant's variants with these public numbers, where exactly one variant bears one."""
    numbers = {
        offer.external_id: {_bare(value) for value in offer.identifiers.values() if _bare(value)}
        for offer in offers
    }
    spellings = {
        spelling for bare in numbers.values() for number in bare for spelling in _spellings(number)
    }
    bearers: dict[str, dict[int, Variant]] = {}
    rows = Identifier.objects.filter(variant__merchant=merchant_id, value__in=spellings)
    for row in rows.select_related("variant__product"):
        bearers.setdefault(_bare(row.value), {})[row.variant_id] = row.variant
    found: dict[str, Variant] = {}
    for key, bare in numbers.items():
        variants = {pk: row for number in bare for pk, row in bearers.get(number, {}).items()}
        if len(variants) == 1:
            found[key] = next(iter(variants.values()))
    times = Counter(row.pk for row in found.values())
    return {key: row for key, row in found.items() if times[row.pk] == 1}


def _bare(number: str) -> str:
    return number.strip().lstrip("0")


def _spellings(bare: str) -> set[str]:
    return {bare, *(bare.zfill(length) for length in LENGTHS)}


def candidates(merchant_id: int, remote: RemoteListing) -> list[Candidate]:
    """Products that a listing may be of, the surest first; a like title is only a suggestion."""
    found: dict[int, Candidate] = {}
    for rows, what, score in (
        (by_sku(merchant_id, remote.offers), "same SKU", 100),
        (by_identifier(merchant_id, remote.offers), "same identifier", 90),
    ):
        for product, skus in _by_product(rows).items():
            why = f"{what}: {', '.join(skus)}"
            found.setdefault(product.pk, Candidate(product, why, score, is_sure=True))
    for one in _alike(merchant_id, remote.title):
        found.setdefault(one.product.pk, one)
    return list(found.values())


def _by_product(rows: Mapping[str, Variant]) -> dict[Product, list[str]]:
    grouped: dict[Product, list[str]] = {}
    for row in rows.values():
        grouped.setdefault(row.product, []).append(row.sku)
    return grouped


def _alike(merchant_id: int, title: str) -> list[Candidate]:
    wanted = _words(title)
    longest = sorted(wanted, key=lambda word: (-len(word), word))[:3]
    if not longest:
        return []
    holds = Q()
    for word in longest:
        holds |= Q(title__icontains=word)
    rows = Product.objects.filter(holds, merchant=merchant_id).order_by("-pk")[:MOST_COMPARED]
    scored = []
    for row in rows:
        words = _words(row.title)
        score = 100 * len(wanted & words) // max(len(wanted | words), 1)
        if score >= LEAST_LIKENESS:
            scored.append(Candidate(row, f"title alike, {score} of 100", score, is_sure=False))
    return sorted(scored, key=lambda one: -one.score)[:MOST_SUGGESTIONS]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 1}


def unlinked_twin(listing: Listing) -> UnlinkedListing | None:
    """A listing of the shop with one of its SKUs that waits to be linked: publishing doubles it."""
    waiting = UnlinkedListing.objects.filter(shop=listing.shop_id, resolved_at=None)
    rows = list(waiting.only("title", "external_id", "seller_skus"))
    if not rows:
        return None
    skus = set(Variant.objects.filter(product=listing.product_id).values_list("sku", flat=True))
    return next((row for row in rows if skus & set(row.seller_skus)), None)


def pair(
    product: Product, remote: RemoteListing, named: Mapping[str, str] | None = None
) -> dict[str, Variant]:
    """Which variant of a product each SKU of the listing is, by the channel's SKU id.

    In this order: what a person `named`, the same SKU, the same identifier, the same options, and
    the one that is left on either side. Raises `Refused` naming each SKU that stays open.
    """
    variants = {row.sku: row for row in product.variants.all()}
    pairs = _named(product, variants, named or {})
    merchant = product.merchant_id
    for found in (
        by_sku(merchant, remote.offers),
        by_identifier(merchant, remote.offers),
        _by_options(variants.values(), remote.offers),
    ):
        _add(pairs, {key: row for key, row in found.items() if row.product_id == product.pk})
    open_ones = [offer for offer in remote.offers if offer.external_id not in pairs]
    free = [row for row in variants.values() if row not in pairs.values()]
    if len(open_ones) == len(free) == 1:
        pairs[open_ones[0].external_id] = free[0]
    elif open_ones:
        skus = ", ".join(f"“{sku_of(offer)}”" for offer in open_ones)
        raise Refused(
            f"“{product}” has no variant that is clearly {skus}. Name its SKU here, or add the "
            "variant to the product first."
        )
    return pairs


def _named(
    product: Product, variants: Mapping[str, Variant], named: Mapping[str, str]
) -> dict[str, Variant]:
    chosen = {key: sku.strip() for key, sku in named.items() if sku.strip()}
    for sku in chosen.values():
        if sku not in variants:
            raise Refused(f"“{product}” has no variant with the SKU “{sku}”.")
    twice = [sku for sku, times in Counter(chosen.values()).items() if times > 1]
    if twice:
        raise Refused(f"“{twice[0]}” is named for two SKUs of the listing; each needs its own.")
    return {key: variants[sku] for key, sku in chosen.items()}


def _add(pairs: dict[str, Variant], found: Mapping[str, Variant]) -> None:
    for key, row in found.items():
        if key not in pairs and row not in pairs.values():
            pairs[key] = row


def _by_options(variants: Iterable[Variant], offers: Sequence[RemoteOffer]) -> dict[str, Variant]:
    ours: dict[frozenset[str], list[Variant]] = {}
    for row in variants:
        ours.setdefault(_option_key(str(value) for value in row.options), []).append(row)
    found = {}
    for offer in offers:
        rows = ours.get(_option_key(value for _, value in offer.options), [])
        if offer.options and len(rows) == 1:
            found[offer.external_id] = rows[0]
    return found


def _option_key(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.strip().lower() for value in values if value.strip())
