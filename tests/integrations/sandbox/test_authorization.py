"""From the consent page to tokens, and the end of them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import REDIRECT_URL, Sandbox


def decide(box: Sandbox, decision: str, **form: str) -> tuple[str, dict[str, list[str]]]:
    values = {"shop_id": box.shop["id"], "state": "s1", "decision": decision, **form}
    answer = box.session.post(
        f"{box.url}/open/authorize", data=values, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 302, answer.text
    address, _, query = answer.headers["Location"].partition("?")
    return address, parse_qs(query)


def token(box: Sandbox, kind: str, **changes: str) -> dict:
    query = {"app_key": box.app_key, "app_secret": box.app_secret, **changes}
    return box.session.get(f"{box.url}/api/v2/token/{kind}", params=query, timeout=10).json()


def exchange(box: Sandbox, code: str) -> dict:
    return token(box, "get", auth_code=code, grant_type="authorized_code")


def refresh(box: Sandbox, value: str) -> dict:
    return token(box, "refresh", refresh_token=value, grant_type="refresh_token")


def test_the_consent_page_names_the_shop_and_the_scopes(box: Sandbox):
    page = box.session.get(
        f"{box.url}/open/authorize?service_id={box.service_id}&state=s1", timeout=10
    )
    assert page.status_code == 200
    assert box.shop["name"] in page.text
    assert "seller.product.write" in page.text
    assert urlsplit(REDIRECT_URL).netloc in page.text


def test_an_unknown_service_is_not_offered(box: Sandbox):
    answer = box.session.get(f"{box.url}/open/authorize?service_id=1", timeout=10)
    assert answer.status_code == 400


def test_approval_returns_with_code_and_state(box: Sandbox):
    address, query = decide(box, "approve")
    assert address == REDIRECT_URL
    assert sorted(query) == ["app_key", "code", "locale", "shop_region", "state"]
    assert query["state"] == ["s1"]
    assert exchange(box, query["code"][0])["message"] == "success"


def test_refusal_returns_without_a_code(box: Sandbox):
    _address, query = decide(box, "refuse")
    assert query == {"code": ["null"], "error": ["auth_denied"], "state": ["s1"]}


def test_a_return_address_elsewhere_is_ignored_and_one_on_loopback_is_used(box: Sandbox):
    elsewhere, _query = decide(box, "approve", redirect_uri="http://evil.example/x")
    assert elsewhere == REDIRECT_URL
    local, _query = decide(box, "approve", redirect_uri="http://localhost:8000/back")
    assert local == "http://localhost:8000/back"


def test_a_code_works_once_and_for_half_an_hour(box: Sandbox):
    code = box.code()
    data = exchange(box, code)["data"]
    now = box.control("GET", "/clock")["now"]
    assert data["access_token_expire_in"] - now in (7 * 24 * 3600 - 1, 7 * 24 * 3600)
    assert (data["seller_base_region"], data["user_type"]) == ("US", 0)
    assert exchange(box, code)["code"] == 36004004
    late = box.code()
    box.advance(1801)
    assert exchange(box, late)["code"] == 36004004


def test_a_refresh_token_works_once(box: Sandbox):
    first = box.tokens()
    second = refresh(box, first["refresh_token"])["data"]
    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(box, first["refresh_token"])["code"] == 36004001
    assert refresh(box, second["refresh_token"])["code"] == 0


@pytest.mark.parametrize(
    "changes", [{"app_secret": "x"}, {"grant_type": "password"}, {"auth_code": ""}]
)
def test_a_wrong_parameter_is_refused(box: Sandbox, changes: dict[str, str]):
    query = {"auth_code": box.code(), "grant_type": "authorized_code", **changes}
    assert token(box, "get", **query)["code"] == 98001004


def test_authorized_shops_are_those_of_the_seller(box: Sandbox, client: SignedClient):
    box.add_shop("GB", name="Other seller's")
    shops = client.call("GET", "/authorization/202309/shops")["shops"]
    assert [shop["id"] for shop in shops] == [box.shop["id"]]
    assert shops[0]["cipher"] == client.tokens["cipher"]


def test_a_seller_with_two_shops_authorizes_both(box: Sandbox):
    second = box.add_shop("GB", seller_id=box.shop["seller_id"])
    shops = SignedClient(box).call("GET", "/authorization/202309/shops")["shops"]
    assert [(shop["id"], shop["region"]) for shop in shops] == [
        (box.shop["id"], "US"),
        (second["id"], "GB"),
    ]


def test_a_withdrawn_authorization_ends_every_token(box: Sandbox, client: SignedClient):
    box.control("POST", "/shops/first/deauthorize")
    assert client.gateway("GET", "/authorization/202309/shops") == (401, 36009004)
    assert refresh(box, client.tokens["refresh_token"])["code"] == 36004001
