"""The lists of cancellations and returns, and what a person does there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import FulfillmentCenter, Shop, StockLevel
from catalog.services import stock
from marketplace.kernel.models import Job
from orders.models import (
    AftersaleDecision,
    CancellationRequest,
    ChannelOrder,
    Order,
    OrderLine,
    ReturnLine,
    ReturnRequest,
)
from orders.ports_aftersale import RemoteReason, aftersale_channels
from orders.states import OrderState, ReturnState
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select

pytestmark = pytest.mark.django_db

ZERO = Decimal(0)
PACKED = RemoteReason("packed", "Product has been packed")


class Reasons:
    """A channel that is only asked for its reasons."""

    def decline_reasons(self, shop: Shop, request_id: str) -> list[RemoteReason]:
        return [PACKED]

    def cancel_reasons(self, shop: Shop) -> list[RemoteReason]:
        empty = RemoteReason("empty", "Out of stock", cancels_units=True)
        return [empty, RemoteReason("price", "Pricing error")]


@pytest.fixture(autouse=True)
def _channel(monkeypatch: Any) -> None:
    monkeypatch.setattr(aftersale_channels, "get", lambda name: Reasons())


def an_order(shop: Shop, center: FulfillmentCenter, number: int = 1, units: int = 2) -> Order:
    now = timezone.now()
    head = ChannelOrder.objects.create(
        shop=shop,
        merchant=shop.merchant,
        external_id=f"57646{number}",
        status="awaiting_shipment",
        raw_status="AWAITING_SHIPMENT",
        created_on_channel_at=now,
        updated_on_channel_at=now,
        currency="USD",
        sub_total=ZERO,
        seller_discount=ZERO,
        platform_discount=ZERO,
        shipping_fee=ZERO,
        tax=ZERO,
        other_fees=ZERO,
        total=ZERO,
    )
    variant = factories.make_product(shop.merchant, with_image=False).variants.get()
    order = Order.objects.create(
        channel_order=head,
        merchant=shop.merchant,
        shop=shop,
        external_id=head.external_id,
        part=f"sku-{number}",
        seller_sku=variant.sku,
        variant=variant,
        state=OrderState.UNSHIPPED,
        created_on_channel_at=now,
        due_at=now,
        quantity=units,
        currency="USD",
    )
    for place in range(units):
        OrderLine.objects.create(
            order=order,
            external_id=f"{number}-{place}",
            price=Decimal("9.90"),
            list_price=ZERO,
            seller_discount=ZERO,
            platform_discount=ZERO,
            tax=ZERO,
            currency="USD",
        )
    stock.receive(variant, center, 5, reference=f"test-order-{number}")
    return order


def common(order: Order) -> dict[str, Any]:
    now = timezone.now()
    return {
        "shop": order.shop,
        "merchant": order.merchant,
        "channel_order": order.channel_order,
        "external_id": f"4035{order.pk}",
        "order_external_id": order.external_id,
        "reason": "No longer needed",
        "refund": Decimal("21.72"),
        "currency": "USD",
        "respond_by": now + timedelta(hours=3),
        "created_on_channel_at": now,
        "updated_on_channel_at": now,
    }


def request_of(order: Order) -> CancellationRequest:
    units = list(order.lines.values_list("external_id", flat=True))
    return CancellationRequest.objects.create(**common(order), unit_ids=units)


def return_of(order: Order, state: ReturnState) -> ReturnRequest:
    row = ReturnRequest.objects.create(**common(order), kind="return", state=state)
    for line in order.lines.all():
        ReturnLine.objects.create(
            return_request=row,
            external_id=f"r{line.external_id}",
            unit_external_id=line.external_id,
            order_line=line,
            seller_sku=order.seller_sku,
        )
    return row


def test_a_request_whose_time_is_over_says_what_to_do(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    row = request_of(an_order(shop, center, 1))
    words = "Answer now, or the channel decides"
    pages = list_url(CancellationRequest), page_url(row)
    assert not any(words in clerk.get(page).content.decode() for page in pages)
    CancellationRequest.objects.update(respond_by=timezone.now() - timedelta(hours=3))
    assert all(words in clerk.get(page).content.decode() for page in pages)


def test_many_cancellations_are_approved_together_and_the_channel_is_told_soon(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    rows = [request_of(an_order(shop, center, number)) for number in (1, 2)]
    page = clerk.get(list_url(CancellationRequest)).content.decode()
    assert "2 h left" in page
    assert "$21.72" in page or "21.72" in page
    assert do(clerk, "approve_cancellation", rows) == ["Approved 2."]
    assert AftersaleDecision.objects.filter(verdict="approve").count() == 2
    assert [job.kind for job in Job.objects.all()] == ["tell_decisions"]
    again = select(clerk, "approve_cancellation", rows, query="?tab=all")
    assert "43.44 USD" in clerk.get(again.url).content.decode()
    *_, told = said(clerk.post(again.url, {}))
    assert "2 refused" in told
    assert "being told" in clerk.get(list_url(CancellationRequest, "?tab=all")).content.decode()


def test_declining_needs_a_reason_of_the_channel(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    row = request_of(an_order(shop, center))
    response = select(clerk, "decline_cancellation", [row])
    assert "This field is required" in clerk.post(response.url, {}).content.decode()
    assert AftersaleDecision.objects.count() == 0
    told = do(clerk, "decline_cancellation", [row], reason="packed", comment="Sealed")
    assert told == ["Declined 1."]
    decision = AftersaleDecision.objects.get()
    assert (decision.reason, decision.comment) == ("packed", "Sealed")
    page = clerk.get(page_url(row)).content.decode()
    assert "Product has been packed" in page
    assert "Order clerk person" in page


def test_canceling_an_order_is_asked_twice(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    order = an_order(shop, center)
    response = select(clerk, "cancel_order", [order])
    unsure = clerk.post(response.url, {"reason": "empty"}).content.decode()
    assert "This field is required" in unsure
    assert AftersaleDecision.objects.count() == 0
    do(clerk, "cancel_order", [order], reason="empty", units=["1-0"], sure="on")
    decision = AftersaleDecision.objects.get()
    assert (decision.verdict, decision.reason, decision.unit_ids) == ("cancel", "empty", ["1-0"])


def test_units_are_received_one_by_one_in_their_condition(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    order = an_order(shop, center)
    row = return_of(order, ReturnState.SENT_BACK)
    good, bad = row.lines.all()
    response = select(clerk, "receive_return", [row])
    unplaced = clerk.post(response.url, {f"line_{good.pk}": "sellable"}).content.decode()
    assert "choose a fulfillment center" in unplaced
    given = {f"line_{good.pk}": "sellable", f"line_{bad.pk}": "not_sellable"}
    assert do(clerk, "receive_return", [row], center=center.pk, **given) == ["Received 2."]
    level = StockLevel.objects.get(variant=order.variant, fulfillment_center=center)
    assert level.on_hand == 6
    *_, told = do(clerk, "receive_return", [row])
    assert told == "Every unit of this return was received."


def test_another_merchants_center_is_not_offered(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    row = return_of(an_order(shop, center), ReturnState.SENT_BACK)
    line = row.lines.first()
    assert line is not None
    strange = factories.make_center(factories.make_merchant(), name="Strange")
    response = select(clerk, "receive_return", [row])
    given = {f"line_{line.pk}": "sellable", "center": strange.pk}
    assert "Select a valid choice" in clerk.post(response.url, given).content.decode()


def test_who_may_only_look_is_offered_no_verb(
    viewer: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    order = an_order(shop, center)
    row, back = request_of(order), return_of(order, ReturnState.REQUESTED)
    for request, verb in ((row, "approve_cancellation"), (back, "approve_return")):
        assert viewer.get(page_url(request)).status_code == 200
        viewer.post(list_url(type(request)), {"action": verb, "_selected_action": [request.pk]})
    assert AftersaleDecision.objects.count() == 0


def test_a_list_of_requests_costs_the_same_for_many_rows(
    clerk: Client, shop: Shop, center: FulfillmentCenter, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        order = an_order(shop, center, number)
        request_of(order)
        return_of(order, ReturnState.REQUESTED)
    for model in (CancellationRequest, ReturnRequest):
        with django_assert_max_num_queries(20):
            clerk.get(list_url(model))
