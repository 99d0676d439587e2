"""Making, changing, pausing and deleting price rules; prices follow in the same transaction.

Where a rule is set on more offers than one transaction should hold, the shop is marked instead,
and the job “reprice” works its prices out again. Doors nudge that job after each of these verbs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from catalog.models import Merchant, Offer, PriceCause, PriceEnding, PriceRule, PriceRun, Shop
from catalog.pricing import strategies
from catalog.pricing.spec import InvalidSettings
from catalog.services import price_scope, wanted_prices
from catalog.services.wanted_prices import BATCH, Reason, Settlement
from marketplace.kernel.errors import Refused

MOST_MINUTES = 60 * 24 * 30


class InvalidRule(Refused):
    """A rule that cannot be kept; `problems` has a sentence by field, settings by their own key."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@transaction.atomic
def save(rule: PriceRule, *, by: str, now: datetime) -> Settlement:
    """Store a new or changed rule, let it run at once, and bring the prices under it up to date.

    Raises `InvalidRule` with everything that is wrong. The `Settlement` counts the prices that
    moved here; those of a large scope follow in the job.
    """
    # Of two rules that would mirror each other, saved at once, the second sees the first.
    Merchant.objects.select_for_update(no_key=True).get(pk=rule.shop.merchant_id)
    check(rule)
    before = PriceRule.objects.filter(pk=rule.pk).first() if rule.pk else None
    left = _ids(before) if before else set()
    rule.by = rule.by or by
    rule.problem = ""
    rule.next_run_at = now
    rule.is_begun = rule.starts_at is None or rule.starts_at <= now
    rule.is_closed = rule.ends_at is not None and rule.ends_at <= now
    rule.save()
    _end_runs(rule, now)
    return _settle(rule, left | _ids(rule), by, now)


@transaction.atomic
def pause(rule: PriceRule, *, why: str, by: str) -> None:
    """Let prices stay as they are until the rule is resumed; a run under way stops."""
    words = f"{why.strip() or 'Paused'} ({by})"
    rule.is_paused, rule.paused_why = True, words[:200]
    rule.save(update_fields=["is_paused", "paused_why", "updated_at"])


@transaction.atomic
def resume(rule: PriceRule, *, by: str, now: datetime) -> Settlement:
    """Let a paused rule go on: it runs at once."""
    _end_runs(rule, now)
    rule.is_paused, rule.paused_why, rule.next_run_at, rule.problem = False, "", now, ""
    rule.save(update_fields=["is_paused", "paused_why", "next_run_at", "problem", "updated_at"])
    return _settle(rule, _ids(rule), by, now)


