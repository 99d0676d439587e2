"""What can be done with price rules: pause, resume, run now, try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.admin import price_dry_run
from catalog.admin.hurry import hurry_prices
from catalog.admin.price_rule_forms import PauseForm
from catalog.models import PriceRule, Shop
from catalog.services import price_asks, price_rules
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.batch import run_batch

CHANGE = "catalog.change_pricerule"
RELATED = ("shop__merchant", "listing__product", "tag")


def _rules(ids: list[int]) -> QuerySet[PriceRule]:
    return PriceRule.objects.filter(pk__in=ids).select_related(*RELATED)


def _shops(rules: Iterable[PriceRule]) -> list[Shop]:
    return list({rule.shop_id: rule.shop for rule in rules}.values())


def pause(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rules = list(_rules(ids))
    return run_batch(
        "Paused",
        rules,
        lambda rule: price_rules.pause(rule, why=given.get("why") or "", by=who(request)),
    )


def resume(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rules, now = list(_rules(ids)), timezone.now()
    report = run_batch(
        "Resumed", rules, lambda rule: price_rules.resume(rule, by=who(request), now=now)
    )
    hurry_prices(_shops(rules))
    return report


def run_now(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rules, now = list(_rules(ids)), timezone.now()
    report = run_batch(
        "Running now, in the background:",
        rules,
        lambda rule: price_asks.run_now(rule, by=who(request), now=now),
    )
    hurry_prices(_shops(rules))
    return report


VERBS = (
    price_dry_run.OF_RULE,
    Verb(
        "run_now", "Run now", CHANGE, run=run_now, button="Run now",
        applies=lambda row: not row.is_paused,
    ),
    Verb(
        "pause", "Pause", CHANGE, run=pause, form=PauseForm, button="Pause",
        applies=lambda row: not row.is_paused,
        explanation="Prices stay as they are until the rule is resumed.",
    ),
    Verb(
        "resume", "Resume", CHANGE, run=resume, button="Resume",
        applies=lambda row: row.is_paused,
    ),
)  # fmt: skip
