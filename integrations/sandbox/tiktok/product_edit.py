"""Creating and editing products."""

from __future__ import annotations

import copy

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.product_review import (
    has_room,
    keep_sold_skus,
    over_limit,
    submit,
)
from integrations.sandbox.tiktok.product_rules import problems, refuse_bad
from integrations.sandbox.tiktok.product_store import LIVE, own_product, save_product
from integrations.sandbox.tiktok.product_views import quality, short_answer
from integrations.sandbox.tiktok.rules import Draft
from integrations.sandbox.tiktok.wire import Call, endpoint

WRITE = "seller.product.write"
IMAGE = {"uri*": "string"}
CERTIFICATE = {
    "id*": "string",
    "images": [IMAGE],
    "files": [{"id*": "string", "name*": "string", "format*": "string"}],
    "expiration_date": "int",
}
SALES_ATTRIBUTE = {
    "id": "string",
    "name": "string",
    "value_id": "string",
    "value_name": "string",
    "sku_img": IMAGE,
    "supplementary_sku_images": [IMAGE],
}
INVENTORY = [{"warehouse_id*": "string", "quantity": "int", "handling_time": "int"}]
MONEY = {"amount*": "string", "currency*": "string"}
SKU = {
    "seller_sku": "string",
    "external_sku_id": "string",
    "sales_attributes": [SALES_ATTRIBUTE],
    "identifier_code": {"code": "string", "type": "string"},
    "list_price": MONEY,
}
PRICE = {"currency*": "string", "amount": "string", "sale_price": "string"}
SIZES = {"length*": "string", "width*": "string", "height*": "string", "unit*": "string"}
COMMON = {
    "brand_id": "string",
    "category_version": "string",
    "certifications": [CERTIFICATE],
    "external_product_id": "string",
    "manufacturer_ids": ["string"],
    "responsible_person_ids": ["string"],
    "is_cod_allowed": "bool",
    "package_dimensions": SIZES,
    "product_attributes": [{"id*": "string", "values*": [{"id": "string", "name": "string"}]}],
    "save_mode": "string",
    "size_chart": {"image": IMAGE, "template": {"id*": "string"}},
    "video": {"id*": "string"},
}
WEIGHT = {"value*": "string", "unit*": "string"}
CREATE = {
    **COMMON,
    "title*": "string",
    "description*": "string",
    "category_id*": "string",
    "main_images*": [IMAGE],
    "package_weight*": WEIGHT,
    "idempotency_key": "string",
    "skus*": [{**SKU, "price*": PRICE, "inventory*": INVENTORY}],
}
EDIT = {
    **COMMON,
    "title": "string",
    "description": "string",
    "category_id": "string",
    "main_images": [IMAGE],
    "package_weight": WEIGHT,
    "skus": [{**SKU, "id": "string", "price": PRICE, "inventory": INVENTORY}],
}
NOT_CONTENT = ("save_mode", "idempotency_key")


@endpoint("POST", "/product/202309/products", scope=WRITE, body=CREATE)
def create_product(call: Call) -> Doc:
    """Create a product and send it to review, or keep it as a draft."""
    key = call.body.get("idempotency_key") or ""
    if key:
        label = ("idempotency", (key,))
        for known in call.store.find(Query("product", shop_id=call.shop_id, label=label)):
            return _again(call, known)
    draft = _checked(call, call.body, before=None)
    doc: Doc = {
        "id": call.store.next_id(),
        "shop_id": call.shop_id,
        "status": "DRAFT",
        "audit": {"status": "NONE"},
        "create_time": call.now,
        "stock": {},
        "idempotency_key": key,
    }
    doc["content"] = _content(call, draft, doc)
    save_product(call.sandbox, doc)
    created = {"product_id": int(doc["id"]), "product_types": ["NORMAL"], "update_time": call.now}
    call.sandbox.emit(call.shop_id, 16, created)
    if not draft.is_draft:
        if not has_room(call.sandbox, call.shop):
            raise over_limit(call.shop)
        submit(call.sandbox, call.shop, doc)
    return short_answer(doc, doc["content"], draft.warnings)


def _again(call: Call, doc: Doc) -> Doc:
    """Answer a repeated create with the product it made; a limit may have kept it a draft."""
    if doc["status"] == "DRAFT" and call.body.get("save_mode") != "AS_DRAFT":
        if not has_room(call.sandbox, call.shop):
            raise over_limit(call.shop)
        submit(call.sandbox, call.shop, doc)
    return short_answer(doc, doc["content"], [])


def _checked(call: Call, body: Doc, before: Doc | None) -> Draft:
    draft = Draft(
        call.sandbox,
        call.shop,
        body,
        is_draft=call.body.get("save_mode") == "AS_DRAFT",
        before=before,
    )
    refuse_bad(draft)
    return draft


