"""Notifications: who wants which, signed delivery, and four more tries where nobody answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.events import EVENT_TYPES
from integrations.sandbox.tiktok.wire import Call, endpoint

SCOPE = "seller.authorization.info"
RETRIES = (120, 1800, 3 * 3600, 12 * 3600)
WAITS = 3.0
LONGEST_ADDRESS = 255
# Subscribers are on this machine: no proxy stands between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@endpoint("GET", "/event/202309/webhooks", scope=SCOPE)
def list_webhooks(call: Call) -> Doc:
    """List where the shop's notifications go."""
    found = call.store.find(Query("webhook", shop_id=call.shop_id))
    return {"webhooks": found, "total_count": len(found)}


@endpoint(
    "PUT",
    "/event/202309/webhooks",
    scope=SCOPE,
    body={"address*": "string", "event_type*": "string"},
)
def set_webhook(call: Call) -> Doc:
    """Send one kind of notification of the shop to an address."""
    address, event_type = call.body["address"], _known(call.body["event_type"])
    # Real addresses are https without a port; on this machine that cannot be.
    if not address.startswith(("https://", "http://")) or len(address) > LONGEST_ADDRESS:
        raise bad_request("body.address must be a web address of at most 255 characters")
    key = f"{call.shop_id}/{event_type}"
    before = call.store.get("webhook", key) or {"create_time": call.now}
    doc = {
        "event_type": event_type,
        "address": address,
        "create_time": before["create_time"],
        "update_time": call.now,
    }
    call.store.put("webhook", key, doc, shop_id=call.shop_id, create_time=doc["create_time"])
    return {}


@endpoint("DELETE", "/event/202309/webhooks", scope=SCOPE, body={"event_type*": "string"})
def delete_webhook(call: Call) -> Doc:
    """Send one kind of notification no more."""
    call.store.delete("webhook", f"{call.shop_id}/{_known(call.body['event_type'])}")
    return {}


def _known(event_type: str) -> str:
    if event_type not in EVENT_TYPES:
        raise ApiError(36009004, "There is no such event type.", http=400)
    return event_type


# -- delivery -------------------------------------------------------------------------------------


def target_of(sandbox: Sandbox, shop_id: str, event: int) -> str:
    """Return where a notification goes: the shop's own address for it, or that of the app."""
    names = [name for name, number in EVENT_TYPES.items() if number == event]
    own = sandbox.store.get("webhook", f"{shop_id}/{names[0]}") if names else None
    return str(own["address"] if own else sandbox.setting("webhook_url", ""))


def signature(app_key: str, app_secret: str, body: bytes) -> str:
    """Return the signature of a notification."""
    return hmac.new(app_secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


@due("webhook", background=True)
def deliver(sandbox: Sandbox, key: str, args: Doc) -> None:
    """Deliver a notification, or plan its next try."""
    target = target_of(sandbox, key, int(args["event"]))
    if not target:
        return
    if "id" not in args:
        # Unique also after a reset: whoever keeps ids for good must not mistake it for a repeat.
        args = {**args, "id": str(time.time_ns()), "tries": 0}
        late = sandbox.faults.take("late_webhook")
        if late is not None:
            sandbox.schedule(int(late.get("seconds", 3600)), "webhook", key, **args)
            return
    copies = 2 if sandbox.faults.take("duplicate_webhook") else 1
    answers = [_send(sandbox, target, key, args) for _copy in range(copies)]
    tries = int(args["tries"])
    if 200 not in answers and tries < len(RETRIES):
        sandbox.schedule(RETRIES[tries], "webhook", key, **{**args, "tries": tries + 1})


def _send(sandbox: Sandbox, target: str, shop_id: str, args: Doc) -> int:
    """Send one notification; return the status of the answer, or 0 where there was none."""
    notification = {
        "type": int(args["event"]),
        "tts_notification_id": args["id"],
        "shop_id": shop_id,
        "timestamp": int(args["at"]),
        "data": args["data"],
    }
    body = json.dumps(notification, separators=(",", ":"), ensure_ascii=False).encode()
    config = sandbox.config
    headers = {
        "Content-Type": "application/json",
        "Authorization": signature(config.app_key, config.app_secret, body),
    }
    error = ""
    try:
        request = urllib.request.Request(target, body, headers, method="POST")
        with _opener.open(request, timeout=WAITS) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as refused:
        status = refused.code
        refused.close()
    except (OSError, HTTPException, ValueError) as failure:
        # Whatever the other side is or does, the next notification must go out.
        status, error = 0, str(getattr(failure, "reason", failure))
    _note(sandbox, target, notification, status, error, int(args["tries"]))
    return status


def _note(
    sandbox: Sandbox, target: str, notification: Doc, status: int, error: str, tries: int
) -> None:
    key = sandbox.store.next_id()
    doc = {
        "id": key,
        "target": target,
        "type": notification["type"],
        "notification": notification,
        "http": status,
        "error": error,
        "attempt": tries + 1,
        "create_time": sandbox.now(),
    }
    sandbox.store.put(
        "delivery",
        key,
        doc,
        shop_id=notification["shop_id"],
        status="ok" if status == 200 else "failed",
        create_time=doc["create_time"],
    )


def deliveries(sandbox: Sandbox, limit: int) -> list[Doc]:
    """Return the last deliveries, newest first."""
    return sandbox.store.find(Query("delivery", descending=True), limit=limit)
