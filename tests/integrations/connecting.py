"""The steps of connecting a shop, as a person takes them in the browser."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests
from django.test import Client
from django.urls import reverse

from catalog.models import FulfillmentCenter, Shop
from tests.support.sandbox import Sandbox

CHANNEL = "tiktok_shop"


def consent(browser: Client, sandbox: Sandbox, *, decision: str = "approve") -> str:
    """Press Connect, agree on the channel's page, and return the address that leads back."""
    answer = browser.post(reverse("connect", args=[CHANNEL]))
    assert answer.status_code == 302, answer.content
    assert answer.url.startswith(f"{sandbox.url}/open/authorize?")
    asked = parse_qs(urlsplit(answer.url).query)
    page = requests.get(answer.url, timeout=10)
    assert page.status_code == 200
    back = requests.post(
        f"{sandbox.url}/open/authorize",
        data={"shop_id": sandbox.shop["id"], "state": asked["state"][0], "decision": decision},
        allow_redirects=False,
        timeout=10,
    )
    query = urlsplit(back.headers["Location"]).query
    return f"{reverse('oauth_callback', args=[CHANNEL])}?{query}"


def connect(browser: Client, sandbox: Sandbox) -> Shop:
    """Go all the way to the mapping prompt."""
    answer = browser.get(consent(browser, sandbox))
    shop = Shop.objects.get(external_id=sandbox.shop["id"])
    assert (answer.status_code, answer.url) == (302, reverse("mapping", args=[shop.pk]))
    return shop


def choices(shop: Shop, *centers: FulfillmentCenter | None) -> dict[str, str]:
    """The mapping form filled in, in the order of the warehouses' names."""
    warehouses = shop.warehouses.sellable().order_by("name")
    return {
        f"warehouse_{warehouse.pk}": str(center.pk) if center else "none"
        for warehouse, center in zip(warehouses, centers, strict=True)
    }


def activate(browser: Client, shop: Shop, *centers: FulfillmentCenter | None) -> Shop:
    answer = browser.post(reverse("mapping", args=[shop.pk]), choices(shop, *centers), follow=True)
    assert answer.status_code == 200
    shop.refresh_from_db()
    return shop
