"""Which price rule counts for a listing, and which offers a rule is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from catalog.models import Listing, Offer, PriceRule, Product
from catalog.models.offer import OfferQuerySet

#: By product id, the ids of its tags that some rule names.
Tags = Mapping[int, frozenset[int]]


class PriceRulebook:
    """The price rules of some shops: for each listing the nearest one counts, alone."""

    def __init__(self, rules: Iterable[PriceRule], tags: Tags) -> None:
        self._of_listing: dict[int, PriceRule] = {}
        self._of_tags: dict[int, list[PriceRule]] = defaultdict(list)
        self._of_shop: dict[int, PriceRule] = {}
        self._tags = tags
        for rule in sorted(rules, key=_force):
            if rule.listing_id:
                self._of_listing[rule.listing_id] = rule
            elif rule.tag_id:
                self._of_tags[rule.shop_id].append(rule)
            else:
                self._of_shop[rule.shop_id] = rule

    def of(self, listing: Listing) -> PriceRule | None:
        """Its own rule, else that of the first of its product's tags, else the shop's (R91)."""
        if own := self._of_listing.get(listing.pk):
            return own
        tags = self._tags.get(listing.product_id, frozenset())
        tagged = (rule for rule in self._of_tags[listing.shop_id] if rule.tag_id in tags)
        return next(tagged, None) or self._of_shop.get(listing.shop_id)


def _force(rule: PriceRule) -> tuple[int, int]:
    # One that is not saved yet would be the youngest.
    return (rule.position, rule.pk) if rule.pk else (rule.position, 2**63)


def load(listings: Iterable[Listing], now: datetime) -> PriceRulebook:
    """The rules that count at this moment for these listings: one query, two where tags matter."""
    rows = list(listings)
    of_these = Q(listing__isnull=True) | Q(listing__in=[row.pk for row in rows])
    shops = {row.shop_id for row in rows}
    rules = list(PriceRule.objects.counting(now).filter(of_these, shop__in=shops))
    named = {rule.tag_id for rule in rules if rule.tag_id}
    return PriceRulebook(rules, _tags({row.product_id for row in rows}, named) if named else {})


def _tags(products: Iterable[int], named: Iterable[int]) -> Tags:
    links = Product.tags.through._default_manager.filter(product__in=products, tag__in=named)
    found: dict[int, set[int]] = defaultdict(set)
    for product, tag in links.values_list("product", "tag"):
        found[product].add(tag)
    return {product: frozenset(tags) for product, tags in found.items()}


def offers_under(rule: PriceRule) -> OfferQuerySet:
    """The offers that a rule is set on; for some of them a nearer rule may count."""
    if rule.listing_id:
        return Offer.objects.filter(listing=rule.listing_id)
    offers = Offer.objects.filter(listing__shop=rule.shop_id)
    if rule.tag_id:
        link = Product.tags.through._default_manager.filter(tag=rule.tag_id)
        return offers.filter(listing__product__in=link.values("product"))
    return offers
