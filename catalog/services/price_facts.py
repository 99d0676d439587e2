"""What a price depends on beside its own row, loaded for many offers at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from catalog.models import ExchangeRate, Listing, Offer, PriceChange, PriceRule, Shop, Variant
from catalog.ports import listing_channels
from catalog.pricing.base import Stay
from catalog.pricing.bounds import Bounds, Day, Limit, Region, highest, lowest, outside
from catalog.pricing.cost import CostTerms, cost_floor
from catalog.pricing.rates import NoRate, Rate, Rates
from catalog.services import price_scope
from marketplace.kernel.money import Money

VARIANT_COLUMNS = ("sku", "price", "cost", "fulfillment_cost", "map_price", "currency")


def load_rates(now: datetime) -> Rates:
    """The rate in force between each two currencies: one query."""
    same = ExchangeRate.objects.filter(
        base=OuterRef("base"), quote=OuterRef("quote"), as_of__lte=now.date()
    )
    newest = same.order_by("-as_of").values("as_of")[:1]
    rows = ExchangeRate.objects.filter(as_of=Subquery(newest))
    return Rates(Rate(*one) for one in rows.values_list("base", "quote", "rate", "as_of"))


@dataclass(frozen=True)
class PriceFacts:
    """Everything about some offers that decides their prices at one moment.

    `rule` maps a listing's id to the rule that counts for it; `instead`, where it is given, is
    tried in the place of all of them.
    """

    now: datetime
    variants: Mapping[int, Variant]
    listings: Mapping[int, Listing]
    book: price_scope.PriceRulebook
    offers: tuple[Offer, ...]
    instead: PriceRule | None = None

    @cached_property
    def rates(self) -> Rates:
        return load_rates(self.now)

    def shop(self, offer: Offer) -> Shop:
        return self.listings[offer.listing_id].shop

    def rule(self, offer: Offer) -> PriceRule | None:
        """The rule that counts for an offer."""
        return self.instead or self.book.of(self.listings[offer.listing_id])

    def catalog_price(self, offer: Offer) -> Money | None:
        """The catalog's price, in the catalog's currency."""
        variant = self.variants[offer.variant_id]
        return _money(variant.price, variant.currency)

    def cost(self, offer: Offer) -> Money | None:
        variant = self.variants[offer.variant_id]
        return _money(variant.cost, variant.currency)

    def fulfillment(self, offer: Offer) -> Money | None:
        """What it costs to pick, pack and ship one: its own figure, else the rule's."""
        variant, rule = self.variants[offer.variant_id], self.rule(offer)
        own = _money(variant.fulfillment_cost, variant.currency)
        return own or (_money(rule.fulfillment_cost, offer.currency) if rule else None)

    def bounds(self, offer: Offer, *, with_day: bool = False) -> Bounds | Stay:
        """What limits an offer's price; a reason where a limit cannot be known (B12).

        `with_day` is for a price that moves by itself: the largest change in a day limits it too.
        """
        rule = self.rule(offer)
        floor = self._floor(offer, rule)
        if isinstance(floor, Stay):
            return floor
        ceilings = [_limit(offer.price_ceiling, "set by hand")]
        if rule:
            ceilings.append(_limit(rule.ceiling, f"rule “{rule.name[:60]}”"))
        return Bounds(
            currency=offer.currency,
            floor=floor,
            ceiling=lowest(limit for limit in ceilings if limit),
            region=self.region(offer),
            day=self._day(offer, rule) if with_day and rule else None,
            ending=rule.ending if rule else "",
        )

    def why_not_sent(self, offer: Offer) -> str:
        """Why the price wanted must not leave as it is; empty if it may."""
        bounds = self.bounds(offer)
        if offer.price_wanted is None or isinstance(bounds, Stay):
            return bounds.why if isinstance(bounds, Stay) else ""
        return outside(offer.price_wanted, bounds)

    def _floor(self, offer: Offer, rule: PriceRule | None) -> Limit | Stay | None:
        floors = [_limit(offer.price_floor, "set by hand")]
        if rule is None or rule.keeps_map:
            advertised = self._advertised(offer)
            if isinstance(advertised, Stay):
                return advertised
            floors.append(advertised)
        if rule:
            floors.append(_limit(rule.floor, f"rule “{rule.name[:60]}”"))
        if rule and rule.covers_cost:
            terms = CostTerms(rule.fee_percent, rule.margin_percent)
            by_cost = cost_floor(
                self.cost(offer),
                self.fulfillment(offer),
                terms,
                currency=offer.currency,
                rates=self.rates,
                on=self.now.date(),
            )
            if isinstance(by_cost, Stay):
                return by_cost
            floors.append(by_cost)
        return highest(limit for limit in floors if limit)

    def _advertised(self, offer: Offer) -> Limit | Stay | None:
        variant = self.variants[offer.variant_id]
        if variant.map_price is None:
            return None
        money = Money(variant.map_price, variant.currency)
        converted = self.rates.convert(money, offer.currency, self.now.date())
        if isinstance(converted, NoRate):
            return Stay(converted.why)
        words = "minimum advertised price"
        if converted.by:
            words = f"{words} {money}, {converted.by}"
        return Limit(variant.map_price * converted.rate, words)

    def region(self, offer: Offer) -> Region:
        """What the channel takes where the offer's shop sells."""
        shop = self.shop(offer)
        least, most = self._regions[shop.pk]
        return Region(least, most, f"{shop.get_channel_display()} {shop.region}")

    @cached_property
    def _regions(self) -> dict[int, tuple[Decimal, Decimal]]:
        shops = {listing.shop_id: listing.shop for listing in self.listings.values()}
        limits = {pk: listing_channels.get(shop.channel).limits(shop) for pk, shop in shops.items()}
        return {pk: (limit.price_min, limit.price_max) for pk, limit in limits.items()}

    def _day(self, offer: Offer, rule: PriceRule) -> Day | None:
        start = self._day_starts.get(offer.pk, offer.price_wanted)
        if rule.most_change_percent is None or start is None:
            return None
        return Day(start, rule.most_change_percent)

    @cached_property
    def _day_starts(self) -> dict[int, Decimal | None]:
        """The prices with which the shop's day began, of offers that changed since: one query."""
        ids_by_begin: dict[datetime, list[int]] = {}
        for offer in self.offers:
            if offer.pk:
                ids_by_begin.setdefault(_midnight(self.shop(offer), self.now), []).append(offer.pk)
        starts: dict[int, Decimal | None] = {}
        for begin, ids in ids_by_begin.items():
            changes = PriceChange.objects.filter(offer__in=ids, at__gte=begin, at__lte=self.now)
            for pk, old, new in changes.order_by("at", "pk").values_list("offer", "old", "new"):
                if starts.get(pk) is None:
                    starts[pk] = old if old is not None else new
        return starts


def load(offers: Iterable[Offer], now: datetime, *, instead: PriceRule | None = None) -> PriceFacts:
    """Load the facts about these offers in a constant number of queries."""
    rows = tuple(offers)
    variants = Variant.objects.only(*VARIANT_COLUMNS).in_bulk({row.variant_id for row in rows})
    listings = Listing.objects.select_related("shop__merchant").in_bulk(
        {row.listing_id for row in rows}
    )
    return PriceFacts(
        now=now,
        variants=variants,
        listings=listings,
        book=price_scope.load(listings.values(), now),
        offers=rows,
        instead=instead,
    )


def kept(words: str) -> str:
    """A sentence as it is stored: 300 characters at most."""
    return words if len(words) <= 300 else f"{words[:299]}…"


def _midnight(shop: Shop, now: datetime) -> datetime:
    zone = ZoneInfo(shop.time_zone)
    return datetime.combine(now.astimezone(zone).date(), time.min, tzinfo=zone)


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)


def _limit(amount: Decimal | None, words: str) -> Limit | None:
    return None if amount is None else Limit(amount, words)
