"""The history of prices: reading it for charts, and taking back a change or a whole run (B12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from catalog.models import Offer, PriceCause, PriceChange, PriceRule, PriceRun
from catalog.services import own_prices, price_rules
from catalog.services.wanted_prices import BATCH, Desk, Reason
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused


@dataclass(frozen=True)
class Point:
    """From a moment (UTC) on, an offer's price in its currency was this; None where it had none."""

    at: datetime
    price: Decimal | None


def series(
    offers: Iterable[Offer], *, since: datetime, until: datetime
) -> Mapping[int, Sequence[Point]]:
    """The price wanted of each offer over time, by offer id, for charts: two queries.

    The first point stands at `since`, or when the offer was made; the last at `until`.
    """
    rows = list(offers)
    ids = [row.pk for row in rows]
    found: dict[int, list[PriceChange]] = defaultdict(list)
    later = PriceChange.objects.filter(offer__in=ids, at__gte=since).order_by("at", "pk")
    for change in later:
        found[change.offer_id].append(change)
    points: dict[int, list[Point]] = {}
    for row in rows:
        changes = found[row.pk]
        start = changes[0].old if changes else row.price_wanted
        line = [Point(max(since, row.created_at) if not changes else since, start)]
        line += [Point(change.at, change.new) for change in changes if change.at <= until]
        points[row.pk] = [*line, Point(until, line[-1].price)]
    return points


def rollback_change(change: PriceChange, *, by: str, now: datetime) -> BatchReport:
    """Give the offer the price it had before a change, as its own price.

    Rules and the catalog leave it alone until a person takes the own price away.
    """
    if change.old is None:
        raise Refused("There was no price before this change, so there is none to go back to.")
    own = {change.offer_id: {"price_by_hand": change.old}}
    report = own_prices.set_own(own, by=by, now=now, verb="Rolled back", cause=PriceCause.ROLLBACK)
    if report.refused:
        raise Refused(next(iter(report.refused)))
    return report


def rollback_run(run: PriceRun, *, by: str, now: datetime) -> BatchReport:
    """Put back every price that still is as the run left it, and pause the rule.

    An offer whose price changed since, or that another rule or an own price decides, is skipped,
    and the report says how many.
    """
    rule = PriceRule.objects.select_related("shop").filter(runs=run).first()
    if rule is None:
        raise Refused("The rule of this run was deleted: its prices have gone back already.")
    if run.rolled_back_at:
        raise Refused(f"This run was rolled back already, {run.rolled_back_at:%Y-%m-%d %H:%M} UTC.")
    # Paused first: a run that is under way stops, and none begins while prices go back.
    price_rules.pause(rule, why=f"Run {run.pk} was rolled back", by=by)
    PriceRun.objects.filter(pk=run.pk, ended_at=None).update(ended_at=now)
    report = BatchReport("Rolled back")
    reason = Reason(PriceCause.ROLLBACK, by, rule=rule, run=run)
    last = 0
    while changes := _changes_of(run, after=last):
        last = changes[-1].offer_id
        _put_back(changes, rule, reason, now, report)
    run.rolled_back_at = now
    run.save(update_fields=["rolled_back_at", "updated_at"])
    return report


def _changes_of(run: PriceRun, *, after: int) -> list[PriceChange]:
    """The run's changes, one for each of the next offers."""
    changes = PriceChange.objects.filter(run=run, cause=PriceCause.RULE, offer__gt=after)
    return list(changes.order_by("offer_id", "-pk")[:BATCH])


@transaction.atomic
def _put_back(
    changes: Sequence[PriceChange],
    rule: PriceRule,
    reason: Reason,
    now: datetime,
    report: BatchReport,
) -> None:
    of_run = {change.offer_id: change for change in changes}
    desk = Desk(of_run, now)
    newest = PriceChange.objects.filter(offer__in=of_run).order_by().values("offer")
    last = dict(newest.annotate(last=Max("pk")).values_list("offer", "last"))
    for offer in desk.offers:
        change = of_run[offer.pk]
        if offer.price_by_hand is not None:
            report.skipped["it has an own price now"] += 1
        elif last[offer.pk] != change.pk or offer.price_wanted != change.new:
            report.skipped["its price changed since"] += 1
        elif desk.facts.rule(offer) != rule:
            report.skipped["another rule decides its price now"] += 1
        elif change.old is None:
            report.skipped["it had no price before"] += 1
        else:
            offer.price_quoted, offer.price_quoted_by = change.old, rule
            desk.settle(offer, reason)
            report.done += 1
    desk.store()
