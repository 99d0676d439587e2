"""The gateway's checks, in their order, with their codes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tiktok_shop_api.signing import Signer

from integrations.sandbox.tiktok.signing import is_signed, request_signature
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

SHOPS = "/authorization/202309/shops"
WAREHOUSES = "/logistics/202309/warehouses"
SEARCH = "/product/202502/products/search"

# Secret, path, query, body, content type, signature.
VECTORS = [
    (
        "e59af819cc",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        "",
        "application/json",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    (
        "e59af819cc",
        "/event/202309/webhooks",
        {
            "app_key": "68xu9ks5p4i8",
            "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
            "timestamp": "1696909648",
        },
        '{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}',
        "application/json",
        "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
    ),
    (
        "e59af819cc",
        "/order/202309/orders/search",
        {
            "app_key": "29a39d",
            "page_size": "100",
            "page_token": "6AsPQsUMvH3RkchNUPPh22NROHkE0D8pmq/N5M1kHYcZmtRyv9aVrNv65W7Q6tFA"
            "+7D1ud64MPNz5OaT",
            "shop_cipher": "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3",
            "timestamp": "1623812664",
        },
        '{"order_status":"UNPAID"}',
        "application/json",
        "6b55918cfea8c0a45c2e533b88a5d8c2c379f23ded442d71d9be1fa86d28f73e",
    ),
    (
        "abc000def111",
        "/product/202309/images/upload",
        {"app_key": "29a39d", "timestamp": "1700000000"},
        "--XYZ ignored",
        "multipart/form-data; boundary=XYZ",
        "9bcae16a67b0dd07fc5483b611560e14c04144eb0610c5c8e68652e86a0442fc",
    ),
    (
        "abc000def111",
        "/order/202309/orders",
        {
            "app_key": "123456",
            "ids": "576461413038785752,576461413038785753",
            "shop_cipher": "ROW_abc",
            "timestamp": "1700000000",
            "sign": "will-be-dropped",
            "access_token": "will-be-dropped",
        },
        "",
        "application/json",
        "86fc30a91fffa29eedba6435a228a8281839e6186685e2cb7e514828a26c3e98",
    ),
    (
        "abc000def111",
        "/product/202309/products",
        {"app_key": "123456", "shop_cipher": "ROW_abc", "timestamp": "1700000000"},
        '{"title":"Caña – 图"}',
        "application/json",
        "c58b8207eaa5d4e8cb5cb53ab221c662e775e12ea9c4ae9fd81c73c6de709cf7",
    ),
    (
        "abc000def111",
        "/product/202309/products",
        {"app_key": "123456", "shop_cipher": "ROW_abc", "timestamp": "1700000000"},
        '{"product_ids":["1729592969712207008"]}',
        "application/json",
        "af2225a76cff99a6ca9c861916dc643304a48017b240101648278a3e13965755",
    ),
]


@pytest.mark.parametrize(("secret", "path", "query", "body", "content_type", "sign"), VECTORS)
def test_the_known_signatures_come_out(secret, path, query, body, content_type, sign):
    pairs = list(query.items())
    assert request_signature(secret, path, pairs, body.encode(), content_type) == sign


def test_an_empty_object_may_be_signed_as_no_body():
    unsigned = Signer.sign(
        path="/a", query=[("b", "c")], content_type="application/json", body=None, app_secret="s"
    )
    assert is_signed(unsigned, "s", "/a", [("b", "c")], b"{}", "application/json")
    assert not is_signed(unsigned, "s", "/a", [("b", "c")], b'{"d":1}', "application/json")


def test_an_unknown_path_is_404_and_an_unknown_version_says_so(client: SignedClient):
    assert client.gateway("GET", "/nothing/202309/here") == (404, 36009009)
    assert client.gateway("GET", "/logistics/209901/warehouses") == (400, 36009014)


def test_a_wrong_method_is_refused(client: SignedClient):
    assert client.gateway("DELETE", WAREHOUSES) == (405, 36009010)
    assert client.gateway("DELETE", "/product/202309/products/1") == (405, 36009010)


def test_credentials_are_checked_one_after_the_other(client: SignedClient):
    late = str(int(time.time()) - 301)
    early = str(int(time.time()) + 45)
    assert client.gateway("GET", SHOPS, app_key="other") == (400, 36009004)
    assert client.gateway("GET", SHOPS, timestamp=late) == (400, 36009004)
    assert client.gateway("GET", SHOPS, timestamp=early) == (400, 36009004)
    assert client.gateway("GET", SHOPS, sign=None) == (400, 36009004)
    assert client.gateway("GET", SHOPS, sign="0" * 64) == (401, 106001)


def test_a_token_that_nobody_issued_is_refused(client: SignedClient):
    client.tokens["access_token"] = "ROW_made_up"
    assert client.gateway("GET", SHOPS) == (401, 36009004)


def test_a_token_lives_seven_days_by_the_sandbox_clock(client: SignedClient, box: Sandbox):
    box.advance(7 * 24 * 3600 - 5)
    assert client.gateway("GET", SHOPS) == (200, 0)
    box.advance(6)
    assert client.gateway("GET", SHOPS) == (401, 105002)


def test_a_scope_that_was_not_granted_is_refused(box: Sandbox):
    box.configure(granted_scopes=["seller.authorization.info"])
    client = SignedClient(box)
    assert client.gateway("GET", SHOPS) == (200, 0)
    assert client.gateway("GET", WAREHOUSES) == (401, 105005)


def test_the_cipher_is_required_or_forbidden(client: SignedClient, box: Sandbox):
    cipher = client.tokens["cipher"]
    assert client.gateway("GET", SHOPS, query={"shop_cipher": cipher}) == (400, 36009004)
    box.configure(lenient_cipher=True)
    assert client.gateway("GET", SHOPS, query={"shop_cipher": cipher}) == (200, 0)
    client.tokens["cipher"] = ""
    assert client.gateway("GET", WAREHOUSES) == (400, 106013)
    client.tokens["cipher"] = "ROW_of_someone_else"
    assert client.gateway("GET", WAREHOUSES) == (401, 101000)


def test_a_missing_or_mistyped_field_is_named(client: SignedClient):
    answer = client.raw(
        "POST", "/product/202309/products", client.mug(package_weight={"unit": "POUND"})
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == 36009004
    assert answer.json()["message"] == "body.package_weight.value is missing"
    answer = client.raw("POST", SEARCH, {"seller_skus": "A"}, query={"page_size": "1"})
    assert answer.json()["message"] == "body.seller_skus must be a list"


def test_an_empty_list_is_an_empty_body(client: SignedClient):
    assert client.call("POST", SEARCH, [], query={"page_size": "1"})["total_count"] == 0


def test_faults_strike_as_often_as_asked(client: SignedClient, box: Sandbox):
    box.fault("rate_limit", path="/logistics/*", count=1, retry_after=7)
    answer = client.raw("GET", WAREHOUSES)
    assert (answer.status_code, answer.json()["code"]) == (429, 36009002)
    assert answer.headers["Retry-After"] == "7"
    box.fault("error_500", count=1)
    assert client.gateway("GET", WAREHOUSES) == (500, 36009003)
    box.fault("missing_scope", count=1)
    assert client.gateway("GET", WAREHOUSES) == (401, 105005)
    box.fault("bad_token", count=1)
    assert client.gateway("GET", WAREHOUSES) == (401, 105002)
    box.fault("error_503", count=1)
    assert client.raw("GET", WAREHOUSES).status_code == 503
    assert client.gateway("GET", WAREHOUSES) == (200, 0)
    assert box.calls()["GET /logistics/202309/warehouses"] == 6


def test_a_business_error_can_be_ordered(client: SignedClient, box: Sandbox):
    box.fault("business_error", path=WAREHOUSES, count=1, code=12052881, message="Not now.")
    assert client.refused("GET", WAREHOUSES) == 12052881
    assert client.gateway("GET", WAREHOUSES) == (200, 0)


def test_a_gateway_timeout_comes_after_the_work(client: SignedClient, box: Sandbox):
    body = client.mug()
    box.fault("gateway_timeout", path="/product/202309/products", count=1)
    assert client.gateway("POST", "/product/202309/products", body) == (504, 36009007)
    assert [row["seller_skus"] for row in box.products()] == [["MUG-1"]]


def test_a_lagging_index_shows_new_things_later(client: SignedClient, box: Sandbox):
    client.create()
    query = {"page_size": "10"}
    box.fault("index_lag", path="*/search", seconds=30)
    assert client.call("POST", SEARCH, {}, query=query)["total_count"] == 0
    box.advance(31)
    assert client.call("POST", SEARCH, {}, query=query)["total_count"] == 1


def test_two_creates_at_once_with_one_key_make_one_product(sandbox: Sandbox):
    client = SignedClient(sandbox)
    body = client.mug(idempotency_key="k1")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: client.raw("POST", "/product/202309/products", body), range(8))
        )
    made = {answer.json()["data"]["product_id"] for answer in answers}
    assert [row["id"] for row in sandbox.products()] == list(made)
