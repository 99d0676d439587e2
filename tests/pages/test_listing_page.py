"""One listing as its merchant sees it: where each reason leads, and when it goes out."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Listing, Merchant, Shop
from catalog.services import listings
from catalog.states import ListingState
from tests import factories
from tests.pages.conftest import People


def test_a_merchant_is_led_to_what_a_page_of_theirs_shows(
    people: People, sign_in: Callable[[User], Client], merchant: Merchant, shop: Shop
) -> None:
    product = factories.make_product(merchant, title="", with_image=False)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product)
    client = sign_in(people.alice)
    response = client.get(reverse("listing", args=[listing.pk]))
    links = {item["field"]: item["url"] for item in response.context["missing"]}
    here = reverse("product", args=[product.pk])
    mapping = reverse("mapping", args=[shop.pk])
    assert links == {"title": here, "image": here, "quantity": mapping, "category": ""}
    assert f'<a href="{mapping}">No quantity is available' in response.content.decode()

    Listing.objects.filter(pk=listing.pk).update(
        queued_at=timezone.now(), state=ListingState.QUEUED
    )
    page = client.get(reverse("listing", args=[listing.pk])).content.decode()
    assert "It goes out today." in page
