"""A client that others wrote works against the sandbox, over a real socket."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlsplit

import pytest
from tiktok_shop_api import TikTokShop, TikTokShopAuth, TikTokShopError
from tiktok_shop_api.generated import models
from tiktok_shop_api.generated.types import File

from tests.integrations.sandbox.client import picture
from tests.support.sandbox import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox) -> TikTokShop:
    """The client after the seller has approved the app on the consent page."""
    form = {"shop_id": sandbox.shop["id"], "decision": "approve", "state": "s"}
    address = f"{sandbox.url}/open/authorize"
    back = sandbox.session.post(address, data=form, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    keys = (sandbox.app_key, sandbox.app_secret)
    auth = TikTokShopAuth(*keys, service_id=sandbox.service_id, base_url=sandbox.url)
    tokens = auth.exchange_code(code)
    tokens = auth.refresh(tokens.refresh_token)
    assert tokens.granted_scopes is not None
    client = TikTokShop(*keys, access_token=tokens.access_token, base_url=sandbox.url)
    found = client.authorization.get_authorized_shops()
    cipher = found.data.shops[0].cipher
    return TikTokShop(
        *keys, access_token=tokens.access_token, shop_cipher=cipher, base_url=sandbox.url
    )


def upload(shop: TikTokShop) -> str:
    file = File(payload=io.BytesIO(picture()), file_name="a+b.png", mime_type="image/png")
    body = models.UploadProductImageRequest(
        data=file, use_case=models.UploadProductImageRequestUseCase("MAIN_IMAGE")
    )
    return shop.products.upload_product_image(body=body).data.uri


def mug(shop: TikTokShop) -> models.CreateProductRequest:
    found = shop.products.get_categories(category_version="v2", keyword="mugs")
    leaf = next(category for category in found.data.categories if category.is_leaf)
    sites = [
        warehouse.id
        for warehouse in shop.logistics.get_warehouse_list().data.warehouses
        if warehouse.type_ == "SALES_WAREHOUSE"
    ]
    return models.CreateProductRequest.from_dict(
        {
            "title": "Caña – stoneware mug",
            "description": "<p>Holds coffee.</p>",
            "category_id": leaf.id,
            "category_version": "v2",
            "main_images": [{"uri": upload(shop)}],
            "package_weight": {"value": "1.2", "unit": "POUND"},
            "package_dimensions": {"length": "5", "width": "5", "height": "6", "unit": "INCH"},
            "product_attributes": [{"id": "100401", "values": [{"name": "Ceramic"}]}],
            "skus": [
                {
                    "seller_sku": "MUG-1",
                    "price": {"amount": "14.00", "currency": "USD"},
                    "inventory": [{"warehouse_id": key, "quantity": 5} for key in sites],
                }
            ],
        }
    )


def test_a_product_is_created_found_priced_and_stocked(sandbox: Sandbox, shop: TikTokShop):
    made = shop.products.create_product(body=mug(shop))
    product_id, sku_id = made.data.product_id, made.data.skus[0].id
    sandbox.advance(3)
    search = models.SearchProductsRequest.from_dict({"status": "ACTIVATE"})
    found = shop.products.search_products(body=search, page_size=10)
    assert [row.id for row in found.data.products] == [product_id]
    price = {"id": sku_id, "price": {"amount": "15.00", "currency": "USD"}}
    shop.products.update_price(
        product_id, body=models.UpdatePriceRequest.from_dict({"skus": [price]})
    )
    stock = [{"warehouse_id": key, "quantity": 3} for key in sandbox.warehouses()]
    shop.products.update_inventory(
        product_id,
        body=models.UpdateInventoryRequest.from_dict(
            {"skus": [{"id": sku_id, "inventory": stock}]}
        ),
    )
    product = shop.products.get_product(product_id).data
    assert product.title == "Caña – stoneware mug"
    assert product.skus[0].price.tax_exclusive_price == "15.00"
    assert [cell.quantity for cell in product.skus[0].inventory] == [3, 3]
    shop.products.delete_products(
        body=models.DeleteProductsRequest.from_dict({"product_ids": [product_id]})
    )
    assert sandbox.product(product_id)["status"] == "DELETED"


def test_refusals_reach_the_client_with_code_and_request_id(shop: TikTokShop):
    body = mug(shop)
    body.title = ""
    with pytest.raises(TikTokShopError) as refusal:
        shop.products.create_product(body=body)
    assert (refusal.value.code, refusal.value.http_status) == (12052261, 200)
    assert len(refusal.value.request_id) == 34


def test_a_lost_answer_is_an_error_without_a_status(sandbox: Sandbox, shop: TikTokShop):
    body = mug(shop)
    sandbox.fault("lost_answer", path="/product/202309/products", count=1)
    with pytest.raises(TikTokShopError) as loss:
        shop.products.create_product(body=body)
    assert loss.value.http_status is None
    assert [row["seller_skus"] for row in sandbox.products()] == [["MUG-1"]]
