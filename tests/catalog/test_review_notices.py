"""The channel's notice of a review brings its result home at once (R53-R55)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from catalog.models import FulfillmentCenter, Listing, Shop
from catalog.services import publishing
from catalog.states import ListingState, ReviewState
from integrations.tiktok.signing import sign_webhook
from marketplace.kernel import jobs
from marketplace.kernel.models import Job
from tests.catalog.test_publishing import queue, ready_listing
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

STATUS_CHANGE, AUDIT_CHANGE = 5, 37


@pytest.fixture
def suspended(live: Shop, center: FulfillmentCenter, tiktok: Sandbox) -> Listing:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.get_state_display() == "Suspended"
    return listing


def notify(listing: Listing, kind: int, **data: Any) -> str:
    """Send a notice as the channel does, and do the work that it asked for."""
    body = json.dumps(
        {
            "type": kind,
            "tts_notification_id": f"74500{kind}",
            "shop_id": listing.shop.external_id,
            "timestamp": 1791795100,
            "data": {"product_id": int(listing.external_id), "update_time": 1791796200, **data},
        }
    ).encode()
    sign = sign_webhook(settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET, body)
    answer = Client().post(
        "/webhooks/tiktok/",
        body,
        content_type="application/json",
        headers={"Authorization": sign},
    )
    assert answer.status_code == 200
    job = Job.objects.get(kind="sync_listings", subject=str(listing.shop_id))
    return jobs.run(job.pk)


def test_a_notice_of_approval_makes_the_listing_active(suspended: Listing, tiktok: Sandbox) -> None:
    tiktok.advance(60)
    notify(suspended, AUDIT_CHANGE, audit={"status": "APPROVED", "pre_approved_reasons": []})
    suspended.refresh_from_db()
    assert (suspended.state, suspended.review) == (ListingState.ACTIVE, ReviewState.APPROVED)


def test_a_notice_of_refusal_brings_the_reasons(suspended: Listing, tiktok: Sandbox) -> None:
    tiktok.fault("review_failure", reason="The picture shows another product.")
    tiktok.advance(60)
    notify(suspended, STATUS_CHANGE, status="PRODUCT_AUDIT_FAILURE", suspended_reason="")
    suspended.refresh_from_db()
    assert (suspended.state, suspended.review) == (ListingState.REJECTED, ReviewState.FAILED)
    assert "The picture shows another product." in suspended.problem
