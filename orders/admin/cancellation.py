"""Cancellations: who asks, how much time is left, and the seller's answer (B7)."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html_join

from marketplace.kernel.admin import colors, label
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Verb
from orders.admin.aftersale import AftersaleAdmin, Answers, ApproveForm, DeclineForm
from orders.admin.once import once
from orders.admin.tables import stacked
from orders.models import CancellationRequest, OrderLine
from orders.services import cancellations
from orders.states import CancellationState

CHANGE = "orders.change_cancellationrequest"
ANSWERS = Answers(CancellationRequest, cancellations.approve, cancellations.decline)
LABELS = colors(
    CancellationState,
    {
        CancellationState.REQUESTED: "warning",
        CancellationState.APPROVED: "info",
        CancellationState.COMPLETED: "success",
        CancellationState.DECLINED: "danger",
    },
)


@admin.register(CancellationRequest)
class CancellationAdmin(AftersaleAdmin):
    list_display = (
        "order_and_shop", "countdown", "state_label", "why", "units_and_refund",
    )  # fmt: skip
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("order_external_id", "shop_link"),
                    ("state_label", "answer_by"),
                    ("why", "amount"),
                    "lines",
                    "parts",
                    "said",
                    ("external_id", "raw_status"),
                )
            },
        ),
    )
    readonly_fields = (
        "order_external_id", "shop_link", "state_label", "answer_by", "why", "amount", "lines",
        "parts", "said", "external_id", "raw_status",
    )  # fmt: skip
    tabs = (
        ListTab(
            "answer",
            "Cancellation requested",
            "Approve or decline, soonest first. When the time is over the channel approves by "
            "itself.",
            lambda rows: rows.to_answer(),
        ),
        ListTab(
            "over",
            "Time is over",
            "Not answered in time: the channel decides, and it is followed here.",
            lambda rows: rows.overdue(timezone.now()),
        ),
        ListTab(
            "refused",
            "Answer refused",
            "The channel did not take the answer. The reason is on each; decide again.",
            lambda rows: rows.filter(
                Q(decisions__state="refused"), state=CancellationState.REQUESTED
            ).distinct(),
        ),
        ListTab("all", "All", "By buyers, by us and by the channel.", lambda rows: rows),
    )
    verbs = (
        Verb(
            name="approve_cancellation",
            label="Approve",
            run=ANSWERS.approve,
            permission=CHANGE,
            form=ApproveForm,
            explanation="The channel cancels what the buyer asked for and pays the money back. "
            "The stock held for it is free again then.",
            button="Approve cancellation",
            applies=ANSWERS.may,
        ),
        Verb(
            name="decline_cancellation",
            label="Decline",
            run=ANSWERS.decline,
            permission=CHANGE,
            form=DeclineForm,
            button="Decline cancellation",
            applies=ANSWERS.may,
            explanation="The order goes on and is to be shipped. The buyer sees the reason.",
        ),
    )
    empty_hint = "Nobody wants to cancel. Requests come in by themselves within a few minutes."

    @admin.display(description="State", ordering="state")
    def state_label(self, row: CancellationRequest) -> object:
        return label(row.get_state_display(), LABELS[row.state])

    def units(self, row: CancellationRequest) -> str:
        return f"{len(row.unit_ids):,}" if row.unit_ids else "All"

    @admin.display(description="Units and refund", ordering="refund")
    def units_and_refund(self, row: CancellationRequest) -> object:
        return stacked(self.units(row), self.amount(row))

    @admin.display(description="Units to cancel")
    @once
    def lines(self, row: CancellationRequest) -> object:
        found = OrderLine.objects.filter(
            order__channel_order=row.channel_order_id, external_id__in=row.unit_ids
        )
        words = (
            (f"{line.order.seller_sku or line.order.part} · {line.order.title}", line.external_id)
            for line in found.select_related("order").order_by("pk")
            if row.channel_order_id
        )
        listed = format_html_join("", '<span class="block">{} · unit {}</span>', words)
        return listed or ", ".join(row.unit_ids) or "The whole order"
