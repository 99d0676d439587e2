"""Categories, attributes, brands, warehouses."""

from __future__ import annotations

from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

CATEGORIES = "/product/202309/categories"
BRANDS = "/product/202309/brands"
V2 = {"category_version": "v2"}


def test_the_tree_has_departments_groups_and_leaves(client: SignedClient):
    tree = client.call("GET", CATEGORIES, query=V2)["categories"]
    by_id = {category["id"]: category for category in tree}
    leaves = [category for category in tree if category["is_leaf"]]
    assert len([category for category in tree if category["parent_id"] == "0"]) == 11
    assert len(leaves) == 92
    assert all(by_id[by_id[leaf["parent_id"]]["parent_id"]]["parent_id"] == "0" for leaf in leaves)
    statuses = {status for leaf in leaves for status in leaf["permission_statuses"]}
    assert statuses == {"AVAILABLE", "INVITE_ONLY", "NON_MAIN_CATEGORY"}


def test_prohibited_categories_are_shown_on_request(client: SignedClient):
    query = {**V2, "include_prohibited_categories": "true", "keyword": "cigar"}
    tree = client.call("GET", CATEGORIES, query=query)["categories"]
    assert [category["local_name"] for category in tree] == [
        "Prohibited Goods",
        "Tobacco",
        "Cigarettes",
    ]
    assert tree[-1]["permission_statuses"] == ["PROHIBITED"]


def test_american_shops_use_the_second_tree(client: SignedClient):
    mugs = client.category("Mugs")
    assert client.refused("GET", f"{CATEGORIES}/{mugs}/attributes") == 12052217
    assert client.refused("GET", f"{CATEGORIES}/600001/rules", query=V2) == 12052024


def test_british_shops_use_either_tree(box: Sandbox):
    client = SignedClient(box, box.add_shop("GB")["id"])
    tree = client.call("GET", CATEGORIES)["categories"]
    mugs = next(c["id"] for c in tree if c["local_name"] == "Mugs")
    client.call("GET", f"{CATEGORIES}/{mugs}/attributes")
    assert client.refused("GET", f"{CATEGORIES}/{mugs}/attributes", query=V2) == 12052230


def test_attributes_say_what_is_required(client: SignedClient):
    mugs = client.category("Mugs")
    found = client.call("GET", f"{CATEGORIES}/{mugs}/attributes", query=V2)["attributes"]
    assert {a["name"] for a in found if a["type"] == "SALES_PROPERTY"} == {
        "Color",
        "Capacity",
        "Pack Size",
    }
    assert [a["name"] for a in found if a["is_requried"]] == ["Material"]


def test_rules_say_what_else_is_required(client: SignedClient):
    lamps, jeans = client.category("Table Lamps"), client.category("Jeans")
    rules = client.call("GET", f"{CATEGORIES}/{lamps}/rules", query=V2)
    assert [c["id"] for c in rules["product_certifications"]] == ["7200000000000000103"]
    assert rules["package_dimension"] == {"is_required": True}
    rules = client.call("GET", f"{CATEGORIES}/{jeans}/rules", query=V2)
    assert rules["size_chart"] == {"is_supported": True, "is_required": True}


def test_a_title_recommends_a_leaf_or_none(client: SignedClient):
    path = f"{CATEGORIES}/recommend"
    body = {"product_title": "Blue water bottle, 1 l", "category_version": "v2"}
    answer = client.call("POST", path, body)
    assert answer["leaf_category_id"] == client.category("Water Bottles")
    assert [category["level"] for category in answer["categories"]] == [1, 2, 3]
    assert client.refused("POST", path, {**body, "product_title": "Xyzzy"}) == 12019064


def test_brands_are_found_by_prefix_and_paged(client: SignedClient):
    found = client.call("GET", BRANDS, query={"page_size": "100", "brand_name": "al"})
    assert [brand["name"] for brand in found["brands"]] == ["Alder & Ash", "Alpenglow"]
    page = client.call("GET", BRANDS, query={"page_size": "20"})
    rest = client.call(
        "GET", BRANDS, query={"page_size": "20", "page_token": page["next_page_token"]}
    )
    assert (page["total_count"], len(rest["brands"]), rest["next_page_token"]) == (30, 10, "")
    free = client.call("GET", BRANDS, query={"page_size": "100", "is_authorized": "false"})
    assert {brand["authorized_status"] for brand in free["brands"]} == {"UNAUTHORIEZD"}


def test_a_seller_adds_a_brand_once(client: SignedClient):
    made = client.call("POST", BRANDS, {"name": "Zephyr Mill"})
    found = client.call("GET", BRANDS, query={"page_size": "1", "brand_name": "zeph"})
    assert found["brands"][0]["id"] == made["id"]
    assert client.refused("POST", BRANDS, {"name": "zephyr mill"}) == 12052205
    assert client.refused("POST", BRANDS, {"name": "Z"}) == 12052189


def test_the_return_warehouse_stands_first(client: SignedClient):
    found = client.call("GET", "/logistics/202309/warehouses")["warehouses"]
    assert [(warehouse["name"], warehouse["type"]) for warehouse in found] == [
        ("Returns", "RETURN_WAREHOUSE"),
        ("East", "SALES_WAREHOUSE"),
        ("West", "SALES_WAREHOUSE"),
    ]


def test_carriers_depend_on_the_delivery_option(client: SignedClient, box: Sandbox):
    path = f"/logistics/202309/warehouses/{box.warehouses()[0]}/delivery_options"
    options = client.call("GET", path)["delivery_options"]
    carriers = {
        option["name"]: [
            provider["name"]
            for provider in client.call(
                "GET", f"/logistics/202309/delivery_options/{option['id']}/shipping_providers"
            )["shipping_providers"]
        ]
        for option in options[:2]
    }
    assert carriers["Seller express"] == ["UPS", "FedEx"]
    assert carriers["Seller shipping"][:2] == ["USPS", "UPS"]
    tiktok = f"/logistics/202309/delivery_options/{options[2]['id']}/shipping_providers"
    assert client.refused("GET", tiktok) == 21008117
