"""What the channel should show: the price wanted of every offer, as a row, with its history.

An own price counts before a rule's, a rule's before the catalog's; whichever it is, it stays
within the offer's bounds. Nothing else writes `price_wanted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from catalog.models import Offer, PriceCause, PriceChange, PriceRule, PriceRun
from catalog.models.offer import OfferQuerySet
from catalog.pricing import bounds as limits
from catalog.pricing.base import Quote, Stay
from catalog.services import completeness, price_facts
from catalog.services.price_facts import PriceFacts, kept
from marketplace.kernel import many
from marketplace.kernel.money import Money
from marketplace.kernel.rows import Rows

T = TypeVar("T")

BATCH = 500
BY_CATALOG = "The catalog's price."
STAYS = "Stays as it is: "


@dataclass(frozen=True)
class Reason:
    """Why prices are worked out: what happened, by whom, and the run it belongs to.

    `is_news` is for a change of what decides a price: why it stands where it stands is written
    anew even if it does not move, and what was held back may be sent.
    """

    cause: PriceCause
    by: str = ""
    rule: PriceRule | None = None
    run: PriceRun | None = None
    is_news: bool = True


@dataclass
class Settlement:
    """What came of working out prices: how many moved, and which stay and why, by offer id."""

    looked: int = 0
    changed: int = 0
    stays: dict[int, str] = field(default_factory=dict)

    def add(self, other: Settlement) -> None:
        self.looked += other.looked
        self.changed += other.changed
        self.stays.update(other.stays)


@dataclass(frozen=True)
class Plan:
    """What an offer's row should say; `stay` is why the price does not move, if it may not.

    `rule` is the one whose strategy `quoted` is by.
    """

    price: Decimal | None
    quoted: Decimal | None
    why: str
    stay: str = ""
    rule: PriceRule | None = None

    def is_in(self, offer: Offer) -> bool:
        """Whether the row says so already."""
        row = (offer.price_wanted, offer.price_quoted, offer.price_why, offer.price_quoted_by_id)
        return row == (self.price, self.quoted, self.why, self.rule.pk if self.rule else None)


def resolve(offer: Offer, facts: PriceFacts, *, is_released: bool = False) -> Quote | Stay:
    """The price an offer should have, as its rows say, within its bounds; pure of the database.

    A paused rule keeps a price as it is, unless it `is_released`: its own price was just taken
    away. `Stay` says why the present price has to stand.
    """
    quote = _source(offer, facts, is_released=is_released)
    is_own, rule = offer.price_by_hand is not None, facts.rule(offer)
    moves_freely = rule is not None and not (rule.strategy or rule.is_paused or is_own)
    bounds = facts.bounds(offer, with_day=moves_freely and isinstance(quote, Quote))
    if isinstance(bounds, Stay):
        return bounds if isinstance(quote, Quote) else quote
    # What the region does not take is wanted all the same: it is held back when it is sent.
    bounds = replace(bounds, region=None)
    if isinstance(quote, Stay):
        return _at_bound(offer, quote, bounds)
    # A person typed these very cents.
    return limits.settle(quote, replace(bounds, ending="") if is_own else bounds)


def _at_bound(offer: Offer, stay: Stay, bounds: limits.Bounds) -> Quote | Stay:
    """A price that has to stay, though not outside its bounds."""
    if offer.price_wanted is None:
        return stay
    present = Quote(Money(offer.price_wanted, offer.currency), stay.why)
    found = limits.settle(present, replace(bounds, ending=""))
    moves = isinstance(found, Quote) and found.price != present.price
    return found if moves else stay


def _quoted(offer: Offer, rule: PriceRule | None) -> Decimal | None:
    """What the rule that counts has found; what another one had found counts no more."""
    if rule is None or rule.pk is None or offer.price_quoted_by_id != rule.pk:
        return None
    return offer.price_quoted if rule.strategy or rule.is_paused else None


def _source(offer: Offer, facts: PriceFacts, *, is_released: bool) -> Quote | Stay:
    """The price before any bounds, and where it comes from."""
    if offer.price_by_hand is not None:
        return Quote(Money(offer.price_by_hand, offer.currency), "Own price, set by hand.")
    if rule := facts.rule(offer):
        name = f"the rule “{rule.name[:60]}”"
        quoted = _quoted(offer, rule)
        if quoted is not None:
            price = Money(quoted, offer.currency)
            return Quote(price, f"{price} by {name}.")
        if offer.price_wanted is not None and rule.is_paused and not is_released:
            price = Money(offer.price_wanted, offer.currency)
            return Quote(price, f"{price}, kept while {name} is paused.")
    return _catalog(offer, facts)


def _catalog(offer: Offer, facts: PriceFacts) -> Quote | Stay:
    found = facts.catalog_price(offer)
    if found is None:
        return Stay("The catalog has no price: enter one.")
    if found.currency != offer.currency:
        return Stay(
            f"The catalog's price is in {found.currency}, the shop sells in {offer.currency}: set "
            "an own price, or a rule that copies the catalog's by an exchange rate."
        )
    return Quote(found, BY_CATALOG)


def plan(
    offer: Offer, facts: PriceFacts, *, is_news: bool = False, is_released: bool = False
) -> Plan:
    """What the row should say of its price, its quote, and why."""
    found = resolve(offer, facts, is_released=is_released)
    rule = facts.rule(offer)
    quoted = _quoted(offer, rule)
    by = rule if quoted is not None else None
    if isinstance(found, Stay):
        return Plan(offer.price_wanted, quoted, kept(f"{STAYS}{found.why}"), found.why, by)
    price = found.price.amount
    # A run says more of its price than can be said afterwards.
    is_told = price == offer.price_wanted and quoted is not None and offer.price_by_hand is None
    keeps_words = is_told and not is_news and not offer.price_why.startswith(STAYS)
    return Plan(price, quoted, offer.price_why if keeps_words else kept(found.why), rule=by)


class Desk:
    """Some offers, locked in the order of their ids, whose prices are changed and stored together.

    Use it inside a transaction. What the prices depend on is read after the locks are held, so of
    two who change the same offers the second sees what the first did.
    """

    def __init__(self, ids: Iterable[int], now: datetime) -> None:
        self.now = now
        rows = Offer.objects.filter(pk__in=sorted(set(ids)))
        locked = rows.select_for_update(of=("self",), no_key=True)
        self.offers = list(locked.order_by("pk"))
        self.done = Settlement(looked=len(self.offers))
        self._rows = Rows(Offer)
        self._rows.watch(self.offers)
        self._stood = {row.pk: row.price_standing for row in self.offers}
        self._changes: list[PriceChange] = []

    @cached_property
    def facts(self) -> PriceFacts:
        return price_facts.load(self.offers, self.now)

    def settle(self, offer: Offer, reason: Reason, *, is_released: bool = False) -> None:
        """Bring one offer's price up to date with its rows."""
        found = plan(offer, self.facts, is_news=reason.is_news, is_released=is_released)
        self.put(offer, found, reason)

    def put(self, offer: Offer, found: Plan, reason: Reason) -> None:
        """Give an offer this price, and remember the change."""
        if found.stay:
            self.done.stays[offer.pk] = found.stay
        if found.price != offer.price_wanted:
            self._changes.append(self._change(offer, found, reason))
            self.done.changed += 1
        if found.price != offer.price_wanted or reason.is_news:
            offer.retry_at = None
        if found.price != offer.price_wanted and found.price == offer.price_sent:
            # Nothing is left to be sent, so nothing would take the old refusal away.
            offer.problem = ""
        offer.price_wanted, offer.price_quoted = found.price, found.quoted
        offer.price_quoted_by, offer.price_why = found.rule, found.why

    def _change(self, offer: Offer, found: Plan, reason: Reason) -> PriceChange:
        return PriceChange(
            offer=offer,
            at=self.now,
            old=offer.price_wanted,
            new=found.price,
            currency=offer.currency,
            cause=reason.cause,
            rule=reason.rule,
            run=reason.run,
            why=found.why,
            by=reason.by,
        )

    def store(self, *, checks: bool = True) -> Settlement:
        """Write what differs, and the history of it; listings become ready or incomplete by it.

        Without `checks` the caller does that afterward (R36).
        """
        self._rows.store()
        many.insert(self._changes)
        self._changes = []
        if checks:
            turned = {row.listing_id for row in self.offers if self._turned(row)}
            completeness.refresh_readiness(sorted(turned), by="prices")
        return self.done

    def _turned(self, offer: Offer) -> bool:
        """Whether the price came to be one that can be published, or is one no more."""
        before, after = self._stood[offer.pk], offer.price_standing
        return before != after and not all(self._fits(offer, one) for one in (before, after))

    def _fits(self, offer: Offer, standing: tuple[Decimal | None, bool]) -> bool:
        price, has_source = standing
        if price is None or not self.facts.region(offer).takes(price):
            return False
        catalog = None if has_source else self.facts.catalog_price(offer)
        return has_source or (catalog is not None and catalog.currency == offer.currency)


