"""From a submitted product to a live one: the daily limit, the review and its result."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.product_store import LIVE, save_product
from integrations.sandbox.tiktok.shops import local_day
from integrations.sandbox.tiktok.taxonomy import category_of, permission

REVIEW_DELAY = 3
REVIEW_WORDS = ["replica", "counterfeit", "miracle cure"]


def listed_today(sandbox: Sandbox, shop: Doc) -> int:
    """Return how many products a shop has submitted today, by its own calendar."""
    kept = sandbox.setting(f"listed_{shop['id']}", {})
    return int(kept.get("count", 0)) if kept.get("day") == local_day(sandbox, shop) else 0


def has_room(sandbox: Sandbox, shop: Doc) -> bool:
    """Tell whether a shop on probation may submit one more product today."""
    probation = shop["probation"]
    limit = int(probation["daily_listing_limit"])
    return not probation["is_active"] or listed_today(sandbox, shop) < limit


def over_limit(shop: Doc) -> ApiError:
    """Return the refusal of one product too many; the product stays as a draft."""
    limit = shop["probation"]["daily_listing_limit"]
    text = f"The shop is on probation: its daily upload limit is `{limit}` products."
    return ApiError(12052093, text, keep=True)


def submit(sandbox: Sandbox, shop: Doc, doc: Doc) -> None:
    """Send a product to review; one that was never live counts against the daily limit."""
    if doc["status"] == "DRAFT":
        count_listing(sandbox, shop)
    if doc["status"] not in LIVE:
        doc["status"] = "PENDING"
    doc["audit"] = {"status": "AUDITING"}
    doc.pop("audit_failed_reasons", None)
    save_product(sandbox, doc)
    review_soon(sandbox, doc["id"])


def count_listing(sandbox: Sandbox, shop: Doc) -> None:
    """Count one submission of today."""
    entry = {"day": local_day(sandbox, shop), "count": listed_today(sandbox, shop) + 1}
    sandbox.store.set_setting(f"listed_{shop['id']}", entry)


def review_soon(sandbox: Sandbox, product_id: str) -> None:
    """Let the reviewers look at a product after the usual delay."""
    sandbox.store.unschedule("review", product_id)
    sandbox.schedule(int(sandbox.setting("review_delay", REVIEW_DELAY)), "review", product_id)


@due("review")
def review(sandbox: Sandbox, product_id: str, args: Doc) -> None:
    """Decide about a submitted product."""
    doc = sandbox.store.get("product", product_id)
    if doc is None or doc["audit"]["status"] not in ("AUDITING", "PRE_APPROVED"):
        return
    reason = args.get("reason") or _objection(sandbox, doc)
    if reason is not None:
        fail(sandbox, doc, *reason)
    elif _waits_for_category(sandbox, doc):
        doc["audit"] = {
            "status": "PRE_APPROVED",
            "pre_approved_reasons": ["RESTRICTED_CATEGORY_PENDING"],
        }
        save_product(sandbox, doc)
        _tell_audit(sandbox, doc)
    else:
        approve(sandbox, doc)


def _objection(sandbox: Sandbox, doc: Doc) -> tuple[str, str] | None:
    """Return where and why a product fails its review, if it does."""
    content = doc.get("review_content") or doc["content"]
    rule = sandbox.faults.take("review_failure", subject=content["title"])
    if rule is not None:
        return rule.get("position", "title"), rule.get("reason", "Refused on demand.")
    for position in ("title", "description"):
        for word in sandbox.setting("review_words", REVIEW_WORDS):
            if word.lower() in content.get(position, "").lower():
                return position, f"The {position} contains words that are not allowed: {word}."
    return None


def _waits_for_category(sandbox: Sandbox, doc: Doc) -> bool:
    shop = sandbox.store.get("shop", doc["shop_id"]) or {}
    category = category_of(doc["content"]["category_id"])
    return category is not None and permission(category, shop) == "INVITE_ONLY"


def fail(sandbox: Sandbox, doc: Doc, position: str, reason: str) -> None:
    """Refuse a product; what is live stays live."""
    doc["audit"] = {"status": "FAILED"}
    doc["audit_failed_reasons"] = [
        {
            "position": position,
            "reasons": [reason],
            "suggestions": [f"Change the {position} and submit again."],
            "listing_platform": "TIKTOK_SHOP",
        }
    ]
    if doc["status"] not in LIVE:
        doc["status"] = "FAILED"
    save_product(sandbox, doc)
    tell_status(sandbox, doc, "PRODUCT_AUDIT_FAILURE", suspended_reason=reason)
    _tell_audit(sandbox, doc)


def approve(sandbox: Sandbox, doc: Doc) -> None:
    """Let a product, or the new version of one, go live."""
    waiting = doc.pop("review_content", None)
    if waiting is not None:
        doc["content"] = waiting
    doc["audit"] = {"status": "APPROVED"}
    doc.pop("audit_failed_reasons", None)
    if doc["status"] == "PENDING":
        doc["status"] = "ACTIVATE"
    first = not doc.get("was_live")
    doc["was_live"] = True
    keep_sold_skus(doc)
    save_product(sandbox, doc)
    tell_status(sandbox, doc, "PRODUCT_FIRST_PASS_REVIEW" if first else "PRODUCT_STATUS_CHANGED")
    _tell_audit(sandbox, doc)


def keep_sold_skus(doc: Doc) -> None:
    """Forget the quantities of SKUs that no version has any more."""
    versions = [doc.get(name) for name in ("content", "review_content", "draft_content")]
    ids = {sku["id"] for version in versions if version for sku in version["skus"]}
    doc["stock"] = {key: cells for key, cells in doc["stock"].items() if key in ids}


def release_category(sandbox: Sandbox, shop: Doc) -> None:
    """Look again at products that only waited for the approval of their category."""
    query = Query("product", shop_id=shop["id"], label=("audit", ("PRE_APPROVED",)))
    for doc in sandbox.store.find(query):
        sandbox.schedule(0, "review", doc["id"])


def tell_status(sandbox: Sandbox, doc: Doc, status: str, **more: Any) -> None:
    """Notify that a product's status changed; the id is a number in this event."""
    data = {"product_id": int(doc["id"]), "status": status, "update_time": sandbox.now(), **more}
    sandbox.emit(doc["shop_id"], 5, data)


def _tell_audit(sandbox: Sandbox, doc: Doc) -> None:
    data = {
        "product_id": int(doc["id"]),
        "audit": {
            "status": doc["audit"]["status"],
            "pre_approved_reasons": doc["audit"].get("pre_approved_reasons", []),
        },
        "update_time": sandbox.now(),
    }
    sandbox.emit(doc["shop_id"], 37, data)
