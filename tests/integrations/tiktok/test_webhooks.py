from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from catalog.models import Channel, Merchant, Shop
from catalog.states import ShopState
from integrations.models import WebhookDelivery
from integrations.tiktok.signing import sign_webhook
from marketplace.kernel.models import Job

ADDRESS = "/webhooks/tiktok/"


@pytest.fixture
def shop(settings: Settings, db: None) -> Shop:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "abcdef", "123"
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    return Shop.objects.create(
        merchant=merchant,
        channel=Channel.TIKTOK_SHOP,
        external_id="7495540735365777507",
        name="Acme US",
        region="US",
        state=ShopState.ACTIVE,
    )


def notice(kind: int = 1, **changes: Any) -> bytes:
    content = {
        "type": kind,
        "tts_notification_id": "7380066284010030890",
        "shop_id": "7495540735365777507",
        "timestamp": 1718305585,
        "data": {"order_id": "576", "order_status": "AWAITING_SHIPMENT"},
    }
    return json.dumps({**content, **changes}).encode()


def send(body: bytes, sign: str | None = None) -> tuple[int, bytes]:
    signature = sign_webhook("abcdef", "123", body) if sign is None else sign
    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS,
        body,
        content_type="application/json",
        headers={"Authorization": signature},
    )
    return answer.status_code, answer.content


def test_a_genuine_notice_is_stored_and_hurries_the_poll(shop: Shop) -> None:
    assert send(notice()) == (200, b"")
    kept = WebhookDelivery.objects.get()
    assert (kept.shop, kept.kind, kept.subject) == (shop, "Order status", "576")
    assert kept.outcome == "Asked for: pull orders"
    assert [(job.kind, job.subject) for job in Job.objects.all()] == [("pull_orders", str(shop.pk))]


@pytest.mark.parametrize("sign", ["", "0" * 64, "Bearer x"])
def test_a_false_notice_leaves_no_trace(shop: Shop, sign: str) -> None:
    assert send(notice(), sign) == (401, b"")
    assert WebhookDelivery.objects.exists() is False
    assert Job.objects.exists() is False


def test_a_notice_that_was_changed_on_its_way_is_false(shop: Shop) -> None:
    sign = sign_webhook("abcdef", "123", notice())
    assert send(notice().replace(b"576", b"577"), sign) == (401, b"")


def test_a_repeated_notice_is_stored_once_and_hurries_once(shop: Shop) -> None:
    send(notice())
    wanted = Job.objects.get().wanted
    assert send(notice()) == (200, b"")
    assert WebhookDelivery.objects.count() == 1
    assert Job.objects.get().wanted == wanted


def test_a_notice_without_an_id_is_known_by_its_content(shop: Shop) -> None:
    body = notice(3, tts_notification_id=None)
    send(body)
    send(body)
    assert WebhookDelivery.objects.count() == 1


def test_ids_that_come_as_numbers_are_kept_as_texts(shop: Shop) -> None:
    send(notice(5, data={"product_id": 1729592969712207008}))
    assert WebhookDelivery.objects.get().subject == "1729592969712207008"


def test_a_notice_for_a_shop_that_is_not_connected_here_does_nothing(shop: Shop) -> None:
    send(notice(shop_id="1"))
    kept = WebhookDelivery.objects.get()
    assert (kept.shop, kept.outcome) == (None, "Nothing to do: no connected shop has this id.")
    assert Job.objects.exists() is False


def test_a_kind_nobody_knows_is_kept_and_does_nothing(shop: Shop) -> None:
    assert send(notice(999)) == (200, b"")
    assert WebhookDelivery.objects.get().kind == "Notice 999"
    assert Job.objects.exists() is False


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"shop_id": "1"}', b"\xff"])
def test_a_signed_notice_that_makes_no_sense_is_not_asked_for_again(
    shop: Shop, body: bytes
) -> None:
    assert send(body) == (200, b"")
    assert WebhookDelivery.objects.exists() is False


def test_a_notice_is_sent_not_fetched(shop: Shop) -> None:
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.parametrize(
    ("kind", "subject", "asks_for"),
    [
        (1, "order_id", "pull orders"),
        (2, "order_id", "pull aftersale"),
        (3, "order_id", "pull orders"),
        (4, "", "pull orders"),
        (11, "order_id", "pull aftersale"),
        (12, "order_id", "pull aftersale"),
        (36, "package_id", "pull orders"),
        (64, "aftersales_request_id", "pull aftersale"),
        (65, "", "pull aftersale"),
        (66, "", "pull aftersale"),
        (67, "", "pull aftersale"),
    ],
)
def test_every_notice_about_an_order_hurries_the_reading_that_finds_it(
    shop: Shop, kind: int, subject: str, asks_for: str
) -> None:
    send(notice(kind, data={subject: "576"} if subject else {}))
    kept = WebhookDelivery.objects.get()
    assert (kept.subject, kept.outcome) == ("576" if subject else "", f"Asked for: {asks_for}")
    assert [job.kind for job in Job.objects.all()] == [asks_for.replace(" ", "_")]


@pytest.mark.parametrize("kind", [11, 12, 64, 67])
def test_a_notice_of_a_cancellation_or_return_hurries_its_reading_once(
    shop: Shop, kind: int
) -> None:
    for _ in range(3):
        send(notice(kind))
    assert WebhookDelivery.objects.get().outcome == "Asked for: pull aftersale"
    assert [job.kind for job in Job.objects.all()] == ["pull_aftersale"]
