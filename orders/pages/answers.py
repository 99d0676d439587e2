"""Answering cancellations and returns, and receiving what came back (B7)."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from catalog.pages.access import MerchantRequest, may_change_required
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Failure, Refused
from marketplace.kernel.money import Money
from orders.models import (
    AftersaleRequest,
    CancellationRequest,
    ReturnKind,
    ReturnLine,
    ReturnRequest,
)
from orders.pages import ask
from orders.pages.forms import DeclineForm, ReceiveForm
from orders.ports_aftersale import RemoteReason
from orders.services import cancellations, returns
from orders.states import ReturnState

APPROVE, DECLINE = "approve", "decline"
BOTH = ["GET", "HEAD", "POST"]
ONCE = "The channel is told once, and an answer cannot be taken back."


@may_change_required
@require_http_methods(BOTH)
def answer_cancellation(request: MerchantRequest, pk: int, verdict: str) -> HttpResponse:
    """Approve or decline that a buyer cancels; asked once more before it is done."""
    rows = CancellationRequest.objects.filter(merchant=request.access.merchant)
    row = get_object_or_404(rows.select_related("shop"), pk=pk)
    is_open = rows.to_answer().filter(pk=pk).exists()
    if verdict == APPROVE:
        words = (
            "The channel cancels what the buyer asked for and pays the money back. The stock that "
            "is held for it is free again then."
        )
        return _approve(request, row, words, is_open=is_open)
    if verdict == DECLINE:
        words = "The order goes on and is to be shipped. The buyer sees the reason."
        return _decline(request, row, words, is_open=is_open)
    raise Http404


@may_change_required
@require_http_methods(BOTH)
def answer_return(request: MerchantRequest, pk: int, verdict: str) -> HttpResponse:
    """Approve or decline a return, or the parcel that came back."""
    rows = ReturnRequest.objects.filter(merchant=request.access.merchant)
    row = get_object_or_404(rows.select_related("shop"), pk=pk)
    is_open = rows.to_answer().filter(pk=pk).exists()
    if verdict == APPROVE:
        return _approve(request, row, _what_approval_does(row), is_open=is_open)
    if verdict == DECLINE:
        words = "The buyer sees the reason, and may ask the channel to decide."
        return _decline(request, row, words, is_open=is_open)
    raise Http404


def _what_approval_does(row: ReturnRequest) -> str:
    if row.state == ReturnState.SENT_BACK:
        return "You accept the parcel that came back, and the channel pays the money back."
    if row.kind == ReturnKind.REFUND:
        return "The channel pays the money back. The buyer keeps what was sent."
    return "The channel asks the buyer to send the units back first."


def _approve(
    request: MerchantRequest,
    row: CancellationRequest | ReturnRequest,
    words: str,
    *,
    is_open: bool,
) -> HttpResponse:
    back = ask.back_from(row)
    if request.method == "POST":
        return ask.act(request, back, lambda: _approved(request, row))
    if not is_open:
        return ask.refuse(request, back, _nothing_to_answer(row))
    question = ask.Question(
        title=f"Approve the {_name(row)} of order {row.order_external_id}?",
        sentences=[*_about(row), words, ONCE],
        button=f"Approve the {_name(row)}",
        back=back,
        is_grave=True,
    )
    return ask.show(request, question)


def _decline(
    request: MerchantRequest,
    row: CancellationRequest | ReturnRequest,
    words: str,
    *,
    is_open: bool,
) -> HttpResponse:
    back = ask.back_from(row)
    if not is_open:
        return ask.refuse(request, back, _nothing_to_answer(row))
    try:
        reasons = cancellations.decline_reasons(row)
        form = DeclineForm(reasons, request.POST if request.method == "POST" else None)
    except Failure as error:
        return ask.refuse(request, back, error)
    if form.is_valid():
        given = form.cleaned_data
        return ask.act(
            request, back, lambda: _declined(request, row, given["reason"], given["comment"])
        )
    question = ask.Question(
        title=f"Decline the {_name(row)} of order {row.order_external_id}?",
        sentences=[*_about(row), words, ONCE],
        button=f"Decline the {_name(row)}",
        back=back,
        is_grave=True,
    )
    return ask.show(request, question, form)


def _approved(request: MerchantRequest, row: CancellationRequest | ReturnRequest) -> str:
    by = request.user.get_username()
    if isinstance(row, CancellationRequest):
        cancellations.approve(row, by=by)
    else:
        returns.approve(row, by=by)
    return _told(row, "Approved")


def _declined(
    request: MerchantRequest,
    row: CancellationRequest | ReturnRequest,
    reason: RemoteReason,
    comment: str,
) -> str:
    by = request.user.get_username()
    if isinstance(row, CancellationRequest):
        cancellations.decline(row, reason, by=by, comment=comment)
    else:
        returns.decline(row, reason, by=by, comment=comment)
    return _told(row, "Declined")


def _told(row: AftersaleRequest, word: str) -> str:
    ask.hurry("tell_decisions", row.shop, "Tell decisions")
    return f"{word}. The channel is being told; what it says shows here within a minute or two."


def _nothing_to_answer(row: CancellationRequest | ReturnRequest) -> Refused:
    return Refused(
        f"Nothing to answer for order {row.order_external_id}: it was answered already, or is "
        f"over (“{row.get_state_display()}”)."
    )


def _name(row: CancellationRequest | ReturnRequest) -> str:
    if isinstance(row, CancellationRequest):
        return "cancellation"
    if row.state == ReturnState.SENT_BACK:
        return "returned parcel"
    return "refund" if row.kind == ReturnKind.REFUND else row.get_kind_display().lower()


def _about(row: CancellationRequest | ReturnRequest) -> list[str]:
    """Why it is asked and how much money it is about."""
    reason = f"The buyer's reason: {row.reason}." if row.reason else "The buyer gave no reason."
    if row.refund is None:
        return [reason, "Refund to the buyer: as the channel decides."]
    return [reason, f"Refund to the buyer: {Money(row.refund, row.currency)}."]


@may_change_required
@require_http_methods(BOTH)
def receive_return(request: MerchantRequest, pk: int) -> HttpResponse:
    """Write down which units came back and in what condition; only sellable ones go into stock."""
    merchant = request.access.merchant
    rows = ReturnRequest.objects.filter(merchant=merchant)
    row = get_object_or_404(rows.select_related("shop"), pk=pk)
    back = ask.back_from(row)
    if not rows.to_receive().filter(pk=pk).exists():
        why = f"No unit of this return waits to be received: “{row.get_state_display()}”."
        return ask.refuse(request, back, Refused(why))
    related = "return_request__channel_order", "order_line__order__variant"
    lines = list(row.lines.filter(received_at=None).select_related(*related))
    form = ReceiveForm(lines, merchant, request.POST if request.method == "POST" else None)
    if form.is_valid():
        return ask.act(request, back, lambda: _received(request, form))
    question = ask.Question(
        title=f"What came back of order {row.order_external_id}?",
        sentences=[
            "Only sellable units go into stock, each once. What is not here yet can be received "
            "later.",
        ],
        button="Mark received",
        back=back,
    )
    return ask.show(request, question, form)


def _received(request: MerchantRequest, form: ReceiveForm) -> str:
    by, center = request.user.get_username(), form.cleaned_data["center"]

    def receive(line: ReturnLine) -> None:
        returns.receive(line, form.conditions[line], by=by, center=center)

    report = run_batch("Units received:", form.conditions, receive)
    if not report.done:
        raise Refused(report.summary())
    return report.summary()
