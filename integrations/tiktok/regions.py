"""What differs by the region of a shop: money, day, category tree, units, limits of a listing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from catalog.ports import ListingLimits, Weight

SEVEN_LEVELS = "v2"
THREE_LEVELS = "v1"
METRIC = ("KILOGRAM",)
METRIC_SMALL = ("KILOGRAM", "GRAM")
AMERICAN = ("POUND", "KILOGRAM")


@dataclass(frozen=True, slots=True)
class Region:
    currency: str
    time_zone: str  # its day is the day of the upload quota
    category_version: str
    price_range: tuple[str, str]  # of a seller who is at home in the region
    weight_units: tuple[str, ...] = METRIC
    title_length: tuple[int, int] = (1, 255)
    variants: int = 300


def _europe(city: str) -> Region:
    return Region("EUR", f"Europe/{city}", SEVEN_LEVELS, ("0.01", "6300"))


def _asia(currency: str, city: str, lowest: str, highest: str) -> Region:
    zone, prices = f"Asia/{city}", (lowest, highest)
    return Region(currency, zone, SEVEN_LEVELS, prices, title_length=(25, 255), variants=100)


REGIONS = {
    "US": Region("USD", "America/Los_Angeles", SEVEN_LEVELS, ("0.01", "7600"), AMERICAN),
    "GB": Region("GBP", "Europe/London", THREE_LEVELS, ("0.01", "5600")),
    "DE": _europe("Berlin"),
    "FR": _europe("Paris"),
    "IT": _europe("Rome"),
    "ES": _europe("Madrid"),
    "IE": _europe("Dublin"),
    "ID": _asia("IDR", "Jakarta", "100", "100000000"),
    "MY": _asia("MYR", "Kuala_Lumpur", "0.01", "320000"),
    "PH": _asia("PHP", "Manila", "0.01", "400000"),
    "SG": _asia("SGD", "Singapore", "0.01", "10000"),
    "TH": _asia("THB", "Bangkok", "30", "260000"),
    "VN": _asia("VND", "Ho_Chi_Minh", "1", "180000000"),
    "BR": Region(
        "BRL", "America/Sao_Paulo", THREE_LEVELS, ("0.5", "10000"), METRIC_SMALL, (1, 300)
    ),
    "MX": Region(
        "MXN", "America/Mexico_City", THREE_LEVELS, ("1", "50000"), METRIC_SMALL, (1, 300)
    ),
    "JP": Region("JPY", "Asia/Tokyo", THREE_LEVELS, ("1", "500000"), METRIC_SMALL),
}
#: A region we do not know gets the narrowest of everything.
ELSEWHERE = Region(
    "USD", "UTC", THREE_LEVELS, ("0.01", "5600"), title_length=(25, 255), variants=100
)


def region_of(code: str) -> Region:
    """Return what holds in a region; one that is not known is treated carefully."""
    return REGIONS.get(code, ELSEWHERE)


def limits_of(code: str) -> ListingLimits:
    """Return what a listing may be in a region."""
    region = region_of(code)
    lowest, highest = region.price_range
    return ListingLimits(
        title_min=region.title_length[0],
        title_max=region.title_length[1],
        description_max=10_000,
        images_max=9,
        sku_max=50,
        variants_max=region.variants,
        quantity_max=99_999,
        price_min=Decimal(lowest),
        price_max=Decimal(highest),
        # The channel names no limit; those of its delivery options lie below this.
        weight_max=Weight(Decimal(100), "kg"),
    )
