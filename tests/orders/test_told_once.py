"""Two workers on one shop's outgoing rows: what one of them learned, the other must not forget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import AftersaleDecision
from orders.ports_aftersale import AftersaleChannel, aftersale_channels
from orders.services import cancellations, telling
from orders.states import DecisionState
from tests.orders.test_tiktok_orders import Place
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

CANCELLATIONS = "POST /return_refund/202309/cancellations"


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


class Meanwhile:
    """The real channel; while the first order is being canceled on it, something else happens."""

    def __init__(self, channel: AftersaleChannel, happens: Callable[[], None]) -> None:
        self._channel = channel
        self._happens: Callable[[], None] | None = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def cancel(self, *given: Any, **named: Any) -> str:
        happens, self._happens = self._happens, None
        if happens:
            happens()
        return self._channel.cancel(*given, **named)


def test_a_worker_with_an_old_list_asks_before_it_cancels_what_another_tried_meanwhile(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = place.buy(1), place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    reason = cancellations.cancel_reasons(place.shop)[0]
    for bought in (first, second):
        cancellations.cancel_order(place.part(bought).channel_order, reason, by="ann")
    place.sandbox.reset_calls()

    def another_worker() -> None:
        place.sandbox.fault("lost_answer", path="/return_refund/*/cancellations", count=1)
        tried = telling.tell_decisions(place.shop)
        assert (tried.waiting, tried.sent) == (1, 0)
        lost = AftersaleDecision.objects.get(order_external_id=second["id"])
        assert (lost.state, lost.outcome_unknown) == (DecisionState.WANTED, True)

    channel = Meanwhile(aftersale_channels.get(place.shop.channel), another_worker)
    with monkeypatch.context() as patch:
        patch.setattr(aftersale_channels, "get", lambda name: channel)
        report = telling.tell_decisions(place.shop)
    assert place.sandbox.calls()[CANCELLATIONS] == 2
    assert (report.sent, report.known, report.refused) == (1, 1, 0)
    assert report.order_ids == {first["id"], second["id"]}
    assert set(AftersaleDecision.objects.values_list("state", flat=True)) == {DecisionState.SENT}


def test_an_answer_that_comes_after_another_worker_took_over_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    reason = cancellations.cancel_reasons(place.shop)[0]
    decision = cancellations.cancel_order(place.part(bought).channel_order, reason, by="ann")
    place.sandbox.reset_calls()
    another = telling.DecisionOutbox(place.shop)

    def time_is_over() -> None:
        long_ago = timezone.now() - timedelta(seconds=1)
        AftersaleDecision.objects.update(claimed_until=long_ago)

    def another_worker() -> None:
        time_is_over()
        another.take_over()
        claimed = another.claim(decision.pk)
        assert claimed is not None
        assert claimed[1] is True

    channel = Meanwhile(aftersale_channels.get(place.shop.channel), another_worker)
    with monkeypatch.context() as patch:
        patch.setattr(aftersale_channels, "get", lambda name: channel)
        telling.tell_decisions(place.shop)
    decision.refresh_from_db()
    assert (decision.state, decision.attempts) == (DecisionState.SENDING, 2)
    assert decision.outcome_unknown is True
    time_is_over()
    assert telling.tell_decisions(place.shop).known == 1
    assert place.sandbox.calls()[CANCELLATIONS] == 1
