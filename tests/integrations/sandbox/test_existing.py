"""Products that stand on a shop before anyone connects, of the kinds that a test asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

PATH = "/shops/first/existing"


@pytest.mark.parametrize("variants", [1, 2, 100])
def test_each_product_has_as_many_variants_as_asked_for(
    box: Sandbox, client: SignedClient, variants: int
):
    made = box.control("POST", PATH, {"count": 3, "variants": variants})["product_ids"]
    shown = [client.get(product_id) for product_id in made]
    assert [len(product["skus"]) for product in shown] == [variants] * 3
    for field in ("id", "seller_sku"):
        seen = [sku[field] for product in shown for sku in product["skus"]]
        assert len(set(seen)) == 3 * variants
    numbers = {sku["identifier_code"]["code"] for one in shown for sku in one["skus"]}
    assert len(numbers) == 3 * variants
    kinds = {len(sku.get("sales_attributes") or []) for one in shown for sku in one["skus"]}
    assert kinds == {0 if variants == 1 else 1}


def test_a_product_of_many_variants_takes_one_call_for_all_its_quantities(
    box: Sandbox, client: SignedClient
):
    (made,) = box.control("POST", PATH, {"count": 1, "variants": 100})["product_ids"]
    skus = box.product(made)["skus"]
    sites = list(skus[0]["available"])
    body = {
        "skus": [
            {
                "id": sku["id"],
                "inventory": [{"warehouse_id": site, "quantity": place} for site in sites],
            }
            for place, sku in enumerate(skus)
        ]
    }
    client.call("POST", f"/product/202309/products/{made}/inventory/update", body)
    shown = [list(sku["available"].values()) for sku in box.product(made)["skus"]]
    assert shown == [[place] * len(sites) for place in range(100)]


@pytest.mark.parametrize("variants", [0, 101, "many"])
def test_a_number_of_variants_that_no_product_has_is_refused_and_nothing_is_made(
    box: Sandbox, variants: object
):
    before = box.products()
    answer = box.session.request(
        "POST", f"{box.url}/_sandbox{PATH}", json={"count": 1, "variants": variants}, timeout=30
    )
    assert answer.status_code == 400
    assert box.products() == before


def _skus(box: Sandbox, ids: list[str]) -> Iterator[str]:
    for product_id in ids:
        yield from (sku["seller_sku"] for sku in box.product(product_id)["skus"])


def test_two_shops_have_the_same_skus_for_the_same_numbers(box: Sandbox):
    there = box.control("POST", "/shops", {"region": "GB"})["id"]
    here = list(_skus(box, box.seed_products(12)))
    assert list(_skus(box, box.seed_products(12, there))) == here
