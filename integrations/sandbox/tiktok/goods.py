"""What buyers can order: the SKUs of a shop, and which warehouse they would come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import stock
from integrations.sandbox.tiktok.product_store import product_of_sku, skus_of_shop
from integrations.sandbox.tiktok.shops import warehouses

WESTERN = {
    "Alaska", "Arizona", "California", "Colorado", "Hawaii", "Idaho", "Montana",
    "Nevada", "New Mexico", "Oregon", "Utah", "Washington", "Wyoming",
}  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """One SKU as an order line shows it."""

    product_id: str
    product_name: str
    sku_id: str
    sku_name: str
    seller_sku: str
    price: str
    currency: str
    image_uri: str


def goods_of(doc: Doc, sku: Doc) -> Goods:
    """Return the order line's view of a SKU of a product."""
    attributes = sku.get("sales_attributes") or []
    pictures = [sent["sku_img"]["uri"] for sent in attributes if sent.get("sku_img")]
    pictures += [image["uri"] for image in doc["content"].get("main_images") or []]
    names = [str(sent.get("value_name", "")) for sent in attributes]
    return Goods(
        product_id=doc["id"],
        product_name=doc["content"]["title"],
        sku_id=sku["id"],
        sku_name=", ".join(name for name in names if name) or "Default",
        seller_sku=sku.get("seller_sku", ""),
        price=str(sku["price"].get("amount") or sku["price"].get("sale_price") or "0"),
        currency=sku["price"]["currency"],
        image_uri=pictures[0] if pictures else "",
    )


def find_goods(sandbox: Sandbox, shop: Doc, item: Doc) -> Goods:
    """Return the SKU that an ordered item names by its id or by the seller's SKU."""
    if item.get("sku_id"):
        found = product_of_sku(sandbox, str(item["sku_id"]))
        named = [] if found is None else [found]
    else:
        named = skus_of_shop(sandbox, shop["id"], str(item.get("seller_sku", "")))
    for doc, sku in named:
        if doc["shop_id"] == shop["id"]:
            return goods_of(doc, sku)
    raise ValueError(f"the shop has no SKU {item.get('sku_id') or item.get('seller_sku')!r}")


def on_sale(sandbox: Sandbox, shop_id: str, limit: int | None = None) -> list[tuple[Doc, Doc]]:
    """Return the SKUs that a buyer sees, each with its product."""
    query = Query("product", shop_id=shop_id, statuses=("ACTIVATE",))
    products = sandbox.store.find(query, limit=limit)
    return [(doc, sku) for doc in products for sku in doc["content"]["skus"]][:limit]


def nearest_warehouse(
    sandbox: Sandbox, shop: Doc, wanted: dict[str, int], buyer_state: str
) -> str | None:
    """Return the warehouse an order is given to: the nearest one that has all of it."""
    sites = warehouses(sandbox, shop["id"], "SALES_WAREHOUSE")
    usable = [site for site in sites if site["effect_status"] == "ENABLED"]
    west = buyer_state in WESTERN
    usable.sort(key=lambda site: (site["address"]["state"] in WESTERN) != west)
    held = {sku_id: stock.available(sandbox, sku_id) for sku_id in wanted}
    for site in usable:
        if all(held[sku].get(site["id"], 0) >= count for sku, count in wanted.items()):
            return str(site["id"])
    return None


def is_kept_here(sandbox: Sandbox, sku_id: str, warehouse_id: str) -> bool:
    """Tell whether the seller keeps a SKU at a warehouse; products can change after an order."""
    found = product_of_sku(sandbox, sku_id)
    return found is not None and warehouse_id in found[0]["stock"].get(sku_id, {})


def sell_out(sandbox: Sandbox, sku_ids: Iterable[str]) -> None:
    """Show SKUs as sold out everywhere: their seller said so by canceling."""
    for sku_id in sku_ids:
        if product_of_sku(sandbox, sku_id) is not None:
            stock.set_zero(sandbox, sku_id)
