from __future__ import annotations

import pytest

from integrations.tiktok.carriers import provider_for
from integrations.tiktok.schemas import ShippingProviderRow

PROVIDERS = [
    ShippingProviderRow("1", "USPS"),
    ShippingProviderRow("2", "DHL eCommerce"),
    ShippingProviderRow("3", "Federal Express"),
]


@pytest.mark.parametrize(
    ("carrier", "provider_id"),
    [
        ("USPS", "1"),
        ("U.S.P.S.", "1"),
        ("United States Postal Service", "1"),
        ("dhl ecommerce", "2"),
        ("FedEx", "3"),
    ],
)
def test_a_carrier_is_found_under_the_channel_s_name_for_it(carrier: str, provider_id: str) -> None:
    found = provider_for(carrier, PROVIDERS)
    assert found is not None
    assert found.id == provider_id


@pytest.mark.parametrize("carrier", ["DHL", "UPS", ""])
def test_a_carrier_is_not_guessed(carrier: str) -> None:
    assert provider_for(carrier, PROVIDERS) is None