@transaction.atomic
def delete(rule: PriceRule, *, by: str, now: datetime) -> Settlement:
    """Delete a rule: prices go back to what counts without it, and its history stays."""
    ids = _ids(rule)
    _end_runs(rule, now)
    # Its offers forget it; they are locked in the order in which everybody locks them.
    locked = PriceRule.objects.filter(pk=rule.pk).select_for_update(of=("self",), no_key=True)
    offers = Offer.objects.filter(price_quoted_by__in=list(locked)).order_by("pk")
    list(offers.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    shop, name = rule.shop_id, rule.name
    rule.delete()
    return _settle_shop(shop, ids, Reason(PriceCause.RULE, f"{by}: “{name}” deleted"), now)


def check(rule: PriceRule) -> None:
    """Raise `InvalidRule` with everything that is wrong with it; clean its settings."""
    problems = dict(_problems(rule))
    if not problems.keys() & {"strategy", "shop"}:
        problems |= _clean_settings(rule)
    if problems:
        raise InvalidRule(problems)


def _problems(rule: PriceRule) -> Iterator[tuple[str, str]]:
    if not rule.name.strip():
        yield "name", "Give the rule a name: it is shown as the reason of its prices."
    yield from _scope_problems(rule)
    if rule.strategy and rule.strategy not in strategies:
        yield "strategy", f"There is no strategy “{rule.strategy}”."
    yield from _limit_problems(rule)
    if rule.ending not in PriceEnding.values:
        yield "ending", f"“{rule.ending}” is not one of the endings."
    if not 1 <= rule.every_minutes <= MOST_MINUTES:
        yield "every_minutes", f"It runs every 1 to {MOST_MINUTES:,} minutes."
    if rule.starts_at and rule.ends_at and rule.starts_at >= rule.ends_at:
        yield "ends_at", "It must end after it starts."


def _scope_problems(rule: PriceRule) -> Iterator[tuple[str, str]]:
    if rule.listing is not None and rule.tag is not None:
        yield "tag", "A rule is set on a listing or on a tag, not on both."
    if rule.listing is not None and rule.listing.shop_id != rule.shop_id:
        yield "listing", f"{rule.listing} is not a listing of {rule.shop}."
    if rule.tag is not None and rule.tag.merchant_id != rule.shop.merchant_id:
        yield "tag", f"The tag “{rule.tag}” belongs to another merchant."
    same = PriceRule.objects.filter(shop=rule.shop_id, listing=rule.listing_id, tag=rule.tag_id)
    if other := same.exclude(pk=rule.pk).first():
        yield (
            "tag" if rule.tag_id else "listing",
            f"There is a rule for {rule.scope} already: “{other}”. Change that one.",
        )


def _limit_problems(rule: PriceRule) -> Iterator[tuple[str, str]]:
    for name, words in (("floor", "The floor"), ("ceiling", "The ceiling")):
        amount = getattr(rule, name)
        if amount is not None and amount <= 0:
            yield name, f"{words} must be above zero, or empty."
    if rule.floor is not None and rule.ceiling is not None and rule.floor > rule.ceiling:
        yield "ceiling", f"The ceiling {rule.ceiling} is below the floor {rule.floor}."
    if not Decimal(0) <= rule.fee_percent < 100:
        yield "fee_percent", "The fee is 0 % or more, and less than 100 %."
    if rule.margin_percent < 0:
        yield "margin_percent", "The margin is 0 % or more."
    if rule.fulfillment_cost is not None and rule.fulfillment_cost < 0:
        yield "fulfillment_cost", "The fulfillment cost is 0 or more, or empty."
    if rule.most_change_percent is not None and rule.most_change_percent <= 0:
        yield "most_change_percent", "The largest change must be above zero, or empty for none."


def _clean_settings(rule: PriceRule) -> dict[str, str]:
    if not rule.strategy:
        rule.settings = {}
        return {}
    try:
        rule.settings = strategies.get(rule.strategy).clean(rule.settings)
    except InvalidSettings as error:
        return error.problems
    source = strategies.get(rule.strategy).needs(rule.settings).source_shop
    problem = _source_problem(rule, source) if source else ""
    return {"source": problem} if problem else {}


def _source_problem(rule: PriceRule, source: int) -> str:
    shop = Shop.objects.filter(pk=source, merchant=rule.shop.merchant_id).first()
    if shop is None:
        return "The shop to copy from is not one of this merchant's: choose another."
    if source == rule.shop_id:
        return "A shop cannot copy its own prices: choose another shop, or the catalog."
    copies = _copies(rule)
    reached, ahead = {source}, [source]
    while ahead:
        for further in copies[ahead.pop()] - reached:
            reached.add(further)
            ahead.append(further)
    if rule.shop_id in reached:
        return (
            f"{shop} copies its prices from {rule.shop}, directly or through other shops: they "
            "would follow each other without end. Choose another shop, or the catalog."
        )
    return ""


def _copies(rule: PriceRule) -> dict[int, set[int]]:
    """Which shops each of the merchant's shops copies from, by all rules but this one."""
    others = PriceRule.objects.filter(shop__merchant=rule.shop.merchant_id).exclude(pk=rule.pk)
    copies: dict[int, set[int]] = defaultdict(set)
    for shop, name, settings in others.values_list("shop", "strategy", "settings"):
        if name in strategies:
            source = strategies.get(name).needs(settings).source_shop
            if source:
                copies[shop].add(source)
    return copies


def _ids(rule: PriceRule) -> set[int]:
    """The offers it is set on, as far as one transaction should go, and one more."""
    return set(price_scope.offers_under(rule).values_list("pk", flat=True)[: BATCH + 1])


def _end_runs(rule: PriceRule, now: datetime) -> None:
    """A run that is under way was of the rule as it was; the next begins anew."""
    PriceRun.objects.filter(rule=rule, ended_at=None).update(ended_at=now)


def _settle(rule: PriceRule, ids: set[int], by: str, now: datetime) -> Settlement:
    return _settle_shop(rule.shop_id, ids, Reason(PriceCause.RULE, by, rule=rule), now)


def _settle_shop(shop: int, ids: set[int], reason: Reason, now: datetime) -> Settlement:
    if len(ids) <= BATCH:
        return wanted_prices.settle(ids, reason, now=now)
    Shop.objects.filter(pk=shop).update(prices_to_settle_after=0)
    return Settlement()
