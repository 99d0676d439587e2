"""Returns and refunds: answered, followed, and received unit by unit (B7)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.models import FulfillmentCenter
from marketplace.kernel.admin import ReadOnlyInline, ago, colors, label, link_to, money
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from orders.admin.aftersale import AftersaleAdmin, Answers, ApproveForm, DeclineForm
from orders.admin.tables import stacked
from orders.asking import AsksConditions
from orders.models import COMING_BACK, ReturnKind, ReturnLine, ReturnRequest
from orders.services import returns
from orders.states import ReturnState

CHANGE = "orders.change_returnrequest"
RECEIVE = "orders.change_returnline"
ANSWERS = Answers(ReturnRequest, returns.approve, returns.decline)
LABELS = colors(
    ReturnState,
    {
        ReturnState.REQUESTED: "warning",
        ReturnState.AWAITING_BUYER: "info",
        ReturnState.SENT_BACK: "warning",
        ReturnState.APPROVED: "info",
        ReturnState.COMPLETED: "success",
        ReturnState.DECLINED: "danger",
        ReturnState.PARCEL_DECLINED: "danger",
    },
)


class ReceiveForm(AsksConditions, VerbForm):
    """For each unit of one return: whether it arrived, and whether it can be sold again."""

    center = forms.ModelChoiceField(
        FulfillmentCenter.objects.none(),
        label="Sellable units go to",
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="Choose a fulfillment center",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.rows.count() != 1:
            raise Refused("Receive one return at a time.")
        request: ReturnRequest = self.rows.get()
        lines = list(request.lines.filter(received_at=None).select_related("order_line__order"))
        if not lines:
            raise Refused("Every unit of this return was received.")
        self.offer_lines(lines, request.merchant_id, UnfoldAdminSelectWidget)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        return {**cleaned, "conditions": {line.pk: one for line, one in self.conditions.items()}}


def receive(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    conditions = given["conditions"]
    rows = ReturnLine.objects.filter(pk__in=conditions, return_request__in=ids)

    def act(line: ReturnLine) -> None:
        returns.receive(line, conditions[line.pk], by=who(request), center=given["center"])

    related = rows.select_related("return_request__channel_order", "order_line__order__variant")
    return run_batch("Received", related, act)


def may_receive(row: ReturnRequest) -> bool:
    waits = row.state in COMING_BACK and row.kind != ReturnKind.REFUND
    return waits and row.lines.filter(received_at=None).exists()


class LineInline(ReadOnlyInline):
    model = ReturnLine
    verbose_name_plural = "Units"
    fields = ("unit", "amount", "condition", "fulfillment_center", "received", "received_by")
    readonly_fields = fields

    @admin.display(description="Unit")
    def unit(self, row: ReturnLine) -> object:
        name = f"{row.seller_sku or row.title} · unit {row.unit_external_id}"
        return link_to(row.order_line.order, name) if row.order_line else name

    @admin.display(description="Refund")
    def amount(self, row: ReturnLine) -> object:
        return money(row.refund, row.currency)

    @admin.display(description="Received")
    def received(self, row: ReturnLine) -> object:
        return ago(row.received_at, never="not yet")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("order_line__order")


@admin.register(ReturnRequest)
class ReturnAdmin(AftersaleAdmin):
    list_display = (
        "order_and_shop", "countdown", "kind_and_state", "why", "units_and_refund", "parcel",
    )  # fmt: skip
    list_filter = (*AftersaleAdmin.list_filter, ("kind", ChoicesDropdownFilter))
    search_fields = (*AftersaleAdmin.search_fields, "tracking_number", "lines__seller_sku")
    search_help_text = "Search by order id, request id, tracking number or SKU"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("order_external_id", "shop_link"),
                    ("kind_and_state", "answer_by"),
                    ("why", "amount"),
                    ("parcel", "parts"),
                    "said",
                    ("external_id", "raw_status"),
                )
            },
        ),
    )
    readonly_fields = (
        "order_external_id", "shop_link", "kind_and_state", "answer_by", "why", "amount",
        "parcel", "parts", "said", "external_id", "raw_status",
    )  # fmt: skip
    inlines = (LineInline,)
    tabs = (
        ListTab(
            "answer",
            "To answer",
            "Approve or decline, soonest first. When the time is over the channel decides.",
            lambda rows: rows.to_answer(),
        ),
        ListTab(
            "receive",
            "To receive",
            "Units are coming back. Say of each whether it can be sold again.",
            lambda rows: rows.to_receive(),
        ),
        ListTab(
            "buyer",
            "With the buyer",
            "Approved: the buyer is to send them.",
            lambda rows: rows.filter(state=ReturnState.AWAITING_BUYER),
        ),
        ListTab("all", "All", "Refunds, returns and replacements.", lambda rows: rows),
    )
    verbs = (
        Verb(
            name="approve_return",
            label="Approve",
            run=ANSWERS.approve,
            permission=CHANGE,
            form=ApproveForm,
            explanation="The channel pays the money back, or asks the buyer to send the units "
            "first, as the kind of the request says.",
            button="Approve",
            applies=ANSWERS.may,
        ),
        Verb(
            name="decline_return",
            label="Decline",
            run=ANSWERS.decline,
            permission=CHANGE,
            form=DeclineForm,
            button="Decline",
            applies=ANSWERS.may,
            explanation="The buyer sees the reason, and may ask the channel to decide.",
        ),
        Verb(
            name="receive_return",
            label="Mark received",
            run=receive,
            permission=RECEIVE,
            form=ReceiveForm,
            button="Mark received",
            applies=may_receive,
            explanation="Only sellable units go into stock, each once. What is not here yet can be "
            "received later.",
        ),
    )
    empty_hint = "Nothing was asked back. Returns come in by themselves within a few minutes."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("lines")

    @admin.display(description="Kind and state", ordering="state")
    def kind_and_state(self, row: ReturnRequest) -> object:
        return stacked(row.get_kind_display(), label(row.get_state_display(), LABELS[row.state]))

    @admin.display(description="Units and refund", ordering="refund")
    def units_and_refund(self, row: ReturnRequest) -> object:
        return stacked(self.units(row), self.amount(row))

    def units(self, row: ReturnRequest) -> str:
        lines = list(row.lines.all())
        received = sum(line.received_at is not None for line in lines)
        return f"{len(lines):,} ({received:,} received)" if received else f"{len(lines):,}"

    @admin.display(description="Parcel back", ordering="tracking_number")
    def parcel(self, row: ReturnRequest) -> object:
        return stacked(row.carrier or "–", row.tracking_number) if row.tracking_number else "–"