def settle(ids: Iterable[int], reason: Reason, *, now: datetime, checks: bool = True) -> Settlement:
    """Work the prices of these offers (ids) out again, 500 at a time, each time all or none.

    Without `checks` the caller checks afterward whether their listings are ready.
    """
    total = Settlement()
    for some in batches(sorted(set(ids))):
        with transaction.atomic():
            desk = Desk(some, now)
            for offer in desk.offers:
                desk.settle(offer, reason)
            total.add(desk.store(checks=checks))
    return total


def give_first(offers: Sequence[Offer]) -> None:
    """Give offers that are not stored yet their first price; that is no change of one."""
    for some in batches(offers):
        facts = price_facts.load(some, timezone.now())
        for offer in some:
            found = plan(offer, facts)
            offer.price_wanted, offer.price_why = found.price, found.why


def refresh_prices(variants: Iterable[int], *, by: str = "catalog") -> int:
    """Bring the wanted prices of these variants' offers up to date; return how many changed.

    Where nothing can differ it is one query. The caller checks afterward whether their listings
    are ready.
    """
    changed = 0
    now = timezone.now()
    reason = Reason(PriceCause.CATALOG, by, is_news=False)
    for some in batches(sorted(set(variants))):
        for offers in batches(_not_plain().filter(variant__in=some).order_by("pk")):
            facts = price_facts.load(offers, now)
            differing = [one.pk for one in offers if not plan(one, facts).is_in(one)]
            changed += settle(differing, reason, now=now, checks=False).changed
    return changed


def _not_plain() -> OfferQuerySet:
    """All but the offers that show the catalog's price, with nothing that could change that."""
    rules = PriceRule.objects.filter(shop=OuterRef("listing__shop"))
    own = Q(price_by_hand__isnull=False) | Q(price_quoted__isnull=False)
    own |= Q(price_floor__isnull=False) | Q(price_ceiling__isnull=False)
    differs = Q(price_wanted__isnull=True) | Q(variant__price__isnull=True)
    differs |= ~Q(price_wanted=F("variant__price")) | ~Q(currency=F("variant__currency"))
    is_odd = Q(variant__map_price__isnull=False) | ~Q(price_why=BY_CATALOG)
    return Offer.objects.filter(own | differs | is_odd | Exists(rules))


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    iterator = iter(rows)
    while some := list(islice(iterator, size)):
        yield some
