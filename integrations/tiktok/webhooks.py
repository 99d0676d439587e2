"""TikTok Shop's notices: verified, stored once, and only a reason to look sooner."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalog.models import Channel, Shop
from integrations.models import WebhookDelivery
from integrations.tiktok.fields import Fields, UnexpectedShape
from integrations.tiktok.signing import is_genuine_webhook
from marketplace.kernel.tasks import nudge

#: kind of notice: (its name, the field of its subject, the work it hurries)
KINDS: dict[int, tuple[str, str, str]] = {
    1: ("Order status", "order_id", "pull_orders"),
    # No longer in the documents; 11 and 12 took its place.
    2: ("Cancellation or return", "order_id", "pull_aftersale"),
    3: ("Recipient address", "order_id", "pull_orders"),
    4: ("Package", "", "pull_orders"),
    5: ("Product status", "product_id", "sync_listings"),
    6: ("Authorization withdrawn", "", "pull_orders"),
    7: ("Authorization ends soon", "", ""),
    11: ("Cancellation", "order_id", "pull_aftersale"),
    12: ("Return", "order_id", "pull_aftersale"),
    15: ("Product changed", "product_id", "sync_listings"),
    16: ("Product created", "product_id", "sync_listings"),
    18: ("Product category", "product_id", "sync_listings"),
    # Brazil only.
    36: ("Invoice", "package_id", "pull_orders"),
    37: ("Product review", "product_id", "sync_listings"),
    50: ("SKU status", "product_id", "sync_listings"),
    64: ("Aftersale request", "aftersales_request_id", "pull_aftersale"),
    65: ("Return authorization", "", "pull_aftersale"),
    66: ("Appeal", "", "pull_aftersale"),
    67: ("Refund", "", "pull_aftersale"),
}


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take a notice. A false one is refused, and nothing of it is stored."""
    genuine = is_genuine_webhook(
        settings.TIKTOK_SHOP_APP_KEY,
        settings.TIKTOK_SHOP_APP_SECRET,
        request.body,
        request.headers.get("Authorization", ""),
    )
    if not genuine:
        return HttpResponse(status=401)
    try:
        notice = Fields(json.loads(request.body), "notice")
        _keep(notice, request.body)
    except (ValueError, UnexpectedShape):
        # Signed but not to be understood: saying so again and again would not help anybody.
        return HttpResponse(status=200)
    return HttpResponse(status=200)


@transaction.atomic
def _keep(notice: Fields, body: bytes) -> None:
    """Store a notice that is new, and hurry the work it hints at."""
    number = notice.integer("type")
    kind, subject_field, work = KINDS.get(number, (f"Notice {number}", "", ""))
    shop = _shop(notice.text("shop_id", ""))
    content = notice.part_or_empty("data")
    delivery, is_new = WebhookDelivery.objects.get_or_create(
        channel=Channel.TIKTOK_SHOP,
        # Some kinds come without an id: the same content is then the same notice.
        delivery_id=notice.text("tts_notification_id", hashlib.sha256(body).hexdigest()),
        defaults={
            "shop": shop,
            "kind": kind,
            "subject": content.text(subject_field, "")[:100] if subject_field else "",
        },
    )
    if not is_new:
        return
    delivery.outcome = _hurry(shop, work)
    delivery.save(update_fields=["outcome"])


def _shop(external_id: str) -> Shop | None:
    shops = Shop.objects.connected().filter(channel=Channel.TIKTOK_SHOP)
    return shops.filter(external_id=external_id).first()


def _hurry(shop: Shop | None, work: str) -> str:
    if shop is None:
        return "Nothing to do: no connected shop has this id."
    if not work:
        return "Kept."
    nudge(work, shop.pk, label=f"{shop}: TikTok Shop sent a notice")
    return f"Asked for: {work.replace('_', ' ')}"