def _content(call: Call, draft: Draft, doc: Doc) -> Doc:
    """Return what is kept of the seller's text, with SKU ids; quantities go to the stock."""
    content = {name: value for name, value in draft.body.items() if name not in NOT_CONTENT}
    content["skus"] = []
    for sent in draft.skus:
        sku = {name: value for name, value in sent.items() if name != "inventory"}
        sku["id"] = sent.get("id") or call.store.next_id()
        content["skus"].append(sku)
        cells = doc["stock"].setdefault(sku["id"], {})
        if "inventory" in sent:
            doc["stock"][sku["id"]] = {
                entry["warehouse_id"]: {
                    "available": int(entry.get("quantity", 0)),
                    "committed": cells.get(entry["warehouse_id"], {}).get("committed", 0),
                }
                for entry in sent["inventory"]
            }
    return content


def _newest(doc: Doc) -> Doc:
    content: Doc = doc.get("draft_content") or doc.get("review_content") or doc["content"]
    return content


def _with_kept_skus(doc: Doc, body: Doc) -> Doc:
    """Return the body with price and inventory of known SKUs where it leaves them out."""
    known = {sku["id"]: sku for sku in _newest(doc)["skus"]}
    for sku in body.get("skus") or []:
        if not sku.get("id"):
            continue
        if sku["id"] not in known:
            raise ApiError(12052556, f"The product has no SKU {sku['id']}.")
        sku.setdefault("price", known[sku["id"]]["price"])
        if not sku.get("inventory"):
            sku["inventory"] = _inventory(doc, sku["id"])
    return body


def _inventory(doc: Doc, sku_id: str) -> list[Doc]:
    cells = doc["stock"].get(sku_id, {})
    return [{"warehouse_id": key, "quantity": cell["available"]} for key, cell in cells.items()]


@endpoint("PUT", "/product/202309/products/{product_id}", scope=WRITE, body=EDIT)
@endpoint("PUT", "/product/202509/products/{product_id}", scope=WRITE, body=EDIT)
def edit_product(call: Call) -> Doc:
    """Replace a product: what is left out is cleared, SKUs that are left out are deleted."""
    doc = _editable(call)
    return _apply(call, doc, _with_kept_skus(doc, call.body), answer_warnings=True)


@endpoint("POST", "/product/202309/products/{product_id}/partial_edit", scope=WRITE, body=EDIT)
@endpoint("POST", "/product/202509/products/{product_id}/partial_edit", scope=WRITE, body=EDIT)
def partial_edit_product(call: Call) -> Doc:
    """Replace the named parts of a product and keep the others."""
    doc = _editable(call)
    body = copy.deepcopy(_newest(doc))
    changes = {name: value for name, value in call.body.items() if name != "category_id"}
    body.update(changes)
    return _apply(call, doc, _with_kept_skus(doc, body), answer_warnings=False)


def _editable(call: Call) -> Doc:
    doc = own_product(call, call.path["product_id"])
    if doc["status"] in ("FREEZE", "DELETED"):
        raise ApiError(12052901, "A frozen or deleted product cannot be edited.")
    return doc


def _apply(call: Call, doc: Doc, body: Doc, *, answer_warnings: bool) -> Doc:
    draft = _checked(call, body, before=_newest(doc))
    content = _content(call, draft, doc)
    _tell_edit(call, doc, content)
    if draft.is_draft:
        doc["draft_content" if doc["status"] != "DRAFT" else "content"] = content
        save_product(call.sandbox, doc)
    else:
        _submit_edit(call, doc, content)
    answer = short_answer(doc, content, draft.warnings if answer_warnings else None)
    answer["audit"] = {"status": doc["audit"]["status"]}
    return answer


def _submit_edit(call: Call, doc: Doc, content: Doc) -> None:
    if doc["status"] == "DRAFT" and not has_room(call.sandbox, call.shop):
        doc["content"] = content
        save_product(call.sandbox, doc)
        raise over_limit(call.shop)
    doc.pop("draft_content", None)
    # What buyers see stays as it is until the new version has passed.
    doc["review_content" if doc["status"] in LIVE else "content"] = content
    keep_sold_skus(doc)
    submit(call.sandbox, call.shop, doc)


def _tell_edit(call: Call, doc: Doc, content: Doc) -> None:
    old = _newest(doc)
    changed = sorted(n for n in {*old, *content} if old.get(n) != content.get(n))
    data = {
        "product_id": doc["id"],
        "change_source": "OPEN_API",
        "changed_fields": changed,
        "update_time": call.now,
    }
    call.sandbox.emit(call.shop_id, 15, data)
    if "category_id" in changed:
        moved = {
            "product_id": doc["id"],
            "previous_category_id": old["category_id"],
            "current_category_id": content["category_id"],
            "update_time": call.now,
        }
        call.sandbox.emit(call.shop_id, 18, moved)


@endpoint("POST", "/product/202309/products/listing_check", scope=WRITE, body=CREATE)
def listing_check(call: Call) -> Doc:
    """Tell everything that would stand against a product, without creating it."""
    draft = Draft(call.sandbox, call.shop, call.body)
    found = problems(draft)
    tier = quality(call.body)
    return {
        "check_result": "FAILED" if found else "PASS",
        "fail_reasons": [{"code": code, "message": message} for code, message in found],
        "warnings": {"message": " ".join(draft.warnings)},
        "listing_quality": {
            "current_tier": tier,
            "remaining_recommendations": {"POOR": 2, "FAIR": 1, "GOOD": 0}[tier],
        },
        "diagnoses": [],
    }
