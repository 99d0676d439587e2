"""What the pages of cancellations and of returns share: columns, and ways to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.models import Shop
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ago,
    label,
    link_to,
    money,
    two_lines,
)
from marketplace.kernel.admin_verbs import Outcome, VerbForm, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from orders import deadlines
from orders.admin import outgoing
from orders.admin.once import once
from orders.admin.tables import stacked
from orders.asking import AsksReason
from orders.models import AftersaleDecision, AftersaleRequest, Order
from orders.services import cancellations, decisions
from orders.states import DecisionState

HURRY = timedelta(hours=6)


class ApproveForm(VerbForm):
    """Asks once more: an approval cannot be taken back, and the buyer's money goes back by it."""

    def preview(self) -> list[str]:
        """How much money it is about, by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            if row.refund is not None:
                sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.refund
        amounts = " and ".join(f"{amount:,} {currency}" for currency, amount in sums.items())
        return [f"Refund to the buyer: {amounts or 'as the channel decides'}."]


class DeclineForm(AsksReason, VerbForm):
    """One of the channel's own reasons, for requests of one kind from one shop."""

    reason = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    comment = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The buyer may read it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(self.rows.select_related("shop"))
        if len({(row.shop_id, getattr(row, "kind", ""), row.state) for row in rows}) != 1:
            raise Refused(
                "The reasons differ by shop and by kind of request: select requests of one kind "
                "from one shop."
            )
        self.offer_reasons(cancellations.decline_reasons(rows[0]))


@dataclass(frozen=True)
class Answers:
    """How requests of one model are answered: by its services, a worker then tells the channel."""

    model: type[AftersaleRequest]
    approve_one: Callable[..., AftersaleDecision]
    decline_one: Callable[..., AftersaleDecision]

    def approve(self, request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        """The `run` of a verb."""
        name = who(request)
        return self._answer("Approved", ids, lambda row: self.approve_one(row, by=name))

    def decline(self, request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        """The `run` of a verb with a `DeclineForm`."""
        said = {"comment": given["comment"], "by": who(request)}
        reason = given["reason"]
        return self._answer("Declined", ids, lambda row: self.decline_one(row, reason, **said))

    def may(self, row: AftersaleRequest) -> bool:
        """Whether there is an answer to give."""
        return self._rows.to_answer().filter(pk=row.pk).exists()

    def _answer(self, words: str, ids: list[int], act: Callable[[Any], object]) -> Outcome:
        rows = self._rows.filter(pk__in=ids).order_by("pk")
        report = run_batch(words, rows.select_related("shop"), act)
        if report.done:
            hurry(Shop.objects.filter(pk__in=rows.values("shop")))
        return report

    @property
    def _rows(self) -> Any:
        return self.model._default_manager.all()


def hurry(shops: QuerySet[Shop]) -> None:
    """Decisions are told by schedule anyway; ask for it now."""
    outgoing.hurry("tell_decisions", "Tell decisions", shops.filter(pk__in=Shop.objects.active()))


class AftersaleAdmin(ReadOnlyAdmin):
    """A list of requests, soonest answer first, and the page of one."""

    list_select_related = ("shop__merchant", "channel_order")
    list_filter: tuple[Any, ...] = (
        ("shop", AutocompleteSelectFilter),
        ("merchant", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("asked_by", ChoicesDropdownFilter),
    )
    search_fields: tuple[str, ...] = ("order_external_id", "external_id")
    search_help_text = "Search by order id or request id"

    def prepare_page(self, rows: list[Any]) -> None:
        prefetch_related_objects(rows, "decisions")

    @admin.display(description="Order", ordering="order_external_id")
    def order_and_shop(self, row: AftersaleRequest) -> object:
        """The order id, its shop with the merchant on hover, and how long ago it was asked."""
        shop = format_html('<span title="{}">{}</span>', row.shop.merchant, row.shop.name)
        return stacked(row.order_external_id, shop, ago(row.created_on_channel_at))

    @admin.display(description="Answer by", ordering="respond_by")
    def countdown(self, row: Any) -> object:
        """How much time is left, while there is an answer to give."""
        decision = _standing_decision(row)
        if decision is not None and decision.state != DecisionState.SENT:
            return label(f"{decision.get_verdict_display()}: being told", "info")
        if row.respond_by is None or decision is not None:
            return "–"
        now = timezone.now()
        words = deadlines.time_to_answer(row.respond_by, now)
        color = "danger" if row.respond_by - now < HURRY else "warning"
        hints = [deadlines.ANSWER_LATE] if row.respond_by < now else []
        return stacked(label(words, color), *hints)

    @admin.display(description="Refund", ordering="refund")
    def amount(self, row: AftersaleRequest) -> object:
        return money(row.refund, row.currency)

    @admin.display(description="Reason", ordering="reason")
    def why(self, row: AftersaleRequest) -> object:
        return two_lines(row.reason or "–", f"Asked by the {row.get_asked_by_display().lower()}")

    @admin.display(description="Shop")
    def shop_link(self, row: AftersaleRequest) -> object:
        return link_to(row.shop)

    @admin.display(description="Answer by")
    def answer_by(self, row: AftersaleRequest) -> object:
        if row.respond_by is None:
            return "No answer is asked for"
        at = display_for_value(timezone.localtime(row.respond_by), "")
        now = timezone.now()
        words = f"{at} · {deadlines.time_to_answer(row.respond_by, now)}"
        return f"{words}. {deadlines.ANSWER_LATE}" if row.respond_by < now else words

    @admin.display(description="Order here")
    @once
    def parts(self, row: AftersaleRequest) -> object:
        found: list[Order] = decisions.parts_with(row.channel_order_id, [])
        lines = ((link_to(part, f"{part} · {part.get_state_display()}"),) for part in found)
        words = format_html_join("", '<span class="block">{}</span>', lines)
        return words or f"{row.order_external_id} is not here: placed before the shop connected"

    @admin.display(description="What we said")
    @once
    def said(self, row: Any) -> object:
        lines = ((_decision_words(one),) for one in row.decisions.all())
        return format_html_join("", '<span class="block">{}</span>', lines) or "Nothing yet"


def _standing_decision(row: Any) -> AftersaleDecision | None:
    state = getattr(row, "state", "")
    for decision in row.decisions.all():
        if decision.state != DecisionState.REFUSED and decision.answers in ("", state):
            found: AftersaleDecision = decision
            return found
    return None


def _decision_words(decision: AftersaleDecision) -> str:
    at = display_for_value(timezone.localtime(decision.created_at), "")
    why = f" ({decision.reason_words})" if decision.reason_words else ""
    problem = outgoing.channel_words(decision)
    said = f"{at} · {decision.get_verdict_display()}{why} by {decision.by}"
    return f"{said} · {decision.get_state_display()}{f': {problem}' if problem else ''}"
