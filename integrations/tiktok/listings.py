"""The client's calls about categories, brands, files, products, prices and stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.tiktok.client import Json, Query, TikTokClient, in_batches
from integrations.tiktok.schemas import (
    AttributeRow,
    BrandRow,
    CategoryRow,
    ItemFailure,
    RulesRow,
    SuggestionRow,
)
from integrations.tiktok.schemas_products import (
    ChannelStockRow,
    CheckRow,
    FileRow,
    ImageRow,
    ListingCheckRow,
    ProductRow,
    ProductSummaryRow,
    SentProductRow,
)

PRODUCTS_PER_CHANGE = 20
PRODUCTS_PER_STOCK_SEARCH = 100
SKUS_PER_SEARCH = 10
FULL_PAGE = 100

MAIN_IMAGE = "MAIN_IMAGE"
CERTIFICATION_IMAGE = "CERTIFICATION_IMAGE"
SIZE_CHART_IMAGE = "SIZE_CHART_IMAGE"


class ListingCalls:
    """What can be asked and changed about what a shop sells."""

    def __init__(self, client: TikTokClient, *, category_version: str) -> None:
        self._client = client
        self._tree = {"category_version": category_version}

    # -- categories and brands

    def categories(self) -> list[CategoryRow]:
        answer = self._client.get("/product/202309/categories", self._tree)
        return [CategoryRow.parse(row) for row in answer.rows("categories")]

    def rules(self, category_id: str) -> RulesRow:
        path = f"/product/202309/categories/{category_id}/rules"
        return RulesRow.parse(self._client.get(path, self._tree))

    def attributes(self, category_id: str) -> list[AttributeRow]:
        path = f"/product/202309/categories/{category_id}/attributes"
        answer = self._client.get(path, self._tree)
        return [AttributeRow.parse(row) for row in answer.rows("attributes")]

    def recommend(self, *, title: str, description: str = "") -> tuple[str, list[SuggestionRow]]:
        """Return the leaf category the channel suggests for a title, and the way down to it."""
        body: dict[str, Any] = {"product_title": title, **self._tree}
        if description:
            body["description"] = description
        answer = self._client.search("/product/202309/categories/recommend", body)
        path = [SuggestionRow.parse(row) for row in answer.rows("categories")]
        return answer.text("leaf_category_id", ""), path

    def brands(self, *, prefix: str = "", category_id: str = "") -> Iterator[BrandRow]:
        """Yield the brands whose name begins so, across all pages."""
        query: Query = {
            **self._tree,
            "page_size": FULL_PAGE,
            "brand_name": prefix or None,
            "category_id": category_id or None,
        }
        for page in self._client.pages("/product/202309/brands", None, query):
            yield from map(BrandRow.parse, page.rows("brands"))

    def create_brand(self, name: str) -> str:
        """Add a brand of one's own and return its id."""
        answer = self._client.write("POST", "/product/202309/brands", {"name": name}, scoped=False)
        return answer.text("id")

    # -- files

    def upload_image(self, content: bytes, *, filename: str, use: str = MAIN_IMAGE) -> ImageRow:
        answer = self._client.upload(
            "/product/202309/images/upload", {"use_case": use}, filename, content
        )
        return ImageRow.parse(answer)

    def upload_file(self, content: bytes, *, filename: str) -> FileRow:
        """Put a document or a video on the channel."""
        answer = self._client.upload(
            "/product/202309/files/upload", {"name": filename}, filename, content
        )
        return FileRow.parse(answer)

    # -- products

    def create_product(self, payload: Json) -> SentProductRow:
        body = {**payload, **self._tree}
        return SentProductRow.parse(self._client.write("POST", "/product/202309/products", body))

    def edit_product(self, product_id: str, payload: Json) -> SentProductRow:
        """Overwrite a product: what the payload leaves out is cleared, SKUs included."""
        path = f"/product/202309/products/{product_id}"
        answer = self._client.write("PUT", path, {**payload, **self._tree})
        return SentProductRow.parse(answer, product_id)

    def partial_edit(self, product_id: str, payload: Json) -> SentProductRow:
        """Replace some properties of a product whole, and leave the others."""
        path = f"/product/202509/products/{product_id}/partial_edit"
        return SentProductRow.parse(self._client.write("POST", path, payload), product_id)

    def listing_check(self, payload: Json) -> ListingCheckRow:
        """Ask what the channel would say to a product, without sending it."""
        body = {**payload, **self._tree}
        path = "/product/202309/products/listing_check"
        return ListingCheckRow.parse(self._client.search(path, body))

    def product(self, product_id: str, *, under_review: bool = False) -> ProductRow:
        path = f"/product/202309/products/{product_id}"
        query = {"return_under_review_version": under_review or None}
        return ProductRow.parse(self._client.get(path, query))

    def search_products(
        self,
        *,
        status: str = "ALL",
        seller_skus: Sequence[str] = (),
        sku_ids: Sequence[str] = (),
        updated_since: datetime | None = None,
    ) -> Iterator[ProductSummaryRow]:
        """Yield the products that match, across all pages.

        More SKUs than one search takes become several searches.
        """
        name, wanted = ("seller_skus", seller_skus) if seller_skus else ("sku_ids", sku_ids)
        for some in in_batches(wanted, SKUS_PER_SEARCH) if wanted else [[]]:
            body: dict[str, Any] = {"status": status, **self._tree}
            if some:
                body[name] = some
            if updated_since is not None:
                body["update_time_ge"] = int(updated_since.timestamp())
            query: Query = {"page_size": FULL_PAGE}
            for page in self._client.pages("/product/202502/products/search", body, query):
                yield from map(ProductSummaryRow.parse, page.rows("products"))

    def live_products(self, *, after: str = "") -> tuple[list[ProductSummaryRow], str]:
        """Return a page of the products on sale, and the token of the next one."""
        body: Json = {"status": "ACTIVATE", **self._tree}
        query: Query = {"page_size": FULL_PAGE, "page_token": after or None}
        page = self._client.search("/product/202502/products/search", body, query)
        following = page.text("next_page_token", "")
        rows = [ProductSummaryRow.parse(row) for row in page.rows("products")]
        return rows, "" if following == after else following

    def activate(self, product_ids: Sequence[str]) -> list[ItemFailure]:
        return self._change_all("POST", "/product/202309/products/activate", product_ids)

    def deactivate(self, product_ids: Sequence[str]) -> list[ItemFailure]:
        return self._change_all("POST", "/product/202309/products/deactivate", product_ids)

    def delete(self, product_ids: Sequence[str]) -> list[ItemFailure]:
        return self._change_all("DELETE", "/product/202309/products", product_ids)

    def _change_all(self, method: str, path: str, ids: Sequence[str]) -> list[ItemFailure]:
        failures: list[ItemFailure] = []
        for some in in_batches(ids, PRODUCTS_PER_CHANGE):
            answer = self._client.write(method, path, {"product_ids": some})
            failures += ItemFailure.parse_all(answer, "product_id")
        return failures

    # -- prices and stock

    def update_prices(self, product_id: str, skus: Sequence[Json]) -> None:
        path = f"/product/202309/products/{product_id}/prices/update"
        self._client.write("POST", path, {"skus": list(skus)})

    def update_inventory(
        self, product_id: str, quantities: Mapping[str, Mapping[str, int]]
    ) -> list[ItemFailure]:
        """Set the units of each SKU in each of its warehouses; none may be left out."""
        skus = [
            {
                "id": sku_id,
                "inventory": [
                    {"warehouse_id": warehouse_id, "quantity": quantity}
                    for warehouse_id, quantity in levels.items()
                ],
            }
            for sku_id, levels in quantities.items()
        ]
        path = f"/product/202309/products/{product_id}/inventory/update"
        answer = self._client.write("POST", path, {"skus": skus})
        return ItemFailure.parse_all(answer, "sku_id")

    def stock(self, product_ids: Sequence[str]) -> Iterator[ChannelStockRow]:
        """Yield what the channel holds of every SKU of these products, by warehouse."""
        for some in in_batches(product_ids, PRODUCTS_PER_STOCK_SEARCH):
            body = {"product_ids": some}
            answer = self._client.search("/product/202309/inventory/search", body)
            yield from ChannelStockRow.parse_all(answer)

    def prerequisites(self) -> list[CheckRow]:
        """Return what must be in order before the shop can publish."""
        answer = self._client.get("/product/202312/prerequisites")
        return [CheckRow.parse(row) for row in answer.rows("check_results")]
