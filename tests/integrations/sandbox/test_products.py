"""Listing, reviewing, editing, pricing and stocking products."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.client import SignedClient, picture
from tests.support.sandbox import Sandbox

PRODUCTS = "/product/202309/products"


def one_sku(client: SignedClient, **changes: Any) -> list[dict[str, Any]]:
    return [{**client.mug()["skus"][0], **changes}]


def colored(client: SignedClient, *colors: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            **one_sku(client)[0],
            "seller_sku": f"MUG-{color}",
            "sales_attributes": [{"name": "Color", "value_name": color}],
            **more,
        }
        for color in colors
    ]


def statuses(box: Sandbox) -> list[tuple[str, str]]:
    return [(row["status"], row["audit"]) for row in box.products()]


def test_a_created_product_is_pending_until_its_review_passes(box: Sandbox, client: SignedClient):
    product_id = client.create()["product_id"]
    before = client.get(product_id)
    assert (before["status"], before["audit"]) == ("PENDING", {"status": "AUDITING"})
    box.advance(3)
    after = client.get(product_id)
    assert (after["status"], after["audit"]) == ("ACTIVATE", {"status": "APPROVED"})
    assert after["skus"][0]["price"] == {"currency": "USD", "tax_exclusive_price": "14.00"}
    assert [cell["quantity"] for cell in after["skus"][0]["inventory"]] == [5, 7]
    assert after["product_attributes"][0]["values"] == [{"name": "Ceramic", "id": "100401004"}]


def test_a_forbidden_word_fails_the_review_and_an_edit_repairs_it(
    box: Sandbox, client: SignedClient
):
    product_id = client.live(title="Replica mug")
    failed = client.get(product_id)
    assert (failed["status"], failed["audit"]) == ("FAILED", {"status": "FAILED"})
    assert failed["audit_failed_reasons"][0]["position"] == "title"
    answer = client.call("POST", f"{PRODUCTS}/{product_id}/partial_edit", {"title": "Honest mug"})
    assert answer["audit"] == {"status": "AUDITING"}
    box.advance(3)
    assert client.get(product_id)["status"] == "ACTIVATE"


def test_a_review_can_be_made_to_fail(box: Sandbox, client: SignedClient):
    box.fault("review_failure", count=1, match="mug", reason="No.")
    reasons = client.get(client.live())["audit_failed_reasons"]
    assert reasons[0]["reasons"] == ["No."]


def test_variants_get_ids_and_their_prices_and_quantities(box: Sandbox, client: SignedClient):
    answer = client.create(skus=colored(client, "Black", "Sand"))
    assert [sku["seller_sku"] for sku in answer["skus"]] == ["MUG-Black", "MUG-Sand"]
    assert answer["skus"][0]["sales_attributes"] == [{"id": "100000", "value_id": "100000001"}]
    own = answer["skus"][1]["sales_attributes"][0]
    assert (own["id"], own["value_id"][:2], len(own["value_id"])) == ("100000", "73", 19)
    shown = box.product(answer["product_id"])["skus"]
    assert [list(sku["available"].values()) for sku in shown] == [[5, 7], [5, 7]]


def test_the_same_idempotency_key_returns_the_same_product(box: Sandbox, client: SignedClient):
    first = client.create(idempotency_key="k1")
    again = client.create(idempotency_key="k1")
    assert again == {**first, "warnings": []}
    assert len(box.products()) == 1


def test_a_lost_answer_leaves_a_product_behind(box: Sandbox, client: SignedClient):
    box.fault("lost_answer", path=PRODUCTS, count=1)
    with pytest.raises(OSError, match="lost"):
        client.create()
    assert statuses(box) == [("PENDING", "AUDITING")]


def test_a_false_success_creates_nothing(box: Sandbox, client: SignedClient):
    box.fault("false_success", path=PRODUCTS, count=1)
    product_id = client.create()["product_id"]
    assert box.products() == []
    assert client.refused("GET", f"{PRODUCTS}/{product_id}") == 12052260


REFUSED = {
    "empty title": (12052261, {"title": ""}),
    "long title": (12052051, {"title": "a1" * 128}),
    "Chinese title": (12052262, {"title": "杯子 mug"}),
    "escaped title": (12052931, {"title": "Mug&nbsp;one"}),
    "title of one letter": (12052931, {"title": "Muuuuuuuuuuuuug"}),
    "no description": (12052015, {"description": ""}),
    "long description": (12052013, {"description": "word " * 2001}),
    "script": (12052345, {"description": "<script>1</script>"}),
    "foreign picture": (
        12052340,
        {"description": '<img src="https://x.example/a.png" width="1" height="1">'},
    ),
    "unknown category": (12052023, {"category_id": "1"}),
    "department": (12052024, {"category_id": "600001"}),
    "old tree": (12052217, {"category_version": "v1"}),
    "leaf of the old tree": (12052230, {"category_id": "810003"}),
    "unknown brand": (12052026, {"brand_id": "1"}),
    "protected brand": (12052208, {"brand_id": "7082400000000000804"}),
    "no picture": (12052028, {"main_images": []}),
    "ten pictures": (12052306, {"main_images": [{"uri": "x"}] * 10}),
    "unknown picture": (12052300, {"main_images": [{"uri": "x"}]}),
    "no attribute": (12052104, {"product_attributes": []}),
    "unlisted value": (
        12052247,
        {
            "product_attributes": [
                {"id": "100401", "values": [{"name": "Ceramic"}]},
                {"id": "101421", "values": [{"name": "Perhaps"}]},
            ]
        },
    ),
    "two values": (
        12052246,
        {
            "product_attributes": [
                {"id": "100401", "values": [{"name": "Ceramic"}, {"name": "Glass"}]}
            ]
        },
    ),
    "weightless": (12052181, {"package_weight": {"value": "0", "unit": "POUND"}}),
    "gram": (12052916, {"package_weight": {"value": "500", "unit": "GRAM"}}),
    "no size": (12019012, {"package_dimensions": None}),
    "mixed units": (
        12052915,
        {"package_dimensions": {"length": "5", "width": "5", "height": "6", "unit": "CENTIMETER"}},
    ),
    "unknown video": (12052360, {"video": {"id": "x"}}),
    "cash": (12052222, {"is_cod_allowed": True}),
    "no SKU": (12052902, {"skus": []}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_product_is_refused_with_its_code(box: Sandbox, client: SignedClient, case: str):
    code, changes = REFUSED[case]
    assert client.refused("POST", PRODUCTS, client.mug(**changes)) == code
    assert box.products() == []


REFUSED_SKUS = {
    "price of zero": (12052073, {"price": {"amount": "0", "currency": "USD"}}),
    "no price": (12052073, {"price": {"currency": "USD"}}),
    "high price": (12052570, {"price": {"amount": "7600.01", "currency": "USD"}}),
    "currency": (12052084, {"price": {"amount": "5", "currency": "GBP"}}),
    "unknown warehouse": (12052097, {"inventory": [{"warehouse_id": "1", "quantity": 1}]}),
    "no warehouse": (12019022, {"inventory": []}),
    "space in code": (12019059, {"seller_sku": "A B"}),
    "long code": (12052054, {"seller_sku": "A" * 51}),
    "short UPC": (12052591, {"identifier_code": {"type": "UPC", "code": "123"}}),
    "unknown identifier": (12052600, {"identifier_code": {"type": "", "code": "123"}}),
}


@pytest.mark.parametrize("case", REFUSED_SKUS)
def test_a_bad_sku_is_refused_with_its_code(client: SignedClient, case: str):
    code, changes = REFUSED_SKUS[case]
    assert client.refused("POST", PRODUCTS, client.mug(skus=one_sku(client, **changes))) == code


def test_quantities_must_be_in_range_and_at_sales_warehouses(box: Sandbox, client: SignedClient):
    returns = box.warehouses(kind="RETURN_WAREHOUSE")[0]
    foreign = box.warehouses(box.add_shop("GB")["id"])[0]
    east = box.warehouses()[0]
    for warehouse_id, quantity, code in (
        (returns, 1, 12052532),
        (foreign, 1, 12052530),
        (east, -1, 12052055),
        (east, 100_000, 12052055),
    ):
        stock = [{"warehouse_id": warehouse_id, "quantity": quantity}]
        body = client.mug(skus=one_sku(client, inventory=stock))
        assert client.refused("POST", PRODUCTS, body) == code


def test_variants_must_be_distinct_and_alike(client: SignedClient):
    black, white = colored(client, "Black", "White")
    plain = one_sku(client)[0]
    sized = {**white, "sales_attributes": [{"name": "Style", "value_name": "Modern"}]}
    for skus, code in (
        ([black, black], 12052560),
        ([black, plain], 12019117),
        ([black, sized], 12052550),
    ):
        assert client.refused("POST", PRODUCTS, client.mug(skus=skus)) == code


def test_variant_pictures_are_for_every_value_or_for_none(client: SignedClient):
    uri = client.upload("ATTRIBUTE_IMAGE")["uri"]
    skus = colored(client, "Black", "White")
    skus[0]["sales_attributes"][0]["sku_img"] = {"uri": uri}
    assert client.refused("POST", PRODUCTS, client.mug(skus=skus)) == 12052522
    skus[1]["sales_attributes"][0]["sku_img"] = {"uri": uri}
    product_id = client.create(skus=skus)["product_id"]
    shown = client.get(product_id)["skus"][1]["sales_attributes"][0]
    assert (shown["sku_img"]["uri"], shown["sku_img"]["width"]) == (uri, 600)


def test_listing_check_names_everything_at_once(box: Sandbox, client: SignedClient):
    body = client.mug(title="", package_weight={"value": "0", "unit": "POUND"})
    answer = client.call("POST", f"{PRODUCTS}/listing_check", body)
    assert answer["check_result"] == "FAILED"
    assert [reason["code"] for reason in answer["fail_reasons"]] == [12052261, 12052181]
    assert client.call("POST", f"{PRODUCTS}/listing_check", client.mug())["check_result"] == "PASS"
    assert box.products() == []


def test_a_restricted_category_passes_review_but_waits_for_approval(
    box: Sandbox, client: SignedClient
):
    coffee = client.category("Coffee")
    answers = [
        {"id": "101406", "values": [{"name": "Coffee beans"}]},
        {"id": "101448", "values": [{"name": "None"}]},
    ]
    product_id = client.live(category_id=coffee, product_attributes=answers, title="House coffee")
    waiting = client.get(product_id)
    assert waiting["status"] == "PENDING"
    assert waiting["audit"] == {
        "status": "PRE_APPROVED",
        "pre_approved_reasons": ["RESTRICTED_CATEGORY_PENDING"],
    }
    box.change_shop(approved_categories=[coffee])
    assert client.get(product_id)["status"] == "ACTIVATE"


def test_prohibited_and_foreign_categories_are_refused(client: SignedClient):
    for name, code in (("Cigarettes", 12052220), ("Gold Rings", 12052225)):
        body = client.mug(category_id=client.category(name))
        assert client.refused("POST", PRODUCTS, body) == code


def test_certificates_and_size_charts_are_required_where_the_category_says_so(client: SignedClient):
    lamp = client.mug(category_id=client.category("Table Lamps"))
    lamp["product_attributes"] = [
        {"id": "101430", "values": [{"name": "Type A"}]},
        {"id": "101424", "values": [{"name": "No"}]},
    ]
    assert client.refused("POST", PRODUCTS, lamp) == 12052105
    uri = client.upload("CERTIFICATION_IMAGE")["uri"]
    lamp["certifications"] = [{"id": "7200000000000000103", "images": [{"uri": uri}]}]
    client.call("POST", PRODUCTS, lamp)
    jeans = client.mug(category_id=client.category("Jeans"))
    jeans["product_attributes"] = [{"id": "100398", "values": [{"name": "Denim"}]}]
    assert client.refused("POST", PRODUCTS, jeans) == 12052673
    chart = client.upload("SIZE_CHART_IMAGE", (1100, 1100))["uri"]
    client.call("POST", PRODUCTS, {**jeans, "size_chart": {"image": {"uri": chart}}})


def test_a_conditional_attribute_depends_on_another_answer(client: SignedClient):
    lamp = client.mug(category_id=client.category("Headphones"))
    uri = client.upload("CERTIFICATION_IMAGE")["uri"]
    lamp["certifications"] = [{"id": "7200000000000000103", "images": [{"uri": uri}]}]
    plug = {"id": "101430", "values": [{"name": "None"}]}
    kind = {"id": "101427", "values": [{"name": "NiMH"}]}
    with_battery = {"id": "101424", "values": [{"name": "Yes"}]}
    without = {"id": "101424", "values": [{"name": "No"}]}
    for answers, code in (([plug, with_battery], 12052182), ([plug, without, kind], 12052183)):
        assert client.refused("POST", PRODUCTS, {**lamp, "product_attributes": answers}) == code
    client.call("POST", PRODUCTS, {**lamp, "product_attributes": [plug, with_battery, kind]})


def test_a_shop_without_a_return_warehouse_cannot_list(box: Sandbox, client: SignedClient):
    box.state.store.delete("warehouse", box.warehouses(kind="RETURN_WAREHOUSE")[0])
    assert client.refused("POST", PRODUCTS, client.mug()) == 12052535


def test_past_the_daily_limit_a_product_stays_a_draft_until_tomorrow(
    box: Sandbox, client: SignedClient
):
    box.change_shop(probation={"daily_listing_limit": 1})
    client.create()
    body = client.mug(title="Second mug", idempotency_key="k2")
    assert client.refused("POST", PRODUCTS, body) == 12052093
    assert statuses(box) == [("DRAFT", "NONE"), ("PENDING", "AUDITING")]
    checks = client.call("GET", "/product/202312/prerequisites")["check_results"]
    assert [c["check_item"] for c in checks if c["is_failed"]] == ["PRODUCT_QUANTITY_LIMIT"]
    box.advance(24 * 3600)
    assert client.call("POST", PRODUCTS, body)["product_id"] == box.products()[0]["id"]
    box.advance(3)
    assert statuses(box) == [("ACTIVATE", "APPROVED"), ("ACTIVATE", "APPROVED")]


def test_a_draft_skips_the_attributes_and_does_not_count(box: Sandbox, client: SignedClient):
    box.change_shop(probation={"daily_listing_limit": 0})
    product_id = client.create(save_mode="AS_DRAFT", product_attributes=[])["product_id"]
    box.advance(10)
    assert client.get(product_id)["status"] == "DRAFT"
    box.change_shop(probation={"daily_listing_limit": 1})
    body = client.mug(save_mode="LISTING")
    body["skus"][0]["id"] = box.product(product_id)["skus"][0]["id"]
    client.call("PUT", f"{PRODUCTS}/{product_id}", body)
    assert client.get(product_id)["status"] == "PENDING"


def test_an_edit_of_a_live_product_shows_after_its_review(box: Sandbox, client: SignedClient):
    product_id = client.live()
    sku_id = box.product(product_id)["skus"][0]["id"]
    body = client.mug(title="Better mug")
    body["skus"] = [{"id": sku_id, "seller_sku": "MUG-1"}]
    client.call("PUT", f"/product/202509/products/{product_id}", body)
    assert client.get(product_id)["title"] == "Stoneware mug"
    waiting = client.get(product_id, return_under_review_version="true")
    assert waiting["title"] == "Better mug"
    box.advance(3)
    shown = client.get(product_id)
    assert (shown["title"], shown["status"]) == ("Better mug", "ACTIVATE")
    assert shown["skus"][0]["price"]["tax_exclusive_price"] == "14.00"
    assert [cell["quantity"] for cell in shown["skus"][0]["inventory"]] == [5, 7]


def test_a_full_edit_deletes_the_skus_it_leaves_out(box: Sandbox, client: SignedClient):
    product_id = client.live(skus=colored(client, "Black", "White"))
    black = box.product(product_id)["skus"][0]
    body = client.mug(skus=[{**colored(client, "Black")[0], "id": black["id"]}])
    client.call("PUT", f"{PRODUCTS}/{product_id}", body)
    box.advance(3)
    assert [sku["id"] for sku in box.product(product_id)["skus"]] == [black["id"]]


def test_an_identifier_cannot_be_changed_later(box: Sandbox, client: SignedClient):
    code = {"type": "UPC", "code": "036000291452"}
    product_id = client.live(skus=one_sku(client, identifier_code=code))
    sku_id = box.product(product_id)["skus"][0]["id"]
    changed = {**code, "code": "036000291469"}
    body = client.mug(skus=one_sku(client, id=sku_id, identifier_code=changed))
    assert client.refused("PUT", f"{PRODUCTS}/{product_id}", body) == 12052593


def test_prices_change_at_once_and_only_on_sale(box: Sandbox, client: SignedClient):
    pending = client.create()["product_id"]
    sku_id = box.product(pending)["skus"][0]["id"]
    body = {"skus": [{"id": sku_id, "price": {"amount": "15.50", "currency": "USD"}}]}
    path = f"{PRODUCTS}/{pending}/prices/update"
    assert client.refused("POST", path, body) == 12052901
    box.advance(3)
    assert client.call("POST", path, body) == {}
    assert box.product(pending)["skus"][0]["price"] == "15.50"
    body["skus"][0]["price"]["amount"] = "0.001"
    assert client.refused("POST", path, body) == 12052073
    assert client.refused("POST", path, {"skus": [{**body["skus"][0], "id": "1"}]}) == 12052557


def test_quantities_are_set_for_every_warehouse_of_a_sku(box: Sandbox, client: SignedClient):
    product_id = client.live()
    sku_id = box.product(product_id)["skus"][0]["id"]
    east, west = box.warehouses()
    path = f"{PRODUCTS}/{product_id}/inventory/update"

    def update(*cells: tuple[str, int]) -> list[dict[str, Any]]:
        stock = [{"warehouse_id": key, "quantity": quantity} for key, quantity in cells]
        body = {"skus": [{"id": sku_id, "inventory": stock}]}
        errors: list[dict[str, Any]] = client.call("POST", path, body)["errors"]
        return errors

    assert update((east, 0), (west, 9)) == []
    assert box.product(product_id)["skus"][0]["available"] == {east: 0, west: 9}
    assert update((east, 4))[0]["code"] == 12052516
    third = box.control("POST", "/shops/first/warehouses", {"name": "North"})["id"]
    error = update((east, 4), (west, 4), (third, 4))[0]
    assert error["detail"]["extra_errors"][0]["code"] == 12052037
    assert box.product(product_id)["skus"][0]["available"] == {east: 0, west: 9}


def test_a_false_success_leaves_quantities_alone(box: Sandbox, client: SignedClient):
    product_id = client.live()
    sku = box.product(product_id)["skus"][0]
    box.fault("false_success", path="*/inventory/update", count=1)
    stock = [{"warehouse_id": key, "quantity": 1} for key in sku["available"]]
    body = {"skus": [{"id": sku["id"], "inventory": stock}]}
    path = f"{PRODUCTS}/{product_id}/inventory/update"
    assert client.call("POST", path, body) == {"errors": []}
    assert box.product(product_id)["skus"][0]["available"] == sku["available"]


def test_inventory_search_tells_available_and_promised(box: Sandbox, client: SignedClient):
    product_id = client.live()
    found = client.call("POST", "/product/202309/inventory/search", {"product_ids": [product_id]})
    sku = found["inventory"][0]["skus"][0]
    assert (sku["total_available_quantity"], sku["total_committed_quantity"]) == (12, 0)
    assert [c["available_quantity"] for c in sku["warehouse_inventory"]] == [5, 7]


def test_products_go_off_sale_and_come_back(box: Sandbox, client: SignedClient):
    product_id = client.live()
    body = {"product_ids": [product_id]}
    for method, path, status in (
        ("POST", f"{PRODUCTS}/deactivate", "SELLER_DEACTIVATED"),
        ("POST", f"{PRODUCTS}/activate", "PENDING"),
        ("DELETE", PRODUCTS, "DELETED"),
        ("POST", f"{PRODUCTS}/recover", "SELLER_DEACTIVATED"),
    ):
        assert client.call(method, path, body) == {"errors": []}
        assert box.product(product_id)["status"] == status
    failed = client.call("POST", f"{PRODUCTS}/deactivate", body)["errors"][0]
    assert (failed["code"], failed["detail"]) == (12052901, {"product_id": product_id})
    box.control("PATCH", f"/products/{product_id}", {"status": "ACTIVATE"})
    failed = client.call("POST", f"{PRODUCTS}/activate", body)["errors"][0]
    assert (failed["code"], failed["detail"]["extra_errors"][0]["code"]) == (12052990, 12052901)
    many = {"product_ids": [product_id] * 21}
    assert client.refused("POST", f"{PRODUCTS}/activate", many) == 12019120


@pytest.mark.parametrize("version", ["202309", "202312", "202502"])
def test_a_search_pages_through_everything_once(box: Sandbox, client: SignedClient, version: str):
    ids = box.seed_products(25)
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        query = {"page_size": "10", "page_token": token}
        page = client.call("POST", f"/product/{version}/products/search", {}, query=query)
        assert page["total_count"] == 25
        seen += [row["id"] for row in page["products"]]
        token, pages = page["next_page_token"], pages + 1
    assert (pages, sorted(seen)) == (3, sorted(ids))


def test_a_search_filters_by_status_code_and_time(box: Sandbox, client: SignedClient):
    box.seed_products(5)
    product_id = client.create()["product_id"]
    sku_id = box.product(product_id)["skus"][0]["id"]
    now = box.control("GET", "/clock")["now"]

    def search(**body: Any) -> list[str]:
        path = "/product/202502/products/search"
        found = client.call("POST", path, body, query={"page_size": "100"})
        return [row["id"] for row in found["products"]]

    for body in (
        {"status": "PENDING"},
        {"seller_skus": ["MUG-1", "NONE"]},
        {"sku_ids": [sku_id]},
        {"audit_status": ["AUDITING"]},
        {"create_time_ge": now - 60},
        {"update_time_ge": now - 60, "update_time_le": now},
    ):
        assert search(**body) == [product_id], body
    assert len(search(status="ACTIVATE")) == 5
    query = {"page_size": "10"}
    many = {"seller_skus": ["A"] * 11}
    path = "/product/202502/products/search"
    assert client.refused("POST", path, many, query=query) == 12019027
    assert client.gateway("POST", path, {}, query={"page_size": "101"}) == (400, 36009004)


def test_pictures_are_decoded_squared_and_shown(box: Sandbox, client: SignedClient):
    wide = client.upload(size=(900, 300))
    assert (wide["width"], wide["height"]) == (900, 900)
    described = client.upload("DESCRIPTION_IMAGE", (900, 300))
    assert (described["width"], described["height"]) == (900, 300)
    shown = box.session.get(wide["url"], timeout=10)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert client.upload()["uri"] == client.upload()["uri"]


@pytest.mark.parametrize(
    ("raw", "use_case", "code"),
    [
        (b"", "MAIN_IMAGE", 12038002),
        (b"not a picture", "MAIN_IMAGE", 12038002),
        (picture()[:200], "MAIN_IMAGE", 12038002),
        (picture(kind="GIF"), "MAIN_IMAGE", 12038004),
        (picture((90, 200)), "MAIN_IMAGE", 12038014),
        (picture((1000, 1100)), "SIZE_CHART_IMAGE", 19116 + 12_000_000),
        (b"\0" * (10 * 1024 * 1024 + 1), "MAIN_IMAGE", 12038005),
    ],
    ids=["empty", "text", "cut off", "GIF", "small", "small chart", "large"],
)
def test_a_bad_picture_is_refused_with_its_code(
    client: SignedClient, raw: bytes, use_case: str, code: int
):
    path = "/product/202309/images/upload"
    files, form = {"data": ("a.png", raw)}, {"use_case": use_case}
    assert client.refused("POST", path, files=files, form=form) == code


def test_small_and_odd_pictures_are_refused_at_listing(client: SignedClient):
    for use_case, size, code in (
        ("MAIN_IMAGE", (200, 200), 12052301),
        ("DESCRIPTION_IMAGE", (900, 300), 12052305),
        ("MAIN_IMAGE", (4100, 4100), 12052302),
    ):
        uri = client.upload(use_case, size)["uri"]
        assert client.refused("POST", PRODUCTS, client.mug(main_images=[{"uri": uri}])) == code


def test_documents_are_kept_and_need_a_good_name(client: SignedClient):
    path, files = "/product/202309/files/upload", {"data": ("a.pdf", b"%PDF-1.4 x")}
    kept = client.call("POST", path, files=files, form={"name": "report.pdf"})
    assert kept["format"] == "PDF"
    assert client.refused("POST", path, files=files, form={"name": "my report.pdf"}) == 12019104
    assert client.refused("POST", path, files=files, form={"name": "report.exe"}) == 12019105


def test_existing_listings_are_complete_and_can_be_edited(box: Sandbox, client: SignedClient):
    ids = box.seed_products(10)
    shown = [client.get(product_id) for product_id in ids]
    assert {product["status"] for product in shown} == {"ACTIVATE"}
    assert [len(product["skus"]) for product in shown] == [1, 4, 2, 2, 1, 8, 2, 1, 1, 2]
    assert [len(p["skus"][0]["sales_attributes"]) for p in shown] == [0, 2, 1, 1, 0, 3, 1, 0, 0, 2]
    assert [product["id"] for product in shown if "video" in product] == ids[::3]
    assert all("brand" in p and "package_dimensions" in p for p in shown)
    assert all("identifier_code" in sku for product in shown for sku in product["skus"])
    for product in shown:
        path = f"{PRODUCTS}/{product['id']}/partial_edit"
        client.call("POST", path, {"title": f"{product['title']}, new"})
    box.advance(3)
    assert {row["audit"] for row in box.products()} == {"APPROVED"}
    assert [client.get(product_id)["title"][-5:] for product_id in ids] == [", new"] * 10


def test_one_edit_of_a_full_view_sent_back_changes_nothing(box: Sandbox, client: SignedClient):
    product_id = box.seed_products(6)[5]
    before = client.get(product_id)
    body = {
        **{k: before[k] for k in ("title", "description", "package_weight", "package_dimensions")},
        "category_id": before["category_chains"][-1]["id"],
        "category_version": "v2",
        "brand_id": before["brand"]["id"],
        "main_images": [{"uri": image["uri"]} for image in before["main_images"]],
        "product_attributes": before["product_attributes"],
        "external_product_id": before["external_product_id"],
        "skus": [
            {k: sku[k] for k in ("id", "seller_sku", "sales_attributes", "identifier_code")}
            for sku in before["skus"]
        ],
    }
    client.call("PUT", f"{PRODUCTS}/{product_id}", body)
    box.advance(3)
    after = client.get(product_id)
    del before["update_time"], after["update_time"]
    assert after == before
