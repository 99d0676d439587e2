"""Sheets of orders: what was ordered, without people's data, and tracking numbers to take in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Column,
    Conflict,
    FileRow,
    FollowUp,
    Run,
    SheetKind,
    Target,
    Write,
    kinds,
)
from orders.models import Order, OrderLine, Shipment
from orders.ports import RemoteCarrier
from orders.services import shipping
from orders.states import ShipmentState

AMOUNTS = ("list_total", "seller_discount", "platform_discount", "sub_total", "tax")
UNITS = ("quantity", "canceled_quantity", "shipped_quantity")


class _OfOrders(SheetKind):
    view_permission = "orders.view_order"
    lists = ("orders.order",)

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Order]:
        found = _stored().in_bulk(ids)
        return [found[pk] for pk in ids if pk in found]


class Orders(_OfOrders):
    """One row per order part; the buyer and the address stay where they are."""

    name = "orders"
    title = "Orders"
    about = "orders, without people's data"
    can_import = False
    permissions = ("orders.change_order",)
    columns = (
        *(
            Column(name, "", is_read_only=True)
            for name in ("order_id", "sku", "merchant", "shop", "title", "options")
        ),
        *(Column(name, "", is_read_only=True, is_number=True) for name in UNITS),
        *(
            Column(name, "", is_read_only=True)
            for name in ("status", "placed_at", "due_at", "fulfillment_center")
        ),
        *(Column(name, "", is_read_only=True, is_number=True) for name in AMOUNTS),
        *(
            Column(name, "", is_read_only=True)
            for name in ("currency", "carrier", "tracking_number")
        ),
    )

    def values(self, stored: Any) -> Mapping[str, str]:
        center = stored.fulfillment_center
        return {
            **_identity(stored),
            "title": stored.title,
            "options": stored.options,
            **{name: str(getattr(stored, name)) for name in UNITS},
            **{name: f"{getattr(stored, name):.2f}" for name in AMOUNTS},
            "status": stored.get_state_display(),
            "placed_at": f"{stored.created_on_channel_at:%Y-%m-%d %H:%M:%S}",
            "due_at": f"{stored.due_at:%Y-%m-%d %H:%M:%S}",
            "fulfillment_center": center.code if center else "",
            "currency": stored.currency,
            **_parcels(stored),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        raise NotImplementedError

    def read(self, column: str, text: str, target: Target) -> str:
        raise NotImplementedError

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        raise NotImplementedError


class Tracking(_OfOrders):
    """Order id, SKU, units, carrier and tracking number: a row ships open units of a part.

    Shipping is one order at a time, so its queries grow with the rows.
    """

    name = "tracking"
    title = "Tracking numbers"
    about = "carriers and tracking numbers of orders"
    permissions = ("orders.add_shipment",)
    columns = (
        Column("order_id", "As the channel shows it", "576461413038785752", is_key=True,
               is_required=True),
        Column("sku", "Needed where the order has several SKUs", "ROPE-RED-S", is_key=True),
        Column("merchant", "Needed where several merchants have this order id", "", is_key=True),
        Column("shop", "Name of the shop", "Happy Paws US", is_read_only=True),
        Column("units", "How many of the open units are in this parcel; empty: all", "2",
               is_number=True),
        Column("carrier", "As the channel names it", "USPS", is_required=True),
        Column("tracking_number", "4 to 50 letters, digits or - _ . /", "9400100000000000000000",
               is_required=True),
    )  # fmt: skip
    why_not_undone = (
        "Tracking numbers go to the channel at once and the buyer is told: this cannot be undone. "
        "A wrong number is corrected on the shipment, or on the channel."
    )
    at_once = 20
    advice = (
        "A row ships so many units as it says, or all that are still open. This cannot be undone."
    )

    def values(self, stored: Any) -> Mapping[str, str]:
        return {**_identity(stored), "units": "", **_parcels(stored)}

    # -- in ----------------------------------------------------------------------------------------

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        numbers = {row.get("order_id") for row in rows} - {""}
        stored: dict[str, list[Order]] = {}
        for order in _stored().filter(external_id__in=numbers):
            stored.setdefault(order.external_id, []).append(order)
        found: list[Target | CellRefused] = []
        for row in rows:
            try:
                order = _one(row, stored.get(row.get("order_id"), []))
                # An order may leave in several parcels: one row for each number.
                same = f"{order.pk} {row.get('tracking_number')}"
                found.append(Target(str(order), str(order.pk), _parcels(order), order, same=same))
            except CellRefused as refused:
                found.append(refused)
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        if column == "units" and not (text.isascii() and text.isdigit() and int(text)):
            raise CellRefused("units", f"“{text}” is not a number of units from 1.")
        return text

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        if not changes:
            return {}
        number, carrier = row.get("tracking_number"), row.get("carrier")
        known = {shipment.tracking_number for shipment in _shipments(target.row)}
        if number in known or not (number or carrier):
            # The same file again ships nothing twice; an empty row of an export is not filled in.
            changes.clear()
            return {}
        if not carrier:
            raise CellRefused("carrier", "It is empty.")
        units = row.get("units")
        # What speaks against it shows when it is tried, and nothing of the trial stays.
        try:
            with transaction.atomic():
                _ship(target.row.pk, carrier, number, units, by="check")
                transaction.set_rollback(True)
        except Refused as error:
            raise CellRefused("tracking_number", error.message) from error
        changes["carrier"] = (target.now["carrier"], carrier)
        changes["tracking_number"] = (target.now["tracking_number"], number)
        return {"carrier": carrier, "number": number, "units": units}

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        conflicts = []
        for row in rows:
            try:
                with transaction.atomic():
                    kept = row.kept
                    _ship(
                        int(row.subject), kept["carrier"], kept["number"], kept["units"], by=run.by
                    )
            except Refused as error:
                conflicts.append(Conflict(row.number, row.key, error.message))
        return conflicts

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        waiting = Shop.objects.active().filter(shipments__state=ShipmentState.WANTED).distinct()
        return [FollowUp("send_tracking", shop.pk, f"Send tracking: {shop}") for shop in waiting]


def _ship(order_id: int, carrier: str, number: str, units: str, *, by: str) -> None:
    # The carrier's id is asked for when the number is sent: no call leaves during an import.
    shipping.record_shipment(
        Order.objects.select_related("shop", "channel_order").get(pk=order_id),
        carrier=RemoteCarrier("", carrier),
        tracking_number=number,
        by=by,
        units=int(units) if units else None,
    )


def _one(row: FileRow, orders: Sequence[Order]) -> Order:
    number, sku, slug = row.get("order_id"), row.get("sku"), row.get("merchant")
    found = [
        order
        for order in orders
        if sku in ("", order.seller_sku) and slug in ("", order.merchant.slug)
    ]
    what = f"order {number}{f' with the SKU “{sku}”' if sku else ''}"
    if not found:
        raise CellRefused("order_id", f"There is no {what}.")
    if len({order.channel_order_id for order in found}) > 1:
        raise CellRefused(
            "merchant", f"Several merchants have an {what}: fill in the column “merchant”."
        )
    if len(found) > 1:
        raise CellRefused("sku", f"Order {number} has several SKUs: fill in the column “sku”.")
    return found[0]


def _identity(order: Order) -> dict[str, str]:
    return {
        "order_id": order.external_id,
        "sku": order.seller_sku,
        "merchant": order.merchant.slug,
        "shop": order.shop.name,
    }


def _parcels(order: Order) -> dict[str, str]:
    shipments = _shipments(order)
    return {
        "carrier": ", ".join(dict.fromkeys(one.carrier for one in shipments)),
        "tracking_number": ", ".join(dict.fromkeys(one.tracking_number for one in shipments)),
    }


def _shipments(order: Order) -> list[Shipment]:
    lines = order.lines.all()
    return [line.shipment_line.shipment for line in lines if hasattr(line, "shipment_line")]


def _stored() -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("shipment_line__shipment").order_by("pk")
    rows = Order.objects.select_related("shop", "merchant", "fulfillment_center")
    return rows.prefetch_related(Prefetch("lines", lines))


for kind in (Orders(), Tracking()):
    kinds.register(kind.name, kind)
