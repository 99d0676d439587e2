"""Fixtures for all tests; PostgreSQL and Chromium are asked for by marker."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from catalog.models import FulfillmentCenter, Merchant, Shop
from tests import factories
from tests.support.sandbox import Sandbox, local_sandbox, sandbox

__all__ = ["local_sandbox", "sandbox"]


#: Whoever asks for one of these has rows of ours.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_postgres = connection.vendor == "postgresql"
    has_browser = shutil.which("chromium") is not None
    if on_postgres:
        _leave_out_what_needs_no_database(config, items)
    for item in items:
        if "postgres" in item.keywords and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL (DATABASE_URL)"))
        if "browser" in item.keywords and not has_browser:
            item.add_marker(pytest.mark.skip(reason="needs Chromium"))


def _leave_out_what_needs_no_database(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pure tests say the same on every database; the run on SQLite has them."""
    pure = [item for item in items if not _asks_for_database(item)]
    config.hook.pytest_deselected(items=pure)
    items[:] = [item for item in items if item not in pure]


def _asks_for_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def merchant(db: None) -> Merchant:
    return factories.make_merchant()


@pytest.fixture
def center(merchant: Merchant) -> FulfillmentCenter:
    return factories.make_center(merchant, name="Reno")


@pytest.fixture
def shop(merchant: Merchant, center: FulfillmentCenter) -> Shop:
    """An active shop with one warehouse mapped to `center`."""
    shop = factories.make_shop(merchant)
    factories.map_warehouse(shop, center)
    return shop


@pytest.fixture
def tiktok(sandbox: Sandbox, settings: Any) -> Sandbox:
    """The sandbox, with the product's settings pointing at it."""
    settings.TIKTOK_SHOP_API_URL = sandbox.url
    settings.TIKTOK_SHOP_AUTH_URL = sandbox.url
    settings.TIKTOK_SHOP_AUTHORIZE_URL = f"{sandbox.url}/open/authorize"
    settings.TIKTOK_SHOP_APP_KEY = sandbox.app_key
    settings.TIKTOK_SHOP_APP_SECRET = sandbox.app_secret
    settings.TIKTOK_SHOP_SERVICE_ID = sandbox.service_id
    return sandbox
