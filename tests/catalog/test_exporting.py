from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Offer, OfferStock, Shop
from catalog.ports import ItemFailure, offer_channels
from catalog.services import channel_sync, exporting, products, stock, wanted
from tests.support import promises

pytestmark = pytest.mark.django_db

QUANTITY = "POST /product/202309/products/{product_id}/inventory/update"


@pytest.fixture
def listed(live, tiktok):
    """Twelve listings that stood on the shop before we came."""
    tiktok.seed_products(12)
    channel_sync.sync(live)
    tiktok.reset_calls()
    return live


def shown(tiktok, offer: Offer) -> dict[str, int]:
    product = tiktok.product(offer.listing.external_id)
    (sku,) = [sku for sku in product["skus"] if sku["id"] == offer.external_id]
    return sku["available"]


def test_ten_changes_of_one_sku_become_one_call(listed, tiktok, center) -> None:
    offer = Offer.objects.first()
    for number in range(10):
        stock.receive(offer.variant, center, 1, reference=f"r{number}")
    exporting.send_quantities(listed)
    assert tiktok.calls()[QUANTITY] == 1
    mapped = listed.mappings.get().warehouse.external_id
    assert shown(tiktok, offer)[mapped] == stock.available(offer.variant, center)


def test_with_outbound_quantity_off_nothing_leaves_and_on_again_the_difference_does(
    listed, tiktok, center
) -> None:
    Shop.objects.update(push_quantity=False)
    listed.refresh_from_db()
    offer = Offer.objects.first()
    stock.receive(offer.variant, center, 3, reference="r")
    assert exporting.send_quantities(listed).calls == 0
    assert tiktok.calls() == {}
    Shop.objects.update(push_quantity=True)
    listed.refresh_from_db()
    assert exporting.send_quantities(listed).calls == 1


def test_with_outbound_price_off_nothing_leaves(listed, tiktok) -> None:
    Shop.objects.update(push_price=False)
    listed.refresh_from_db()
    variant = Offer.objects.first().variant
    variant.price = Decimal("55.00")
    variant.save()
    products.changed([variant.product_id])
    assert exporting.send_prices(listed).calls == 0
    assert tiktok.calls() == {}


def test_a_change_during_a_send_is_sent_next(listed, tiktok, center, monkeypatch) -> None:
    offer = Offer.objects.first()
    stock.receive(offer.variant, center, 5, reference="first")
    channel = offer_channels.get("tiktok_shop")
    send = channel.send_quantities

    def send_while_selling(*arguments: object, **more: object) -> list[ItemFailure]:
        answer = send(*arguments, **more)
        promises.reserve(offer.variant, center, 2, reference="sold meanwhile")
        return answer

    monkeypatch.setattr(type(channel), "send_quantities", staticmethod(send_while_selling))
    exporting.send_quantities(listed)
    monkeypatch.undo()
    row = OfferStock.objects.get(offer=offer, warehouse__mapping__isnull=False)
    assert row.wanted == row.sent - 2
    exporting.send_quantities(listed)
    assert shown(tiktok, offer)[row.warehouse.external_id] == row.wanted


def test_a_refused_sku_keeps_the_channels_words_and_the_rest_are_sent(
    listed, tiktok, center
) -> None:
    first, second = _two_listings()
    for offer in (first, second):
        stock.receive(offer.variant, center, 5, reference=f"r{offer.pk}")
    tiktok.fault(
        "business_error",
        path="*/inventory/update",
        count=1,
        code=12052901,
        message="no",
    )
    report = exporting.send_quantities(listed)
    assert (report.calls, len(report.failures)) == (2, 1)
    first.refresh_from_db()
    assert "12052901" in first.problem
    # Not asked again at once, and asked again when it changes.
    assert exporting.send_quantities(listed).calls == 0
    tiktok.clear_faults()
    stock.receive(first.variant, center, 1, reference="again")
    assert exporting.send_quantities(listed).failures == []
    first.refresh_from_db()
    assert first.problem == ""


def _two_listings() -> tuple[Offer, Offer]:
    first = Offer.objects.order_by("listing", "pk").first()
    return first, Offer.objects.exclude(listing=first.listing).order_by("listing", "pk").first()


def test_zero_is_said_again_after_some_hours(listed, tiktok, center) -> None:
    offer = Offer.objects.first()
    units = stock.available(offer.variant, center)
    promises.reserve(offer.variant, center, units, reference="all")
    exporting.send_quantities(listed)
    OfferStock.objects.filter(offer=offer).update(sent_at=timezone.now() - timedelta(hours=7))
    tiktok.reset_calls()
    assert wanted.reassert_zero(listed) == 1
    exporting.send_quantities(listed)
    assert tiktok.calls()[QUANTITY] == 1


def test_a_lost_answer_to_a_quantity_is_repeated_harmlessly(listed, tiktok, center) -> None:
    offer = Offer.objects.first()
    stock.receive(offer.variant, center, 5, reference="r")
    tiktok.fault("lost_answer", path="*/inventory/update", count=1)
    exporting.send_quantities(listed)
    Offer.objects.update(retry_at=None)
    exporting.send_quantities(listed)
    row = OfferStock.objects.get(offer=offer, warehouse__mapping__isnull=False)
    assert row.sent == row.wanted
    assert shown(tiktok, offer)[row.warehouse.external_id] == row.wanted


def test_a_new_price_is_what_the_channel_shows(listed, tiktok) -> None:
    offer = Offer.objects.first()
    offer.variant.price = Decimal("55.00")
    offer.variant.save()
    products.changed([offer.variant.product_id])
    exporting.send_prices(listed)
    product = tiktok.product(offer.listing.external_id)
    (sku,) = [sku for sku in product["skus"] if sku["id"] == offer.external_id]
    assert Decimal(sku["price"]) == Decimal("55.00")
