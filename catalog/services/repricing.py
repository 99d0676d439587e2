"""Running price rules over their offers, and trying one without changing anything (R91-R94, B12).

`now` is a parameter everywhere: what is on sale, sold, due and in force is judged at that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from catalog.models import Offer, PriceCause, PriceRule, PriceRun, Shop
from catalog.pricing.base import Quote, Stay
from catalog.services import price_facts, price_scope, quoting, wanted_prices
from catalog.services.price_facts import PriceFacts, kept
from catalog.services.wanted_prices import BATCH, Desk, Plan, Reason
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money

OWN_PRICE = "It has an own price, which rules leave alone."
#: A run tells so many different reasons one by one; velocity has one for each figure sold.
MOST_REASONS = 50
OTHER_REASONS = "Other reasons; they stand at the offers."


@dataclass
class RepricingReport:
    """What the due rules of a shop did."""

    rules: int = 0
    looked: int = 0
    changed: int = 0
    held: int = 0
    problems: list[str] = field(default_factory=list)
    is_complete: bool = True

    def summary(self) -> str:
        text = (
            f"{self.rules:,} price rules run over {self.looked:,} offers: "
            f"{self.changed:,} prices changed, {self.held:,} left as they were with a reason"
        )
        return f"{text}; {len(self.problems):,} rules cannot run" if self.problems else text


@dataclass(frozen=True)
class DryRow:
    """What a rule would do with one offer; money is in the shop's currency, None where none is.

    `quoted` is the strategy's price before any limits, `settled` the price that would be wanted;
    `change` is settled less current. `is_held`: it may not move, and `why` says what keeps it.
    """

    offer: Offer
    current: Money | None
    quoted: Money | None
    settled: Money | None
    why: str
    change: Decimal | None
    is_held: bool = False


def due_shops(now: datetime) -> set[int]:
    """Ids of active shops with rules to run or prices to work out again."""
    active = Shop.objects.active()
    rules = PriceRule.objects.filter(shop__in=active)
    due = set(rules.due(now).values_list("shop", flat=True))
    turning = set((rules.over(now) | rules.beginning(now)).values_list("shop", flat=True))
    marked = active.filter(prices_to_settle_after__isnull=False)
    return due | turning | set(marked.values_list("pk", flat=True))


def run_due(
    shop: Shop, now: datetime, *, until: Callable[[], bool] = lambda: False
) -> RepricingReport:
    """Run every rule of a shop that is due; one that cannot run says why, and the others go on."""
    report = RepricingReport()
    if not shop.is_active:
        return report
    mark_turned(shop, now)
    changed, is_complete = settle_marked(shop, now, until=until)
    report.changed += changed
    rules = PriceRule.objects.filter(shop=shop).due(now).select_related("shop")
    for rule in rules.order_by("position", "pk"):
        if not is_complete or until():
            report.is_complete = False
            break
        try:
            ran = run(rule, now, until=until)
        except Refused as error:
            report.problems.append(f"{rule}: {error.message}")
            _finish_rule(rule, now, error.message)
            continue
        report.rules += 1
        report.looked += ran.looked
        report.changed += ran.changed
        report.held += ran.held
        is_complete = ran.ended_at is not None
        report.is_complete = is_complete
    return report


def mark_turned(shop: Shop, now: datetime) -> None:
    """Prices are to follow what counts without rules that ended, and with those that began.

    A rule that begins bounds prices from then on, even if it cannot run.
    """
    rules = PriceRule.objects.filter(shop=shop)
    with transaction.atomic():
        ended = rules.over(now).update(is_closed=True)
        begun = rules.beginning(now).update(is_begun=True)
        if ended or begun:
            Shop.objects.filter(pk=shop.pk).update(prices_to_settle_after=0)


def settle_marked(
    shop: Shop, now: datetime, *, until: Callable[[], bool] = lambda: False
) -> tuple[int, bool]:
    """Work out the prices that a changed rule left marked: how many moved, and if all is done.

    A rule that changes meanwhile marks all of the shop again, and the walk begins anew.
    """
    changed = 0
    reason = Reason(PriceCause.RULE, "changed price rules")
    while True:
        after = Shop.objects.values_list("prices_to_settle_after", flat=True).get(pk=shop.pk)
        if after is None:
            return changed, True
        if until():
            return changed, False
        rows = Offer.objects.filter(listing__shop=shop, pk__gt=after).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:BATCH])
        with transaction.atomic():
            changed += wanted_prices.settle(ids, reason, now=now).changed
            mark = ids[-1] if ids else None
            Shop.objects.filter(pk=shop.pk, prices_to_settle_after=after).update(
                prices_to_settle_after=mark
            )


def run(
    rule: PriceRule, now: datetime, *, until: Callable[[], bool] = lambda: False, by: str = ""
) -> PriceRun:
    """Run one rule over its offers, 500 at a time; a run that was cut short goes on.

    A run without `ended_at` has more to do. Raises `Refused`, before any price moves, if the rule
    is paused or cannot run.
    """
    if rule.is_paused:
        raise Refused(f"“{rule}” is paused: {rule.paused_why or 'resume it first'}.")
    quoting.check(rule)
    ran, _ = PriceRun.objects.get_or_create(
        rule=rule,
        ended_at=None,
        defaults={"shop": rule.shop, "rule_name": rule.name, "by": by or "schedule"},
    )
    while not until():
        if not _round(rule, ran, now):
            ran.ended_at = now
            ran.save()
            _finish_rule(rule, now, "")
            break
    return ran


def _finish_rule(rule: PriceRule, now: datetime, problem: str) -> None:
    rule.last_run_at, rule.problem = now, problem
    rule.next_run_at = now + timedelta(minutes=rule.every_minutes)
    rule.save(update_fields=["last_run_at", "next_run_at", "problem", "updated_at"])


@transaction.atomic
def _round(rule: PriceRule, ran: PriceRun, now: datetime) -> bool:
    """Price the next offers; return whether there were any."""
    # Held until the round is stored: once a person has paused it, it moves nothing more.
    in_force = PriceRule.objects.filter(pk=rule.pk, is_paused=False)
    if in_force.select_for_update(of=("self",), no_key=True).first() is None:
        return False
    rows = price_scope.offers_under(rule).filter(pk__gt=ran.position).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if not ids:
        return False
    desk = Desk(ids, now)
    own = [offer for offer in desk.offers if desk.facts.rule(offer) == rule]
    loaded = quoting.load(rule, own, now) if rule.strategy else quoting.Loaded()
    reason = Reason(PriceCause.RULE, rule.name, rule=rule, run=ran, is_news=False)
    held: Counter[str] = Counter(ran.reasons)
    for offer in own:
        found, stay = _planned(rule, offer, desk.facts, loaded)
        desk.put(offer, found, reason)
        if stay:
            ran.held += 1
            held[stay if stay in held or len(held) < MOST_REASONS else OTHER_REASONS] += 1
    ran.looked += len(own)
    ran.changed += desk.store().changed
    ran.position, ran.reasons = ids[-1], dict(held)
    ran.save()
    return True


def _planned(
    rule: PriceRule, offer: Offer, facts: PriceFacts, loaded: quoting.Loaded
) -> tuple[Plan, str]:
    """What the offer's row should say after this run; and why its price stays, if it does.

    Even a price that stays is brought within bounds that moved meanwhile.
    """
    if not rule.strategy or offer.price_by_hand is not None:
        found = wanted_prices.plan(offer, facts)
        return found, found.stay or (OWN_PRICE if offer.price_by_hand is not None else "")
    settled = quoting.within(_asked(rule, offer, facts, loaded), offer, facts)
    if isinstance(settled, Stay):
        return wanted_prices.plan(offer, facts), settled.why
    amount = settled.price.amount
    return Plan(amount, amount, kept(settled.why), rule=rule), ""


def _asked(
    rule: PriceRule, offer: Offer, facts: PriceFacts, loaded: quoting.Loaded
) -> Quote | Stay:
    """What the strategy says; it does not go on from the price of a rule that counted before it."""
    if offer.price_quoted is not None and offer.price_quoted_by_id != rule.pk:
        begun = copy(offer)
        begun.price_wanted = wanted_prices.plan(offer, facts).price
        return quoting.quote(rule, begun, facts, loaded)
    return quoting.quote(rule, offer, facts, loaded)


def dry_run(rule: PriceRule, offers: Iterable[Offer], now: datetime) -> Iterator[DryRow]:
    """Yield what a rule would do with these offers, as if it counted for all of them.

    The rule need not be stored. Nothing is written. Queries are constant for 500 offers. Raises
    `Refused` if the rule cannot run.
    """
    quoting.check(rule)
    for some in wanted_prices.batches(offers):
        yield from _tried(rule, some, now)


def _tried(rule: PriceRule, offers: Sequence[Offer], now: datetime) -> Iterator[DryRow]:
    facts = price_facts.load(offers, now, instead=rule)
    loaded = quoting.load(rule, offers, now) if rule.strategy else quoting.Loaded()
    for offer in offers:
        current = _money(offer.price_wanted, offer)
        asked: Quote | Stay = Stay(OWN_PRICE)
        if offer.price_by_hand is None:
            asked = _asked(rule, offer, facts, loaded) if rule.strategy else Stay("")
        found, stay = _planned(rule, offer, facts, loaded)
        settled = _money(found.price, offer)
        yield DryRow(
            offer=offer,
            current=current,
            quoted=asked.price if isinstance(asked, Quote) else None,
            settled=settled,
            why=stay or found.why,
            change=settled.amount - current.amount if settled and current else None,
            is_held=bool(stay),
        )


def _money(amount: Decimal | None, offer: Offer) -> Money | None:
    return None if amount is None else Money(amount, offer.currency)
