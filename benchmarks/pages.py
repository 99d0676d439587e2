"""List pages over many listings; the floor is a page of the same site that lists nothing."""

from __future__ import annotations

import statistics

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from benchmarks import rows
from benchmarks.figures import Figure, taking
from catalog.models import Listing, Membership, Merchant, Offer, Role, Shop, Variant
from catalog.states import ListingState

VISITS = 25
MOST_MEDIAN, MOST_P95 = 150.0, 300.0
STATES = (
    ListingState.ACTIVE,
    ListingState.READY,
    ListingState.INCOMPLETE,
    ListingState.IN_REVIEW,
    ListingState.REJECTED,
)
MERCHANT_PAGES = {
    "Merchant: listings": "/listings/",
    "Merchant: listings, searched": "/listings/?q=Rope",
    "Merchant: products": "/products/",
}
ADMIN_PAGES = {
    "Admin: listings": "admin:catalog_listing_changelist",
    "Admin: products": "admin:catalog_product_changelist",
    "Admin: stock levels": "admin:catalog_stocklevel_changelist",
}


def measure(scale: float) -> list[Figure]:
    number = max(1000, int(20_000 * scale))
    merchant = _fill(number)
    owner, staff = Client(), Client()
    member = User.objects.create_user("owner-of-pages")
    Membership.objects.create(merchant=merchant, user=member, role=Role.OWNER)
    owner.force_login(member)
    staff.force_login(User.objects.create_superuser("staff-of-pages"))
    plain = _visit(owner, reverse("help"))
    plain_admin = _visit(staff, reverse("admin:password_change"))
    figures = [
        _figure(name, _visit(owner, address), plain, number)
        for name, address in MERCHANT_PAGES.items()
    ]
    figures += [
        _figure(name, _visit(staff, reverse(address)), plain_admin, number)
        for name, address in ADMIN_PAGES.items()
    ]
    return figures


def _fill(number: int) -> Merchant:
    """A merchant whose shop has so many listings, in mixed states."""
    merchant = rows.make_merchant()
    center = rows.make_center(merchant)
    shop = rows.make_shop(merchant, center)
    products = rows.make_products(merchant, number, center)
    made = Listing.objects.bulk_create(
        (_listing(shop, product, place) for place, product in enumerate(products)),
        batch_size=rows.BATCH,
    )
    variants = dict(
        Variant.objects.filter(merchant=merchant).values_list("product", "pk").iterator()
    )
    Offer.objects.bulk_create(
        (Offer(listing=row, variant_id=variants[row.product_id], currency="USD") for row in made),
        batch_size=rows.BATCH,
    )
    return merchant


def _listing(shop: Shop, product: int, place: int) -> Listing:
    state = STATES[place % len(STATES)]
    is_there = state not in (ListingState.READY, ListingState.INCOMPLETE)
    return Listing(
        shop=shop,
        product_id=product,
        state=state,
        external_id=f"17{place:09d}" if is_there else "",
    )


def _visit(client: Client, address: str) -> tuple[list[float], int]:
    """Milliseconds of each visit, the first one apart, and the queries of the last."""
    times = []
    for _ in range(VISITS + 1):
        with taking() as taken:
            answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}")
        times.append(taken.milliseconds)
    return times[1:], taken.queries


def _figure(
    name: str, found: tuple[list[float], int], plain: tuple[list[float], int], number: int
) -> Figure:
    times, queries = found
    median = statistics.median(times)
    p95 = statistics.quantiles(times, n=20)[-1]
    return Figure(
        f"{name} ({number:,} listings)",
        median,
        "ms",
        statistics.median(plain[0]),
        "a page of the same site without a list",
        f"95% within {p95:.0f} ms, {queries} queries",
        "median 150 ms, 95% within 300 ms, at 1,000,000 listings",
        median <= MOST_MEDIAN and p95 <= MOST_P95,
    )
