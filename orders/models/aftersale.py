from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import FulfillmentCenter, Merchant, Shop
from marketplace.kernel.models import Stamped
from orders.models.channel_order import ChannelOrder
from orders.models.order import OrderLine
from orders.models.outgoing import Outgoing, OutgoingQuerySet, Steps
from orders.states import CancellationState, DecisionState, ReturnState, decision_machine


class AftersaleCursor(Stamped):
    """Up to which changes (UTC) a shop's cancellations and returns were read."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="aftersale_cursor")
    cancellations_through = models.DateTimeField()
    returns_through = models.DateTimeField()
    last_run_at = models.DateTimeField("Last looked", null=True, blank=True)
    last_result = models.TextField(blank=True)

    class Meta:
        verbose_name = "aftersale reading"
        verbose_name_plural = "aftersale readings"

    def __str__(self) -> str:
        return f"{self.shop}: {self.cancellations_through:%Y-%m-%d %H:%M:%S} UTC"


class Asker(models.TextChoices):
    """Who began a cancellation or return."""

    BUYER = "buyer", "Buyer"
    SELLER = "seller", "Seller"
    CHANNEL = "channel", "Channel"


class AftersaleRequest(Stamped):
    """What cancellations and returns have in common: an order, a reason, an amount, a time.

    The channel order is not known while its order is not here, as one placed before the shop was
    connected never is; the request is shown all the same, because its time runs.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="%(class)ss")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="%(class)ss")
    channel_order = models.ForeignKey(
        ChannelOrder, models.PROTECT, null=True, blank=True, related_name="%(class)ss"
    )
    external_id = models.CharField("Request id on the channel", max_length=60)
    order_external_id = models.CharField("Order id on the channel", max_length=60)
    raw_status = models.CharField("Status on the channel", max_length=60, blank=True)
    asked_by = models.CharField(max_length=10, choices=Asker.choices, default=Asker.BUYER)
    reason = models.CharField(max_length=300, blank=True)
    refund = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    respond_by = models.DateTimeField("Answer by", null=True, blank=True)
    created_on_channel_at = models.DateTimeField("Asked")
    updated_on_channel_at = models.DateTimeField("Changed on the channel")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.order_external_id} · {self.external_id}"


class CancellationQuerySet(models.QuerySet["CancellationRequest"]):
    def to_answer(self) -> CancellationQuerySet:
        """A person must approve or decline, soonest due first."""
        waiting = self.filter(state=CancellationState.REQUESTED, asked_by=Asker.BUYER)
        taken = AftersaleDecision.objects.standing().exclude(cancellation=None)
        return waiting.exclude(pk__in=taken.values("cancellation")).order_by("respond_by", "pk")

    def overdue(self, now: datetime) -> CancellationQuerySet:
        return self.to_answer().filter(respond_by__lt=now)


class CancellationRequest(AftersaleRequest):
    """That somebody wants an order, or some units of it, not to be sent (B7, R78)."""

    state = models.CharField(
        max_length=12, choices=CancellationState.choices, default=CancellationState.REQUESTED
    )
    unit_ids = models.JSONField("Units on the channel", default=list, blank=True)

    objects = CancellationQuerySet.as_manager()

    class Meta:
        verbose_name = "cancellation"
        ordering = ["-created_on_channel_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="a_cancellation_is_stored_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "respond_by"], name="cancellations_by_time"),
            models.Index(fields=["order_external_id"], name="cancellations_of_an_order"),
        ]


class ReturnKind(models.TextChoices):
    REFUND = "refund", "Refund only"
    RETURN = "return", "Return and refund"
    REPLACEMENT = "replacement", "Replacement"


class ReturnQuerySet(models.QuerySet["ReturnRequest"]):
    def to_answer(self) -> ReturnQuerySet:
        """A person must approve or decline the request, or the parcel that came, soonest first."""
        waiting = self.filter(state__in=ANSWERABLE)
        taken = AftersaleDecision.objects.standing().filter(
            return_request=models.OuterRef("pk"), answers=models.OuterRef("state")
        )
        return waiting.exclude(models.Exists(taken)).order_by("respond_by", "pk")

    def to_receive(self) -> ReturnQuerySet:
        """Units of our stock come back, or came, and nobody has said in what condition."""
        ours = self.filter(channel_order__fulfilled_by_channel=False)
        coming = ours.filter(state__in=COMING_BACK).exclude(kind=ReturnKind.REFUND)
        return coming.filter(lines__received_at=None).distinct()


