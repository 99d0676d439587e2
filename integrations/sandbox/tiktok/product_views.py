"""Products as the wire shows them."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.brands import brand_of
from integrations.sandbox.tiktok.taxonomy import category_of, certifications_of, tree
from integrations.sandbox.tiktok.uploads import file_url, image_doc

PLAIN = (
    "description",
    "package_weight",
    "package_dimensions",
    "external_product_id",
    "minimum_order_quantity",
    "manufacturer_ids",
    "responsible_person_ids",
    "shipping_insurance_requirement",
    "shipping_template_id",
    "primary_combined_product_id",
)
SKU_PLAIN = (
    "external_sku_id",
    "external_urls",
    "identifier_code",
    "extra_identifier_codes",
    "list_price",
    "external_list_prices",
    "pre_sale",
    "sku_unit_count",
    "fees",
)
# Never live, so the product itself has no status of its own yet.
INITIAL = {"PENDING", "FAILED"}


def shown_price(price: Doc) -> Doc:
    """Return a price as reads have it: the amount goes by another name than in writes."""
    return {"currency": price["currency"], "tax_exclusive_price": price.get("amount", "0")}


def shown_stock(doc: Doc, sku_id: str) -> list[Doc]:
    """Return what is available of a SKU, by warehouse."""
    cells = doc["stock"].get(sku_id, {})
    return [{"warehouse_id": key, "quantity": cell["available"]} for key, cell in cells.items()]


def sku_status(doc: Doc) -> Doc:
    """Return whether the SKUs of a product are on sale, and who stopped them."""
    source = {"SELLER_DEACTIVATED": "SELLER", "PLATFORM_DEACTIVATED": "PLATFORM"}.get(doc["status"])
    if source is None:
        return {"status": "NORMAL"}
    return {"status": "DEACTIVATED", "deactivation_source": source}


def quality(content: Doc) -> str:
    """Return a rough grade: pictures, a video and attributes count."""
    points = len(content.get("main_images") or []) >= 5
    points += bool(content.get("video")) + (len(content.get("product_attributes") or []) >= 3)
    return ("POOR", "FAIR", "GOOD", "GOOD")[points]


def full_view(sandbox: Sandbox, shop: Doc, doc: Doc, content: Doc) -> Doc:
    """Return everything about one version of a product."""
    view: Doc = {
        "id": doc["id"],
        "title": content["title"],
        "status": doc["status"],
        "product_status": "INITIAL" if doc["status"] in INITIAL else doc["status"],
        "audit": doc["audit"],
        "audit_failed_reasons": doc.get("audit_failed_reasons", []),
        "has_draft": bool(doc.get("draft_content")),
        "is_not_for_sale": bool(content.get("is_not_for_sale")),
        "is_cod_allowed": bool(content.get("is_cod_allowed")),
        "is_pre_owned": bool(content.get("is_pre_owned")),
        "product_types": ["NORMAL"],
        "create_time": doc["create_time"],
        "update_time": doc["update_time"],
        "category_chains": category_chain(content["category_id"]),
        "main_images": [image_doc(sandbox, image["uri"]) for image in content["main_images"]],
        "product_attributes": content.get("product_attributes") or [],
        "skus": [_sku_view(sandbox, doc, sku) for sku in content["skus"]],
    }
    view.update({name: content[name] for name in PLAIN if content.get(name) is not None})
    if shop["region"] == "US":
        view["listing_quality_tier"] = quality(content)
    view.update(_media(sandbox, content))
    brand = brand_of(sandbox, shop["seller_id"], content.get("brand_id") or "")
    if brand is not None:
        view["brand"] = {"id": brand["id"], "name": brand["name"]}
    return view


def category_chain(category_id: str) -> list[Doc]:
    """Return a category with its ancestors, the root first."""
    category = category_of(category_id)
    if category is None:
        return []
    nodes = [tree(category.version)[key] for key in category.chain]
    return [
        {"id": n.id, "parent_id": n.parent_id, "local_name": n.name, "is_leaf": n.is_leaf}
        for n in nodes
    ]


def _media(sandbox: Sandbox, content: Doc) -> Doc:
    view: Doc = {}
    chart = (content.get("size_chart") or {}).get("image")
    if chart:
        view["size_chart"] = {"image": image_doc(sandbox, chart["uri"])}
    elif (content.get("size_chart") or {}).get("template"):
        view["size_chart"] = {"template": content["size_chart"]["template"]}
    video = sandbox.store.get("file", (content.get("video") or {}).get("id", ""))
    if video is not None:
        view["video"] = {
            "id": video["id"],
            "url": file_url(video["id"]),
            "format": video["format"],
            "size": video["size"],
        }
    if content.get("certifications"):
        view["certifications"] = [
            _certificate(sandbox, c, content["category_id"]) for c in content["certifications"]
        ]
    return view


def _certificate(sandbox: Sandbox, certificate: Doc, category_id: str) -> Doc:
    category = category_of(category_id)
    asked = certifications_of(category) if category else ()
    view: Doc = {
        "id": certificate["id"],
        "title": next((item.name for item in asked if item.id == certificate["id"]), ""),
        "images": [image_doc(sandbox, i["uri"]) for i in certificate.get("images") or []],
        "files": [{**f, "urls": [file_url(f["id"])]} for f in certificate.get("files") or []],
    }
    if certificate.get("expiration_date"):
        view["expiration_date"] = certificate["expiration_date"]
    return view


def _sku_view(sandbox: Sandbox, doc: Doc, sku: Doc) -> Doc:
    view: Doc = {
        "id": sku["id"],
        "seller_sku": sku.get("seller_sku", ""),
        "price": shown_price(sku["price"]),
        "inventory": shown_stock(doc, sku["id"]),
        "sales_attributes": [_sales(sandbox, sent) for sent in sku.get("sales_attributes") or []],
        "status_info": sku_status(doc),
    }
    view.update({name: sku[name] for name in SKU_PLAIN if sku.get(name)})
    return view


def _sales(sandbox: Sandbox, sent: Doc) -> Doc:
    view: Doc = {
        "id": sent["id"],
        "name": sent.get("name", ""),
        "value_id": sent["value_id"],
        "value_name": sent.get("value_name", ""),
    }
    if sent.get("sku_img"):
        view["sku_img"] = image_doc(sandbox, sent["sku_img"]["uri"])
    more = sent.get("supplementary_sku_images")
    if more:
        view["supplementary_sku_images"] = [image_doc(sandbox, image["uri"]) for image in more]
    return view


def search_row(shop: Doc, doc: Doc, content: Doc, version: str) -> Doc:
    """Return a product as a search shows it; newer versions show more."""
    row: Doc = {
        "id": doc["id"],
        "title": content["title"],
        "status": doc["status"],
        "sales_regions": [shop["region"]],
        "create_time": doc["create_time"],
        "update_time": doc["update_time"],
        "skus": [_search_sku(doc, sku, version) for sku in content["skus"]],
    }
    if version != "202309":
        row["audit"] = doc["audit"]
        row["is_not_for_sale"] = bool(content.get("is_not_for_sale"))
        if shop["region"] == "US":
            row["listing_quality_tier"] = quality(content)
    if version == "202502":
        row["has_draft"] = bool(doc.get("draft_content"))
    return row


def _search_sku(doc: Doc, sku: Doc, version: str) -> Doc:
    row: Doc = {
        "id": sku["id"],
        "seller_sku": sku.get("seller_sku", ""),
        "price": shown_price(sku["price"]),
        "inventory": shown_stock(doc, sku["id"]),
    }
    if version != "202309" and sku.get("list_price"):
        row["list_price"] = sku["list_price"]
    if version == "202502":
        row["status_info"] = sku_status(doc)
    return row


def short_answer(doc: Doc, content: Doc, warnings: list[str] | None) -> Doc:
    """Return what a create or an edit answers."""
    skus = []
    for sku in content["skus"]:
        entry: Doc = {
            "id": sku["id"],
            "seller_sku": sku.get("seller_sku", ""),
            "sales_attributes": [
                {"id": sent["id"], "value_id": sent["value_id"]}
                for sent in sku.get("sales_attributes") or []
            ],
        }
        if sku.get("external_sku_id"):
            entry["external_sku_id"] = sku["external_sku_id"]
        skus.append(entry)
    answer: Doc = {"product_id": doc["id"], "skus": skus}
    if warnings is not None:
        answer["warnings"] = [{"message": text} for text in warnings]
    return answer
