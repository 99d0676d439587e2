"""Alice, her browser and her two fulfillment centers, for connecting a shop."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import FulfillmentCenter, Merchant
from tests import factories


@pytest.fixture
def alice(merchant: Merchant) -> User:
    return factories.make_member(merchant, "owner", "alice")


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def centers(merchant: Merchant) -> tuple[FulfillmentCenter, FulfillmentCenter]:
    return (
        factories.make_center(merchant, name="Reno"),
        factories.make_center(merchant, name="Flexport", kind="third_party", provider="flexport"),
    )