class ReturnRequest(AftersaleRequest):
    """That a buyer wants the money, or another piece, for what was sent (B7)."""

    kind = models.CharField(max_length=12, choices=ReturnKind.choices)
    state = models.CharField(
        max_length=16, choices=ReturnState.choices, default=ReturnState.REQUESTED
    )
    tracking_number = models.CharField(max_length=60, blank=True)
    carrier = models.CharField(max_length=120, blank=True)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        verbose_name = "return"
        ordering = ["-created_on_channel_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_id"], name="a_return_is_stored_once"),
        ]
        indexes = [
            models.Index(fields=["state", "respond_by"], name="returns_by_time"),
            models.Index(fields=["order_external_id"], name="returns_of_an_order"),
        ]

    def unit_ids(self) -> list[str]:
        """Its units as the channel names them; asks the database."""
        return list(self.lines.values_list("unit_external_id", flat=True))


#: What the seller has a say in.
ANSWERABLE = (ReturnState.REQUESTED, ReturnState.SENT_BACK)
#: From here on units may arrive.
COMING_BACK = (ReturnState.SENT_BACK, ReturnState.APPROVED, ReturnState.COMPLETED)


class Condition(models.TextChoices):
    SELLABLE = "sellable", "Sellable"
    NOT_SELLABLE = "not_sellable", "Not sellable"


class ReturnLine(Stamped):
    """One unit of a return: received once, and put back into stock only if it can be sold."""

    return_request = models.ForeignKey(ReturnRequest, models.CASCADE, related_name="lines")
    external_id = models.CharField("Line id on the channel", max_length=60)
    unit_external_id = models.CharField("Unit on the channel", max_length=60)
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="return_lines"
    )
    seller_sku = models.CharField("SKU", max_length=100, blank=True)
    title = models.CharField(max_length=300, blank=True)
    refund = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    condition = models.CharField(max_length=12, choices=Condition.choices, blank=True)
    fulfillment_center = models.ForeignKey(
        FulfillmentCenter, models.PROTECT, null=True, blank=True, related_name="return_lines"
    )
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.CharField("Received by", max_length=150, blank=True)

    class Meta:
        ordering = ["return_request", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["return_request", "external_id"], name="a_return_line_is_stored_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller_sku or self.unit_external_id} of {self.return_request}"


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approve"
    DECLINE = "decline", "Decline"
    CANCEL = "cancel", "Cancel the order"


class DecisionQuerySet(OutgoingQuerySet["AftersaleDecision"]):
    def standing(self) -> Self:
        """Told to the channel, or about to be: no other may be made beside it."""
        return self.exclude(state=DecisionState.REFUSED)

    def under_way(self) -> Self:
        return self.filter(state__in=UNDER_WAY)

    def cancels(self, channel_order_id: int) -> Self:
        """It was decided to cancel this order or units of it, and the channel is being told."""
        ends = self.filter(channel_order=channel_order_id, return_request=None)
        return ends.under_way().exclude(verdict=Verdict.DECLINE)


UNDER_WAY = (DecisionState.WANTED, DecisionState.SENDING)


class AftersaleDecision(Outgoing):
    """What the seller decided: stored first, then told to the channel once.

    An answer to a cancellation or a return, or (with neither) that the seller cancels the order:
    all of it, or only the named units.
    """

    steps = Steps(
        decision_machine,
        wanted=DecisionState.WANTED,
        under_way=DecisionState.SENDING,
        done=DecisionState.SENT,
        refused=DecisionState.REFUSED,
    )

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="aftersale_decisions")
    channel_order = models.ForeignKey(
        ChannelOrder, models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    cancellation = models.ForeignKey(
        CancellationRequest, models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    return_request = models.ForeignKey(
        ReturnRequest, models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    order_external_id = models.CharField("Order id on the channel", max_length=60)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    answers = models.CharField(
        max_length=16, blank=True, help_text="The state of the return that it answers"
    )
    reason = models.CharField("Reason, as the channel names it", max_length=200, blank=True)
    reason_words = models.CharField("Reason", max_length=300, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    unit_ids = models.JSONField(default=list, blank=True, help_text="None named: the whole order")
    key = models.CharField(max_length=64, unique=True, help_text="The same key is the same answer")
    state = models.CharField(
        max_length=8, choices=DecisionState.choices, default=DecisionState.WANTED
    )
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = "decision"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cancellation"],
                condition=~Q(state="refused"),
                name="a_cancellation_is_answered_once",
            ),
            models.UniqueConstraint(
                fields=["return_request", "answers"],
                condition=~Q(state="refused"),
                name="each_state_of_a_return_is_answered_once",
            ),
            models.UniqueConstraint(
                fields=["channel_order"],
                condition=Q(verdict="cancel", state__in=["wanted", "sending"]),
                name="an_order_is_being_canceled_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "state"],
                name="decisions_not_told_yet",
                condition=Q(state__in=["wanted", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.order_external_id}"
