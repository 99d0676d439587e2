"""Many orders at once, and searches whose pages show rows twice."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from tests.integrations.sandbox.buying import stock_up
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

SEARCH = "/order/202309/orders/search"


def place_many(box: Sandbox, count: int, **wishes: object) -> list[str]:
    answer = box.control("POST", "/shops/first/orders/bulk", {"count": count, **wishes})
    return list(answer["order_ids"])


def pages(client: SignedClient, size: int) -> list[list[str]]:
    """Read all orders, oldest change first; return the ids on each page."""
    found, token = [], ""
    while True:
        query = {"page_size": str(size), "sort_field": "update_time", "sort_order": "ASC"}
        answer = client.call(
            "POST", SEARCH, {}, query={**query, **({"page_token": token} if token else {})}
        )
        found.append([order["id"] for order in answer["orders"]])
        token = answer["next_page_token"]
        if not token:
            return found


def test_many_orders_are_of_the_named_skus_alone(box: Sandbox, client: SignedClient):
    stock_up(client, "MUG-1")
    wanted = [stock_up(client, "MUG-2"), stock_up(client, "MUG-3")]
    ids = place_many(box, 30, sku_ids=wanted)
    orders = box.control("GET", "/orders?limit=100")["orders"]
    assert sorted(order["id"] for order in orders) == sorted(ids)
    skus = Counter(sku for order in orders for sku in order["skus"])
    assert set(skus) == {"MUG-2", "MUG-3"}


def test_many_orders_can_all_be_in_one_state(box: Sandbox, client: SignedClient):
    stock_up(client)
    place_many(box, 5, statuses=["ON_HOLD"])
    orders = box.control("GET", "/orders")["orders"]
    assert [order["status"] for order in orders] == ["ON_HOLD"] * 5


def test_a_page_can_show_the_end_of_the_page_before_again(box: Sandbox, client: SignedClient):
    stock_up(client)
    ids = place_many(box, 12, statuses=["ON_HOLD"])
    box.fault("repeated_rows", path=SEARCH, rows=2, count=1)
    found = pages(client, 5)
    assert [before[-2:] == after[:2] for before, after in pairwise(found)] == [True, False]
    assert Counter(Counter(key for page in found for key in page).values()) == {1: 10, 2: 2}
    assert {key for page in found for key in page} == set(ids)
    assert sum(map(len, pages(client, 5))) == 12


def test_pages_move_on_however_much_they_repeat(box: Sandbox, client: SignedClient):
    stock_up(client)
    ids = place_many(box, 4, statuses=["ON_HOLD"])
    box.fault("repeated_rows", path=SEARCH, rows=50)
    found = pages(client, 2)
    assert {key for page in found for key in page} == set(ids)
    assert len(found) == 3
