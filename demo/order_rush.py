"""A rush: 500 orders at once, pages and notices that repeat, changed minds, and too few units."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from benchmarks.bare import bare_client
from catalog.models import Offer, StockLevel
from catalog.services import stock as ledger
from demo.looking import Looking
from demo.steps import Figures, expect, wait_until
from integrations.models import WebhookDelivery
from integrations.tiktok.orders import OrderCalls
from marketplace.kernel.models import Job, JobState
from orders.models import AttentionKind, ChannelOrder, IntakeCursor, OrderAttention, OrderLine
from orders.services.intake import OVERLAP
from orders.states import OrderState

COUNT, SKUS, UNITS_EACH = 500, 40, 60
CHANGED_MINDS, PAY_LATE = 20, 5
TOO_MANY, ARRIVING = 5, 2
LATE_SECONDS = 600
SEARCH = "/order/202309/orders/search"
BULK = "/shops/first/orders/bulk"

#: What a status of the channel is called here. What is not paid does not come in.
HERE = {
    "ON_HOLD": OrderState.PENDING,
    "AWAITING_SHIPMENT": OrderState.UNSHIPPED,
    "AWAITING_COLLECTION": OrderState.SHIPPED,
    "IN_TRANSIT": OrderState.SHIPPED,
    "DELIVERED": OrderState.DELIVERED,
    "COMPLETED": OrderState.COMPLETED,
    "CANCELLED": OrderState.CANCELED,
}
WAITING = ("ON_HOLD", "AWAITING_SHIPMENT")
GONE = ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED")

#: Orders as the sandbox's side door tells them, by id: status, units by SKU.
There = dict[str, dict[str, Any]]


class Rush(Looking):
    """What comes at once is here once; told by the sandbox's orders, one by one."""

    # -- 500 orders ----------------------------------------------------------------------------

    def come_in(self) -> Figures:
        """500 orders in mixed states are read before any notice of them arrives."""
        self.goods = self.on_sale(SKUS)
        self._stock_up()
        since = IntakeCursor.objects.get(shop=self.day.shop).updated_through - OVERLAP
        self._place_many()
        searches, start = self.calls(f"POST {SEARCH}"), time.monotonic()
        self.read_orders()
        there = self._there().items()
        self.unpaid = {key for key, row in there if row["status"] == "UNPAID"}
        paid = COUNT - len(self.unpaid)
        wait_until("all paid orders are here", lambda: self._heads().count() >= paid)
        here = time.monotonic() - start
        run = self._last_reading()
        searches = self.calls(f"POST {SEARCH}") - searches
        expect("pages repeated orders", not self.sandbox.get("/faults")["faults"])
        figures = self._compare()
        wait_until("the new quantities are sent", lambda: not self.unsent().exists())
        rows, floor = self._download(since)
        return {
            **figures,
            "search calls": searches,
            "seconds until all were here": round(here, 1),
            "seconds of the worker's reading": run,
            "seconds of a bare client loop over the same pages": round(floor, 2),
            "orders that loop downloaded": rows,
        }

    def _stock_up(self) -> None:
        for mapping in self.day.shop.mappings.select_related("fulfillment_center"):
            self.receive(self.goods, mapping.fulfillment_center, UNITS_EACH)
        wait_until("TikTok knows the new quantities", lambda: not self.unsent().exists())

    def _place_many(self) -> None:
        """Every notice is late from here, and three pages begin with the last rows of another."""
        late = self.sandbox.post("/faults", {"kind": "late_webhook", "seconds": LATE_SECONDS})
        repeats = {"kind": "repeated_rows", "path": SEARCH, "rows": 15, "count": 3}
        self.sandbox.post("/faults", repeats)
        wanted = {"count": COUNT, "sku_ids": [offer.external_id for offer in self.goods]}
        self.ids: list[str] = self.sandbox.post(BULK, wanted)["order_ids"]
        self.sandbox.post("/webhooks/deliver")
        self.sandbox.delete(f"/faults/{late['id']}")

    def _last_reading(self) -> float:
        """Wait until the worker has read everything; return the seconds of its last run."""
        jobs = Job.objects.filter(key=f"pull_orders:{self.day.shop.pk}")
        wait_until("the reading is over", lambda: jobs.filter(state=JobState.IDLE).exists())
        job = jobs.get()
        expect("the run has a beginning and an end", bool(job.started_at and job.finished_at))
        assert job.started_at
        assert job.finished_at
        return round((job.finished_at - job.started_at).total_seconds(), 2)

    def _download(self, since: datetime) -> tuple[int, float]:
        """What anybody would need at least: sign, ask for the pages, and throw them away."""
        start = time.perf_counter()
        orders = OrderCalls(bare_client(self.day.shop)).search_orders(updated_since=since)
        rows = sum(1 for _ in orders)
        return rows, time.perf_counter() - start

    # -- what is here against what is there ----------------------------------------------------

    def _there(self) -> There:
        path = f"/orders?shop_id={self.day.shop.external_id}&limit={2 * COUNT}"
        rows = {row["id"]: row for row in self.sandbox.get(path)["orders"]}
        return {key: rows[key] for key in self.ids}

    def _heads(self) -> Any:
        return ChannelOrder.objects.filter(shop=self.day.shop, external_id__in=self.ids)

    def _compare(self) -> Figures:
        """Every order, part, unit and ledger line of the rush against the channel's own orders."""
        there = self._there()
        paid = {key: row for key, row in there.items() if key not in self.unpaid}
        here = sorted(self._heads().values_list("external_id", flat=True))
        expect("every paid order is here once, no unpaid one", here == sorted(paid))
        states = Counter(HERE[row["status"]].label for row in paid.values() for _ in row["skus"])
        expect("each SKU of each order is a part in its state", self.states(self.ids) == states)
        units: Counter[str] = Counter()
        for row in paid.values():
            units[row["status"]] += sum(row["skus"].values())
        lines = OrderLine.objects.filter(order__in=self.orders(self.ids))
        expect("every unit is here once", lines.count() == units.total())
        held, gone = self.reserved_and_gone(self.ids)
        expect("what waits is reserved", held == sum(units[status] for status in WAITING))
        expect("what left is out of stock", gone == sum(units[status] for status in GONE))
        expect("no part was booked twice", self._twice() == 0)
        total = self._heads().aggregate(total=Sum("total"))["total"]
        expect("the totals agree", total == sum(Decimal(row["total"]) for row in paid.values()))
        expect("every level equals its ledger", ledger.drift() == [])
        return {
            "orders on the channel": len(there),
            "orders here": len(here),
            "unpaid ones, not taken": len(there) - len(paid),
            "parts": states.total(),
            "parts by state": dict(states),
            "orders of several SKUs": sum(len(row["skus"]) > 1 for row in paid.values()),
            "units reserved": held,
            "units shipped": gone,
            "units released": -sum(row.reserved for row in self.movements("release", self.ids)),
            "doubles": self._twice(),
            "total there and here": f"{total:,}",
            "levels equal to their ledger": self._levels(),
        }

    def _twice(self) -> int:
        """Ledger lines beyond the one that each part may have of a kind."""
        kinds = ("reserve", "release", "ship")
        lines = [row for kind in kinds for row in self.movements(kind, self.ids)]
        once = {tuple(row.reference.split(":")[:5]) for row in lines}
        return len(lines) - len(once)

    def _levels(self) -> int:
        return StockLevel.objects.filter(variant__merchant=self.day.merchant).count()

    # -- changed minds, late notices -----------------------------------------------------------

    def change_their_minds(self) -> Figures:
        """20 buyers cancel in their first hour, 5 who had not paid do: each is booked once."""
        self.sandbox.post("/faults", {"kind": "duplicate_webhook", "probability": 0.1})
        self._some_pay()
        held = [key for key, row in self._there().items() if row["status"] == "ON_HOLD"]
        chosen = held[:CHANGED_MINDS]
        expect(f"{CHANGED_MINDS} orders are on hold", len(chosen) == CHANGED_MINDS)
        reserved, _gone = self.reserved_and_gone(chosen)
        parts = self.orders(chosen).count()
        for key in chosen:
            self.sandbox.post(f"/orders/{key}/cancel")
        self.wait_for(chosen, OrderState.CANCELED, parts=parts)
        released = self.movements("release", chosen)
        expect("each part was released once", len(released) == parts)
        back = -sum(row.reserved for row in released)
        expect("all that was reserved is back", back == reserved)
        figures = self._compare()
        return {
            "paid at last, and here": PAY_LATE,
            "orders canceled": len(chosen),
            "units released": back,
            "units still reserved": figures["units reserved"],
            "doubles": figures["doubles"],
        }

    def _some_pay(self) -> None:
        chosen = sorted(self.unpaid)[:PAY_LATE]
        for key in chosen:
            expect("it is not here before it is paid", not self.parts(key).exists())
            self.sandbox.post(f"/orders/{key}/pay")
        self.unpaid -= set(chosen)
        wait_until(
            "those who paid are here",
            lambda: self._heads().filter(external_id__in=chosen).count() == len(chosen),
        )

    def notices_come_late(self) -> Figures:
        """Ten minutes later the notices of all 500 arrive, some of them twice: nothing changes."""
        before = self._compare()
        self.sandbox.advance(LATE_SECONDS + 1)
        self.sandbox.post("/webhooks/deliver")
        self.sandbox.delete("/faults")
        sent = [
            row
            for row in self.sandbox.get(f"/webhooks/deliveries?limit={20 * COUNT}")["deliveries"]
            if row["notification"]["data"].get("order_id") in set(self.ids)
        ]
        ids = {row["notification"]["tts_notification_id"] for row in sent}
        expect("every notice was answered", {row["http"] for row in sent} == {200})
        expect("some came twice", len(sent) > len(ids))
        stored = WebhookDelivery.objects.filter(shop=self.day.shop, delivery_id__in=ids).count()
        expect("each notice is stored once", stored == len(ids))
        self._last_reading()
        expect("nothing changed by them", self._compare() == before)
        return {"notices": len(ids), "sent twice": len(sent) - len(ids), "changed by them": 0}

    def days_later(self) -> Figures:
        """Two days and a killed worker later all of them still agree, one by one."""
        self.read_orders()
        self._last_reading()
        figures = self._compare()
        names = ("orders here", "parts by state", "units reserved", "units shipped", "doubles")
        return {name: figures[name] for name in names}

    # -- more orders than units ----------------------------------------------------------------

    def sell_too_much(self) -> Figures:
        """More orders than units: exactly the units are reserved, and the rest is shown."""
        offer, level = self._scarce()
        units, center = level.available, level.fulfillment_center
        site = self.day.shop.mappings.get(fulfillment_center=center).warehouse.external_id
        ids = [self.place({offer: 1}, warehouse_id=site) for _ in range(units + TOO_MANY)]
        self.wait_for(ids, OrderState.PENDING, parts=units + TOO_MANY)
        self._expect_oversold(ids, reserved=units, oversold=TOO_MANY)
        level.refresh_from_db()
        expect("nothing is left", (level.available, level.reserved) == (0, level.on_hand))
        wait_until("TikTok shows that too", lambda: self.day.figures_shown(offer)[1][site] == 0)
        self.receive([offer], center, ARRIVING)
        self.read_orders()
        open_ones = self._oversold(ids)
        wait_until("as many go on", lambda: open_ones.count() == TOO_MANY - ARRIVING)
        self._expect_oversold(ids, reserved=units + ARRIVING, oversold=TOO_MANY - ARRIVING)
        return {
            "units": units,
            "orders": len(ids),
            "reserved": units,
            "shown as oversold": TOO_MANY,
            f"went on when {ARRIVING} more units arrived": ARRIVING,
            "says": open_ones.order_by("pk")[0].sentence,
        }

    def _scarce(self) -> tuple[Offer, StockLevel]:
        """An offer that the rush did not touch, and its smallest level at a mapped center."""
        rushed = {offer.pk for offer in self.goods}
        others = {
            offer.variant_id: offer
            for offer in self.on_sale(SKUS + 12)
            if offer.pk not in rushed and offer.variant_id
        }
        levels = StockLevel.objects.filter(
            variant__in=others,
            fulfillment_center__in=self.day.shop.mappings.values("fulfillment_center"),
        ).select_related("fulfillment_center")
        level = min((one for one in levels if one.available >= 3), key=lambda one: one.available)
        return others[level.variant_id], level

    def _oversold(self, ids: list[str]) -> Any:
        return OrderAttention.objects.filter(
            order__in=self.orders(ids), kind=AttentionKind.OVERSOLD, resolved_at=None
        )

    def _expect_oversold(self, ids: list[str], *, reserved: int, oversold: int) -> None:
        expect(f"{reserved} units are reserved", self.reserved_and_gone(ids) == (reserved, 0))
        expect(f"{oversold} orders need attention", self._oversold(ids).count() == oversold)
        expect("every level equals its ledger", ledger.drift() == [])
