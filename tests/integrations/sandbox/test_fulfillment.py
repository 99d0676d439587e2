"""Shipping: tracking numbers, parcels, labels, splitting, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.buying import (
    DAY,
    NUMBER,
    UPS,
    USPS,
    buy,
    held,
    lines_of,
    mark_shipped,
    order_of,
    ready,
    status_of,
    stock_up,
)
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

LABEL = {
    "weight": {"value": "2", "unit": "POUND"},
    "dimension": {"length": "6", "width": "6", "height": "6", "unit": "INCH"},
}


def package_of(client: SignedClient, package_id: str) -> Any:
    return client.call("GET", f"/fulfillment/202309/packages/{package_id}")


def test_a_tracking_number_ships_the_whole_order(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box, 2, buyer={"state": "Ohio"})
    assert held(client, sku) == [(3, 2), (7, 0)]
    answer = client.call("POST", *mark_shipped(client, order_id))
    order = order_of(client, order_id)
    assert answer["order_line_item_ids"] == [line["id"] for line in order["line_items"]]
    assert (order["status"], order["tracking_number"], order["shipping_provider"]) == (
        "AWAITING_COLLECTION",
        NUMBER,
        "USPS",
    )
    assert order["packages"] == [{"id": answer["package_id"]}]
    assert {line["package_status"] for line in order["line_items"]} == {"PROCESSING"}
    assert held(client, sku) == [(3, 0), (7, 0)]
    assert box.control("GET", f"/orders/{order_id}")["ship_calls"] == 1


def test_the_newest_version_takes_lists(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box, 2)
    first, _second = lines_of(client, order_id)
    body = {
        "order_line_list": [{"order_line_id": first}],
        "shipping_info_list": [
            {"tracking_number": NUMBER, "shipping_provider_id": USPS, "note": "box 1"},
            {"tracking_number": "1Z999AA10123456784", "shipping_provider_id": UPS},
        ],
    }
    path = f"/fulfillment/202610/orders/{order_id}/packages"
    assert client.call("POST", path, body)["order_line_item_ids"] == [first]
    assert status_of(client, order_id) == "PARTIALLY_SHIPPING"
    parcel = box.control("GET", f"/orders/{order_id}")["packages"][0]
    numbers = [sent["tracking_number"] for sent in parcel["shipments"]]
    assert numbers == [NUMBER, "1Z999AA10123456784"]


def test_an_order_can_be_shipped_in_parts(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box, 2)
    first, second = lines_of(client, order_id)
    client.call("POST", *mark_shipped(client, order_id, NUMBER, USPS, first))
    assert status_of(client, order_id) == "PARTIALLY_SHIPPING"
    client.call("POST", *mark_shipped(client, order_id, "9400111899223100005678"))
    order = order_of(client, order_id)
    assert order["status"] == "AWAITING_COLLECTION"
    assert [line["tracking_number"] for line in order["line_items"]] == [
        NUMBER,
        "9400111899223100005678",
    ]
    assert len(order["packages"]) == 2
    assert second != first


@pytest.mark.parametrize(
    ("number", "provider", "code"),
    [
        ("94001118992231", USPS, 21011022),
        ("1Z999AA10123456784", USPS, 21011022),
        (NUMBER, UPS, 21011022),
        (NUMBER, "1", 21011022),
        ("9400 1118", USPS, 21004012),
        ("9400#1118", USPS, 21004012),
    ],
)
def test_a_number_that_does_not_fit_is_refused(
    box: Sandbox, client: SignedClient, number: str, provider: str, code: int
):
    stock_up(client)
    order_id = ready(box)
    assert client.refused("POST", *mark_shipped(client, order_id, number, provider)) == code
    assert status_of(client, order_id) == "AWAITING_SHIPMENT"


def test_numbers_are_taken_as_they_come_where_checking_is_off(box: Sandbox, client: SignedClient):
    stock_up(client)
    box.configure(check_tracking=False)
    client.call("POST", *mark_shipped(client, ready(box), "ABCD-1234"))


def test_a_number_serves_one_buyer_only(box: Sandbox, client: SignedClient):
    stock_up(client)
    client.call("POST", *mark_shipped(client, ready(box, buyer={"state": "Ohio"})))
    again = mark_shipped(client, ready(box, buyer={"state": "Texas"}))
    assert client.refused("POST", *again) == 21011025


def test_a_shipped_order_is_not_shipped_again(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    client.call("POST", *mark_shipped(client, order_id))
    assert client.refused("POST", *mark_shipped(client, order_id)) == 21011006
    (line,) = lines_of(client, order_id)
    named = mark_shipped(client, order_id, NUMBER, USPS, line)
    assert client.refused("POST", *named) == 21011020
    assert box.control("GET", f"/orders/{order_id}")["ship_calls"] == 3


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({}, 10007014),
        ({"paid": False}, 21042057),
        ({"hold": False, "shipping_type": "TIKTOK"}, 21011004),
        ({"hold": False, "fulfillment_type": "FULFILLMENT_BY_TIKTOK"}, 21008025),
    ],
)
def test_an_order_that_the_seller_cannot_ship_is_refused(
    box: Sandbox, client: SignedClient, wishes: dict[str, Any], code: int
):
    stock_up(client)
    order_id = buy(box, **wishes)["id"]
    assert client.refused("POST", *mark_shipped(client, order_id)) == code


def test_a_canceled_order_and_an_unknown_line_are_refused(box: Sandbox, client: SignedClient):
    stock_up(client)
    gone, waiting = buy(box)["id"], ready(box)
    box.control("POST", f"/orders/{gone}/cancel", {})
    assert client.refused("POST", *mark_shipped(client, gone)) == 21011041
    assert client.refused("POST", *mark_shipped(client, waiting, NUMBER, USPS, "5")) == 21001001
    assert client.refused("POST", *mark_shipped(client, "5")) == 21008111


def test_tiktok_shipping_in_seller_center_leaves_nothing_to_the_app(
    box: Sandbox, client: SignedClient
):
    stock_up(client)
    order_id = ready(box)
    box.control("POST", f"/orders/{order_id}/ship", {})
    order = order_of(client, order_id)
    assert (order["status"], order["shipping_type"], order["shipping_provider"]) == (
        "AWAITING_COLLECTION",
        "TIKTOK",
        "USPS",
    )
    assert order["recipient_address"]["name"].endswith("***")
    (package,) = order["packages"]
    path = f"/fulfillment/202309/packages/{package['id']}/shipping_documents"
    document = client.call("GET", path, query={"document_type": "SHIPPING_LABEL"})
    assert document["tracking_number"] == order["tracking_number"]
    assert client.refused("POST", *mark_shipped(client, order_id)) == 21011004


def test_a_buyer_who_asks_to_cancel_comes_first(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    box.control("POST", f"/orders/{order_id}/cancel", {})
    assert client.refused("POST", *mark_shipped(client, order_id)) == 21011007


def test_the_carrier_scans_after_a_day_and_delivers_later(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    client.call("POST", *mark_shipped(client, order_id))
    box.advance(DAY)
    assert status_of(client, order_id) == "IN_TRANSIT"
    box.advance(3 * DAY)
    order = order_of(client, order_id)
    assert (order["status"], order["line_items"][0]["package_status"]) == ("DELIVERED", "COMPLETED")
    rows = client.call("GET", f"/fulfillment/202309/orders/{order_id}/tracking")["tracking"]
    assert [row["description"] for row in rows] == [
        "Delivered",
        "Picked up by the carrier",
        "Label created",
    ]
    parcels = client.call("GET", f"/logistics/202604/orders/{order_id}/tracking")
    assert parcels["logistics_details"][0]["newest_tracking_no"] == NUMBER
    box.advance(14 * DAY)
    client.tokens = box.tokens()
    assert status_of(client, order_id) == "COMPLETED"


def test_a_tracking_number_can_be_corrected_once_within_three_days(
    box: Sandbox, client: SignedClient
):
    stock_up(client)
    order_id, late = ready(box, buyer={"state": "Ohio"}), ready(box, buyer={"state": "Texas"})
    path = f"/fulfillment/202309/orders/{order_id}/shipping_info/update"
    better = {"tracking_number": "1Z999AA10123456784", "shipping_provider_id": UPS}
    assert client.refused("POST", path, better) == 21011043
    package_id = client.call("POST", *mark_shipped(client, order_id))["package_id"]
    assert client.call("POST", path, better) == {}
    order = order_of(client, order_id)
    assert (order["tracking_number"], order["shipping_provider"]) == ("1Z999AA10123456784", "UPS")
    newest = f"/fulfillment/202610/packages/{package_id}/shipping_info/update"
    assert client.refused("POST", newest, {"shipping_info_list": [better]}) == 21011051
    number = "9400111899223100009999"
    package_id = client.call("POST", *mark_shipped(client, late, number))["package_id"]
    path = f"/fulfillment/202309/packages/{package_id}/shipping_info/update"
    box.advance(3 * DAY + 1)
    body = {"tracking_number": "9400111899223100007777", "shipping_provider_id": USPS}
    assert client.refused("POST", path, body) == 21011050
    box.advance(2 * DAY)
    assert client.refused("POST", path, body) == 21011030


def test_parcels_can_be_read_and_found(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box, 2)
    package_id = client.call("POST", *mark_shipped(client, order_id))["package_id"]
    parcel = package_of(client, package_id)
    assert (parcel["package_status"], parcel["tracking_number"]) == ("PROCESSING", NUMBER)
    assert parcel["orders"] == [
        {"id": order_id, "skus": [{"id": sku, "name": "Default", "quantity": 2}]}
    ]
    query = {"page_size": "10"}
    found = client.call(
        "POST",
        "/fulfillment/202309/packages/search",
        {"package_status": "PROCESSING"},
        query=query,
    )
    assert ([row["id"] for row in found["packages"]], found["total_count"]) == ([package_id], 1)
    path = f"/fulfillment/202309/packages/{package_id}/shipping_documents"
    document = {"document_type": "SHIPPING_LABEL"}
    assert client.refused("GET", path, query=document) == 11034002


def test_an_american_label_is_bought_from_tiktok(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box, shipping_type="TIKTOK")
    path = f"/fulfillment/202309/orders/{order_id}/shipping_services/query"
    services = client.call("POST", path, LABEL)["shipping_services"]
    assert [(one["name"], one["price"]) for one in services] == [
        ("USPS Ground Advantage", "5.50"),
        ("USPS Priority Mail", "9.30"),
        ("UPS Ground", "10.00"),
    ]
    body = {**LABEL, "order_id": order_id, "shipping_service_id": services[1]["id"]}
    made = client.call("POST", "/fulfillment/202309/packages", body)
    assert made["shipping_service_info"]["price"] == "9.30"
    assert status_of(client, order_id) == "AWAITING_COLLECTION"
    query = {"document_type": "SHIPPING_LABEL"}
    path = f"/fulfillment/202309/packages/{made['package_id']}/shipping_documents"
    document = client.call("GET", path, query=query)
    file = box.session.get(document["doc_url"])
    assert (file.headers["Content-Type"], file.content[:8]) == ("application/pdf", b"%PDF-1.4")
    assert document["tracking_number"].encode() in file.content
    assert client.refused("POST", "/fulfillment/202309/packages", body) == 21011006


def test_labels_are_refused_where_they_do_not_fit(box: Sandbox, client: SignedClient):
    stock_up(client)
    own, theirs = ready(box), ready(box, shipping_type="TIKTOK")
    path = "/fulfillment/202309/packages"
    assert client.refused("POST", path, {**LABEL, "order_id": own}) == 21011037
    body = {**LABEL, "order_id": theirs, "shipping_service_id": "1"}
    assert client.refused("POST", path, body) == 21004008
    heavy = {**LABEL, "weight": {"value": "71", "unit": "POUND"}, "order_id": theirs}
    assert client.refused("POST", path, heavy) == 21011037
    newest = client.call("POST", "/fulfillment/202512/packages", {**LABEL, "order_id": theirs})
    assert newest["shipping_service_info"]["name"] == "USPS Ground Advantage"


@pytest.fixture
def british(box: Sandbox) -> SignedClient:
    """An app on a British shop with one product that existed before."""
    shop_id = box.add_shop("GB")["id"]
    box.seed_products(3, shop_id)
    return SignedClient(box, shop_id)


def place_in(box: Sandbox, client: SignedClient, **wishes: Any) -> str:
    shop_id = client.tokens["shop_id"]
    return str(box.control("POST", f"/shops/{shop_id}/orders", {"hold": False, **wishes})["id"])


def test_a_british_parcel_exists_before_it_is_shipped(box: Sandbox, british: SignedClient):
    order_id = place_in(box, british, shipping_type="TIKTOK")
    (package,) = order_of(british, order_id)["packages"]
    slots = british.call(
        "GET", f"/fulfillment/202309/packages/{package['id']}/handover_time_slots"
    )["pickup_slots"]
    query = {"document_type": "SHIPPING_LABEL"}
    path = f"/fulfillment/202309/packages/{package['id']}"
    assert british.refused("GET", f"{path}/shipping_documents", query=query) == 21023035
    slot = {"start_time": slots[0]["start_time"], "end_time": slots[0]["end_time"]}
    wrong = {"handover_method": "PICKUP", "pickup_slot": {"start_time": 1, "end_time": 2}}
    assert british.refused("POST", f"{path}/ship", wrong) == 21011053
    body = {"handover_method": "PICKUP", "pickup_slot": slot}
    assert british.call("POST", f"{path}/ship", body) == {}
    assert package_of(british, package["id"])["pickup_slot"] == slot
    assert british.refused("POST", f"{path}/ship", body) == 11006021


def test_parcels_are_shipped_together_and_each_failure_is_told(box: Sandbox, british: SignedClient):
    order_id = place_in(box, british)
    (package,) = order_of(british, order_id)["packages"]
    own = {"tracking_number": "RM123456789GB", "shipping_provider_id": "6671299873249492801"}
    body = {"packages": [{"id": package["id"], "self_shipment": own}, {"id": "5"}]}
    errors = british.call("POST", "/fulfillment/202309/packages/ship", body)["errors"]
    assert [(error["code"], error["detail"]) for error in errors] == [
        (21011028, {"package_id": "5"})
    ]
    assert status_of(british, order_id) == "AWAITING_COLLECTION"


def test_orders_are_split_before_shipping_where_the_market_does_so(box: Sandbox):
    shop_id = box.add_shop("MX")["id"]
    box.seed_products(3, shop_id)
    client = SignedClient(box, shop_id)
    story = box.control("POST", f"/shops/{shop_id}/scenarios/two_skus")["orders"][0]
    query = {"order_ids": story["id"]}
    path = "/fulfillment/202309/orders/split_attributes"
    assert client.call("GET", path, query=query)["split_attributes"][0]["can_split"] is True
    first, second, third = lines_of(client, story["id"])
    path = f"/fulfillment/202309/orders/{story['id']}/split"
    torn = [
        {"id": "1", "order_line_item_ids": [first]},
        {"id": "2", "order_line_item_ids": [second, third]},
    ]
    assert client.refused("POST", path, {"splittable_groups": torn}) == 21011005
    groups = [
        {"id": "1", "order_line_item_ids": [first, second]},
        {"id": "2", "order_line_item_ids": [third]},
    ]
    made = client.call("POST", path, {"splittable_groups": groups})["packages"]
    assert [one["splittable_group_id"] for one in made] == ["1", "2"]
    assert [one["id"] for one in order_of(client, story["id"])["packages"]] == [
        one["id"] for one in made
    ]


def test_an_american_order_is_not_split_before_shipping(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box, 2)
    first, second = lines_of(client, order_id)
    groups = [
        {"id": "1", "order_line_item_ids": [first]},
        {"id": "2", "order_line_item_ids": [second]},
    ]
    path = f"/fulfillment/202309/orders/{order_id}/split"
    assert client.refused("POST", path, {"splittable_groups": groups}) == 21011035
    query = {"order_ids": order_id}
    rows = client.call("GET", "/fulfillment/202309/orders/split_attributes", query=query)
    assert rows["split_attributes"][0]["can_split"] is False
