"""Decisions and returned units where writers truly run side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Shop
from catalog.services import stock
from marketplace.kernel.errors import Refused
from orders.models import (
    AftersaleDecision,
    CancellationRequest,
    Condition,
    Order,
    ReturnLine,
    ReturnRequest,
)
from orders.ports import RemoteOrderStatus as S
from orders.ports_aftersale import aftersale_channels
from orders.services import cancellations, returns, telling
from orders.services.recording import record
from tests.orders.memory_channel import remote_order
from tests.orders.world import World, make_world
from tests.support.processes import run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.postgres]


class WrittenDown:
    """A channel that writes each answer down where every process can see it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def approve_cancellation(self, shop: Shop, request_id: str, *, key: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{request_id}\n")


@pytest.fixture
def committed() -> World:
    world = make_world()
    world.variant("TEA", on_hand=10)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT))
    return world


def common(world: World) -> dict[str, Any]:
    order = Order.objects.get()
    return {
        "shop": world.shop,
        "merchant": world.merchant,
        "channel_order": order.channel_order,
        "external_id": "4035",
        "order_external_id": order.external_id,
        "created_on_channel_at": timezone.now(),
        "updated_on_channel_at": timezone.now(),
    }


def attempts(answers: Sequence[str]) -> tuple[int, int]:
    return answers.count("done"), answers.count("refused")


def test_of_eight_who_approve_one_does_and_the_channel_is_told_once(
    committed: World, tmp_path: Path, monkeypatch: Any
) -> None:
    row = CancellationRequest.objects.create(**common(committed))
    channel = WrittenDown(tmp_path / "calls")
    monkeypatch.setattr(aftersale_channels, "get", lambda name: channel)

    def work(number: int) -> str:
        try:
            cancellations.approve(row, by=f"person {number}")
        except Refused:
            answer = "refused"
        else:
            answer = "done"
        telling.tell_decisions(committed.shop)
        return answer

    assert attempts(run_together(work, 8)) == (1, 7)
    assert channel.file.read_text() == "4035\n"
    assert [one.state for one in AftersaleDecision.objects.all()] == ["sent"]


def test_of_eight_who_receive_a_unit_one_puts_it_into_stock(committed: World) -> None:
    order = Order.objects.get()
    row = ReturnRequest.objects.create(**common(committed), kind="return", state="sent_back")
    unit = order.lines.get()
    ReturnLine.objects.create(
        return_request=row, external_id="1", unit_external_id=unit.external_id, order_line=unit
    )

    def work(number: int) -> str:
        line = ReturnLine.objects.get()
        try:
            returns.receive(line, Condition.SELLABLE, by=str(number), center=committed.reno)
        except Refused:
            return "refused"
        return "done"

    assert attempts(run_together(work, 8)) == (1, 7)
    assert order.variant is not None
    assert committed.figures(order.variant) == (11, 1)
    assert stock.drift() == []
