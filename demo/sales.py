"""The second half of the day: buyers order, the merchant ships, prices and quantities follow."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from catalog.models import Offer, OfferStock, StockLevel, StockMovement, Variant
from catalog.services import stock as ledger
from catalog.states import ListingState
from demo.day import Day
from demo.doors import Sandbox
from demo.steps import Figures, expect, wait_until
from orders.models import Order, Shipment
from orders.states import OrderState

ORDERS, SHOPS = "/admin/orders/order/", "/admin/catalog/shop/"
HOUR = 3600


class Sales:
    """Orders, tracking, prices and quantities, on the shop that the day has connected."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.sandbox: Sandbox = day.sandbox

    # -- f. orders -----------------------------------------------------------------------------

    def orders_on_hold(self) -> Figures:
        """Three orders, one of two SKUs: On Hold there, Pending here, and the stock reserved."""
        first, second, third, fourth = self._offers(4)
        self.before = {offer.pk: self._available(offer.variant) for offer in (first, second)}
        self.kept = self._place({first: 2})
        self.canceled = self._place({second: 1})
        self.double = self._place({third: 1, fourth: 3})
        self.offers = (first, second, third, fourth)
        self._read_orders()
        ids = [self.kept, self.canceled, self.double]
        self._wait_for(ids, OrderState.PENDING, parts=4)
        expect("a two-SKU order became two parts", self._parts(self.double).count() == 2)
        reserved = self._movements("reserve", ids)
        expect("each part reserved its units once", len(reserved) == 4)
        return {
            "orders": len(ids),
            "parts": self._orders(ids).count(),
            "by state": self._states(ids),
            "units reserved": sum(row.reserved for row in reserved),
        }

    def cancel_in_the_hour(self) -> Figures:
        """The buyer cancels while that is free: Canceled here, the units available again."""
        self.sandbox.post(f"/orders/{self.canceled}/cancel")
        self._read_orders()
        self._wait_for([self.canceled], OrderState.CANCELED, parts=1)
        self._read_orders()
        released = self._movements("release", [self.canceled])
        expect("the units came back once", len(released) == 1)
        second = self.offers[1]
        back = self._available(second.variant)
        expect("available is what it was", back == self.before[second.pk])
        return {"units restored": -sum(row.reserved for row in released), "available again": back}

    def the_hour_passes(self) -> Figures:
        """Awaiting Shipment there, Unshipped here with the address, at the mapped center."""
        self.sandbox.advance(HOUR + 60)
        ids = [self.kept, self.double]
        self._read_orders()
        self._wait_for(ids, OrderState.UNSHIPPED, parts=3)
        parts = list(
            self._orders(ids).select_related("fulfillment_center", "channel_order__address")
        )
        mapped = {
            row.warehouse.external_id: row.fulfillment_center
            for row in self.day.shop.mappings.select_related("warehouse", "fulfillment_center")
        }
        for part in parts:
            chosen = self.sandbox.order(part.external_id)["warehouse_id"]
            expect("the center is the mapped one", part.fulfillment_center == mapped[chosen])
        return {
            "by state": self._states(ids),
            "centers": dict(Counter(str(part.fulfillment_center) for part in parts)),
            "with address": sum(hasattr(part.channel_order, "address") for part in parts),
        }

    # -- g. tracking, price, quantity ----------------------------------------------------------

    def ship(self) -> Figures:
        """“Enter tracking” in the admin: the number reaches TikTok once."""
        part = self._parts(self.kept).get()
        number = "9400111899223856928499"
        carrier = self._carrier(part)
        said = self.day.admin.act(
            ORDERS, "enter_tracking", [part.pk], carrier=carrier, tracking_number=number
        )
        wait_until(
            "the sandbox has the tracking number",
            lambda: self.sandbox.order(self.kept)["tracking_number"] == number,
        )
        self._read_orders()
        self._wait_for([self.kept], OrderState.SHIPPED, parts=1)
        shown = self.sandbox.order(self.kept)
        expect("it was sent once", shown["ship_calls"] == 1)
        consumed = self._movements("ship", [self.kept])
        return {
            "said": said,
            "tracking at the sandbox": shown["tracking_number"],
            "carrier": shown["provider"],
            "ship calls": shown["ship_calls"],
            "units shipped": -sum(row.on_hand for row in consumed),
            "shipments": Shipment.objects.filter(shop=self.day.shop).count(),
        }

    def _carrier(self, part: Order) -> str:
        """The value of the first choice of the form's carrier dropdown that is USPS."""
        self.day.admin.act(ORDERS, "enter_tracking", [part.pk], only_open=True)
        options = self.day.admin.window.page.select('select[name="carrier"] option')
        return str(next(option["value"] for option in options if "USPS" in option.text))

    def prices_and_quantities(self) -> Figures:
        """A new price and a count in the admin go out by themselves, per mapped warehouse."""
        offer = self._offers(6)[5]
        variant = offer.variant
        price = (variant.price or Decimal(10)) + Decimal("1.25")
        self._change_price(variant, price)
        center = self.day.shop.mappings.order_by("pk")[0].fulfillment_center
        said = self.day.admin.act(
            "/admin/catalog/variant/",
            "receive_stock",
            [variant.pk],
            fulfillment_center=str(center.pk),
            units="17",
        )
        wait_until("the sandbox shows the new price", lambda: self._shown_price(offer) == price)
        wait_until("the sandbox shows the quantities", lambda: not self._differences(offer))
        wait_until("everything that differed was sent", lambda: not self._unsent().exists())
        _, units = self.day.figures_shown(offer)
        return {
            "sku": variant.sku,
            "price wanted and shown": f"{price} / {self._shown_price(offer)}",
            "units shown by warehouse": units,
            "said": said,
            "listings equal to the rows": self._compare_all(),
        }

    def _change_price(self, variant: Variant, price: Decimal) -> None:
        sheet = self.day.directory / "prices.csv"
        rows = list(variant.product.variants.all())
        names = variant.product.option_names
        header = ["sku", "parent_sku", "title", "price", "currency"]
        header += [
            f"option{n}_{part}" for n in range(1, len(names) + 1) for part in ("name", "value")
        ]
        lines = [",".join(header)]
        for row in rows:
            cells = [
                row.sku,
                variant.product.sku,
                f'"{variant.product.title}"',
                str(price if row.pk == variant.pk else row.price),
                row.currency,
            ]
            for name, value in zip(names, row.options, strict=True):
                cells += [str(name), f'"{value}"']
            lines.append(",".join(cells))
        sheet.write_text("\n".join(lines) + "\n")
        self.day.admin.upload(
            "/admin/catalog/product/import-products/",
            'form[enctype="multipart/form-data"]',
            "file",
            sheet,
            merchant=str(self.day.merchant.pk),
        )

    def notices_hurry(self) -> Figures:
        """With webhooks on, an order and its cancellation are here without being asked for."""
        address = f"{settings.BASE_URL}/webhooks/tiktok/"
        self.sandbox.post("/settings", {"webhook_url": address})
        offer = self._offers(8)[7]
        before = self._available(offer.variant)
        start = time.monotonic()
        order = self._place({offer: 1})
        self._wait_for([order], OrderState.PENDING, parts=1)
        here = time.monotonic() - start
        expect("one unit is reserved", self._available(offer.variant) == before - 1)
        start = time.monotonic()
        self.sandbox.post(f"/orders/{order}/cancel")
        self._wait_for([order], OrderState.CANCELED, parts=1)
        gone = time.monotonic() - start
        expect("the unit is available again", self._available(offer.variant) == before)
        return {
            "seconds until Pending": round(here, 1),
            "seconds until Canceled": round(gone, 1),
            "available again": before,
        }

    def books_balance(self) -> Figures:
        """At the end of the day every level equals its ledger, and nothing is stuck."""
        expect("no level differs from its ledger", ledger.drift() == [])
        levels = StockLevel.objects.filter(variant__merchant=self.day.merchant)
        return {
            "levels": levels.count(),
            "levels that differ from the ledger": 0,
            "orders by state": dict(
                Counter(Order.objects.filter(shop=self.day.shop).values_list("state", flat=True))
            ),
        }

    # -- looking -------------------------------------------------------------------------------

    def _offers(self, count: int) -> list[Offer]:
        """Offers of so many active listings that have stock in every mapped center's reach."""
        rows = (
            Offer.objects.filter(
                listing__shop=self.day.shop,
                listing__state=ListingState.ACTIVE,
                listing__imported_at=None,
                stocks__wanted__gte=10,
            )
            .select_related("listing__product", "variant__product")
            .order_by("listing", "pk")
            .distinct()
        )
        chosen: dict[int, Offer] = {}
        for offer in rows.iterator():
            chosen.setdefault(offer.listing_id, offer)
            if len(chosen) == count:
                break
        expect(f"{count} listings are on sale", len(chosen) == count)
        return list(chosen.values())

    def _place(self, units: dict[Offer, int]) -> str:
        items = [{"sku_id": offer.external_id, "quantity": n} for offer, n in units.items()]
        return str(self.sandbox.post("/shops/first/orders", {"items": items})["id"])

    def _read_orders(self) -> None:
        self.day.admin.act(SHOPS, "read_orders", [self.day.shop.pk])

    def _parts(self, order_id: str) -> QuerySet[Order]:
        return self._orders([order_id])

    def _orders(self, ids: list[str]) -> QuerySet[Order]:
        """Parts of these orders on today's shop; the sandbox counts its ids anew at each run."""
        return Order.objects.filter(shop=self.day.shop, external_id__in=ids)

    def _wait_for(self, ids: list[str], state: OrderState, *, parts: int) -> None:
        rows = self._orders(ids).filter(state=state)
        wait_until(
            f"{parts} order parts are {state.label}", lambda: rows.count() == parts, seconds=90
        )

    def _states(self, ids: list[str]) -> dict[str, int]:
        rows = self._orders(ids)
        return dict(
            Counter(OrderState(state).label for state in rows.values_list("state", flat=True))
        )

    def _movements(self, kind: str, ids: list[str]) -> list[StockMovement]:
        rows = StockMovement.objects.filter(kind=kind, variant__merchant=self.day.merchant)
        return [row for row in rows if any(order in row.reference for order in ids)]

    def _available(self, variant: Variant) -> int:
        return sum(level.available for level in variant.stock_levels.all())

    def _shown_price(self, offer: Offer) -> Decimal:
        return Decimal(self.day.figures_shown(offer)[0])

    def _differences(self, offer: Offer) -> list[str]:
        _, shown = self.day.figures_shown(offer)
        rows = OfferStock.objects.filter(offer=offer).select_related("warehouse")
        return [
            str(row.warehouse)
            for row in rows
            if row.warehouse.external_id in shown and shown[row.warehouse.external_id] != row.wanted
        ]

    def _unsent(self) -> QuerySet[OfferStock]:
        return OfferStock.objects.to_send().filter(
            offer__listing__shop=self.day.shop,
            offer__listing__state=ListingState.ACTIVE,
            warehouse__mapping__isnull=False,
            offer__problem="",
        )

    def _compare_all(self) -> str:
        """Every price and quantity of every active listing, there and here."""
        same = different = 0
        rows = OfferStock.objects.filter(
            offer__listing__shop=self.day.shop,
            offer__listing__state=ListingState.ACTIVE,
            warehouse__mapping__isnull=False,
        ).select_related("offer__listing", "warehouse")
        shown: dict[str, dict[str, dict[str, int]]] = {}
        for row in rows:
            listing = row.offer.listing.external_id
            if listing not in shown:
                skus = self.sandbox.product(listing)["skus"]
                shown[listing] = {sku["id"]: sku["available"] for sku in skus}
            units = shown[listing].get(row.offer.external_id, {}).get(row.warehouse.external_id)
            same += units == row.wanted
            different += units != row.wanted
        expect(f"{different} quantities differ", different == 0)
        return f"{same:,} quantities of {len(shown):,} listings, {different} different"
