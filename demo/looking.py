"""What the demo's parts about orders share: placing them, having them read, looking at them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import QuerySet

from catalog.models import FulfillmentCenter, Offer, OfferStock, StockMovement, Variant
from catalog.states import ListingState
from demo.day import Day
from demo.doors import Sandbox
from demo.steps import expect, wait_until
from orders.models import Order
from orders.states import OrderState

ORDERS, SHOPS = "/admin/orders/order/", "/admin/catalog/shop/"
VARIANTS = "/admin/catalog/variant/"
#: What orders do to the ledger.
KINDS = ("reserve", "release", "ship")


class Looking:
    """Orders of the shop that the day has connected, there and here."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.sandbox: Sandbox = day.sandbox

    def on_sale(self, count: int) -> list[Offer]:
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

    def place(self, units: dict[Offer, int], **wishes: Any) -> str:
        """A buyer orders so many units of each; returns the order's id on the channel."""
        items = [{"sku_id": offer.external_id, "quantity": n} for offer, n in units.items()]
        return str(self.sandbox.post("/shops/first/orders", {"items": items, **wishes})["id"])

    def read_orders(self) -> None:
        self.day.admin.act(SHOPS, "read_orders", [self.day.shop.pk])

    def parts(self, order_id: str) -> QuerySet[Order]:
        return self.orders([order_id])

    def orders(self, ids: list[str]) -> QuerySet[Order]:
        """Parts of these orders on today's shop; the sandbox counts its ids anew at each run."""
        return Order.objects.filter(shop=self.day.shop, external_id__in=ids)

    def wait_for(self, ids: list[str], state: OrderState, *, parts: int) -> None:
        rows = self.orders(ids).filter(state=state)
        wait_until(
            f"{parts} order parts are {state.label}", lambda: rows.count() == parts, seconds=90
        )

    def states(self, ids: list[str]) -> dict[str, int]:
        rows = self.orders(ids)
        return dict(
            Counter(OrderState(state).label for state in rows.values_list("state", flat=True))
        )

    def movements(self, kind: str, ids: list[str]) -> list[StockMovement]:
        """Ledger lines of a kind that these orders caused."""
        mine = StockMovement.objects.filter(
            kind=kind, reference__startswith=f"order:{self.day.shop.pk}:"
        )
        wanted = set(ids)
        return [row for row in mine if row.reference.split(":")[2] in wanted]

    def reserved_and_gone(self, ids: list[str]) -> tuple[int, int]:
        """Units that the ledger holds for these orders now, and those that have left for them."""
        rows = [row for kind in KINDS for row in self.movements(kind, ids)]
        return sum(row.reserved for row in rows), -sum(row.on_hand for row in rows)

    def receive(self, offers: list[Offer], center: FulfillmentCenter, units: int) -> None:
        """“Receive stock” in the admin: so many units of each arrive at a center."""
        self.day.admin.act(
            VARIANTS,
            "receive_stock",
            [offer.variant_id for offer in offers],
            fulfillment_center=str(center.pk),
            units=str(units),
        )

    def available(self, variant: Variant) -> int:
        return sum(level.available for level in variant.stock_levels.all())

    def differences(self, offer: Offer) -> list[str]:
        _, shown = self.day.figures_shown(offer)
        rows = OfferStock.objects.filter(offer=offer).select_related("warehouse")
        return [
            str(row.warehouse)
            for row in rows
            if row.warehouse.external_id in shown and shown[row.warehouse.external_id] != row.wanted
        ]

    def unsent(self) -> QuerySet[OfferStock]:
        return OfferStock.objects.to_send().filter(
            offer__listing__shop=self.day.shop,
            offer__listing__state=ListingState.ACTIVE,
            warehouse__mapping__isnull=False,
            offer__problem="",
        )

    def carrier(self, part: Order) -> str:
        """The value of the first choice of the form's carrier dropdown that is USPS."""
        self.day.admin.act(ORDERS, "enter_tracking", [part.pk], only_open=True)
        options = self.day.admin.window.page.select('select[name="carrier"] option')
        return str(next(option["value"] for option in options if "USPS" in option.text))

    def calls(self, name: str) -> int:
        """How often an endpoint was called, by the sandbox's own log."""
        return int(self.sandbox.get("/calls")["counts"].get(name, 0))
