"""A shop that is connected to the sandbox, for tests of what passes between the two."""

from __future__ import annotations

import pytest

from catalog.models import FulfillmentCenter, Merchant, Shop
from catalog.services import mapping, taxonomy
from tests import factories
from tests.support.sandbox import Sandbox


@pytest.fixture
def live(merchant: Merchant, center: FulfillmentCenter, tiktok: Sandbox) -> Shop:
    """A connected shop whose first sales warehouse is mapped to `center`."""
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    mapping.refresh_warehouses(shop)
    first = tiktok.warehouses()[0]
    factories.map_warehouse(shop, center, shop.warehouses.get(external_id=first))
    taxonomy.refresh(shop)
    return shop
