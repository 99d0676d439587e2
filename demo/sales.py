"""The second half of the day: buyers order, the merchant ships, prices and quantities follow."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal

from django.conf import settings

from catalog.models import Offer, OfferStock, StockLevel, Variant
from catalog.services import stock as ledger
from catalog.states import ListingState
from demo.looking import ORDERS, VARIANTS, Looking
from demo.steps import Figures, expect, wait_until
from orders.models import Order, Shipment
from orders.states import OrderState

HOUR = 3600


class Sales(Looking):
    """Orders, tracking, prices and quantities, on the shop that the day has connected."""

    # -- f. orders -----------------------------------------------------------------------------

    def orders_on_hold(self) -> Figures:
        """Three orders, one of two SKUs: On Hold there, Pending here, and the stock reserved."""
        first, second, third, fourth = self.on_sale(4)
        self.before = {offer.pk: self.available(offer.variant) for offer in (first, second)}
        self.kept = self.place({first: 2})
        self.canceled = self.place({second: 1})
        self.double = self.place({third: 1, fourth: 3})
        self.offers = (first, second, third, fourth)
        self.read_orders()
        ids = [self.kept, self.canceled, self.double]
        self.wait_for(ids, OrderState.PENDING, parts=4)
        expect("a two-SKU order became two parts", self.parts(self.double).count() == 2)
        reserved = self.movements("reserve", ids)
        expect("each part reserved its units once", len(reserved) == 4)
        return {
            "orders": len(ids),
            "parts": self.orders(ids).count(),
            "by state": self.states(ids),
            "units reserved": sum(row.reserved for row in reserved),
        }

    def cancel_in_the_hour(self) -> Figures:
        """The buyer cancels while that is free: Canceled here, the units available again."""
        self.sandbox.post(f"/orders/{self.canceled}/cancel")
        self.read_orders()
        self.wait_for([self.canceled], OrderState.CANCELED, parts=1)
        self.read_orders()
        released = self.movements("release", [self.canceled])
        expect("the units came back once", len(released) == 1)
        second = self.offers[1]
        back = self.available(second.variant)
        expect("available is what it was", back == self.before[second.pk])
        return {"units restored": -sum(row.reserved for row in released), "available again": back}

    def the_hour_passes(self) -> Figures:
        """Awaiting Shipment there, Unshipped here with the address, at the mapped center."""
        self.sandbox.advance(HOUR + 60)
        ids = [self.kept, self.double]
        self.read_orders()
        self.wait_for(ids, OrderState.UNSHIPPED, parts=3)
        parts = list(
            self.orders(ids).select_related("fulfillment_center", "channel_order__address")
        )
        mapped = {
            row.warehouse.external_id: row.fulfillment_center
            for row in self.day.shop.mappings.select_related("warehouse", "fulfillment_center")
        }
        for part in parts:
            chosen = self.sandbox.order(part.external_id)["warehouse_id"]
            expect("the center is the mapped one", part.fulfillment_center == mapped[chosen])
        return {
            "by state": self.states(ids),
            "centers": dict(Counter(str(part.fulfillment_center) for part in parts)),
            "with address": sum(hasattr(part.channel_order, "address") for part in parts),
        }

    # -- g. tracking, price, quantity ----------------------------------------------------------

    def ship(self) -> Figures:
        """“Enter tracking” in the admin: the number reaches TikTok once."""
        part = self.parts(self.kept).get()
        number = "9400111899223856928499"
        carrier = self.carrier(part)
        said = self.day.admin.act(
            ORDERS, "enter_tracking", [part.pk], carrier=carrier, tracking_number=number
        )
        wait_until(
            "the sandbox has the tracking number",
            lambda: self.sandbox.order(self.kept)["tracking_number"] == number,
        )
        self.read_orders()
        self.wait_for([self.kept], OrderState.SHIPPED, parts=1)
        shown = self.sandbox.order(self.kept)
        expect("it was sent once", shown["ship_calls"] == 1)
        consumed = self.movements("ship", [self.kept])
        return {
            "said": said,
            "tracking at the sandbox": shown["tracking_number"],
            "carrier": shown["provider"],
            "ship calls": shown["ship_calls"],
            "units shipped": -sum(row.on_hand for row in consumed),
            "shipments": Shipment.objects.filter(shop=self.day.shop).count(),
        }

    def prices_and_quantities(self) -> Figures:
        """A new price and a count in the admin go out by themselves, per mapped warehouse."""
        offer = self.on_sale(6)[5]
        variant = offer.variant
        price = (variant.price or Decimal(10)) + Decimal("1.25")
        self._change_price(variant, price)
        center = self.day.shop.mappings.order_by("pk")[0].fulfillment_center
        said = self.day.admin.act(
            VARIANTS,
            "receive_stock",
            [variant.pk],
            fulfillment_center=str(center.pk),
            units="17",
        )
        wait_until("the sandbox shows the new price", lambda: self._shown_price(offer) == price)
        wait_until("the sandbox shows the quantities", lambda: not self.differences(offer))
        wait_until("everything that differed was sent", lambda: not self.unsent().exists())
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
        offer = self.on_sale(8)[7]
        before = self.available(offer.variant)
        start = time.monotonic()
        order = self.place({offer: 1})
        self.wait_for([order], OrderState.PENDING, parts=1)
        here = time.monotonic() - start
        expect("one unit is reserved", self.available(offer.variant) == before - 1)
        start = time.monotonic()
        self.sandbox.post(f"/orders/{order}/cancel")
        self.wait_for([order], OrderState.CANCELED, parts=1)
        gone = time.monotonic() - start
        expect("the unit is available again", self.available(offer.variant) == before)
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

    def _shown_price(self, offer: Offer) -> Decimal:
        return Decimal(self.day.figures_shown(offer)[0])

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
