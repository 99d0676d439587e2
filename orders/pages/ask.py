"""One page that asks before something is done, and the way back with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from catalog.models import Shop
from catalog.pages.access import MerchantRequest
from marketplace.kernel.errors import Failure
from marketplace.kernel.tasks import nudge
from orders.models import AftersaleRequest, Order


@dataclass(frozen=True)
class Question:
    """What will happen, in sentences, and the button that makes it happen."""

    title: str
    sentences: Sequence[str]
    button: str
    back: str
    is_grave: bool = False


def show(
    request: MerchantRequest, question: Question, form: forms.Form | None = None
) -> HttpResponse:
    """The page with the question, and its form if there is one."""
    return render(request, "orders/ask.html", {"question": question, "form": form})


def act(request: MerchantRequest, back: str, do: Callable[[], str]) -> HttpResponse:
    """Do it, say what came of it, and go back; an expected failure is told in its own words."""
    try:
        said = do()
    except Failure as error:
        return refuse(request, back, error)
    messages.success(request, said)
    return redirect(back)


def refuse(request: MerchantRequest, back: str, error: Failure) -> HttpResponse:
    """Go back and say why it cannot be done, with the id that the channel's support asks for."""
    quoted = f" (request {error.request_id})" if error.request_id else ""
    messages.error(request, f"{error.message}{quoted}")
    return redirect(back)


def hurry(kind: str, shop: Shop, label: str) -> None:
    """The schedule would do it anyway; ask for it now where the shop can work."""
    if shop.is_active:
        nudge(kind, shop.pk, label=f"{label}: {shop}")


def back_from(row: AftersaleRequest) -> str:
    """The page of the order that a request is about; the list of requests if it is not here."""
    parts = Order.objects.filter(channel_order=row.channel_order_id, merchant=row.merchant_id)
    part = parts.order_by("pk").first() if row.channel_order_id else None
    return f"{reverse('order', args=[part.pk])}#asked" if part else reverse("requests")
