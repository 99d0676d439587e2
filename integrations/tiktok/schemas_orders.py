"""What TikTok Shop says about orders, parcels, cancellations and returns, as typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integrations.tiktok.fields import Fields
from integrations.tiktok.schemas_payments import PaymentRow

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DistrictRow:
    level: str  # L0 country, L1 state, ... L4
    level_name: str
    name: str
    iso_code: str

    @classmethod
    def parse(cls, row: Fields) -> DistrictRow:
        return cls(
            level=row.text("address_level", ""),
            level_name=row.text("address_level_name", ""),
            name=row.text("address_name", ""),
            iso_code=row.text("iso_code", ""),
        )


@dataclass(frozen=True, slots=True)
class AddressRow:
    name: str
    phone: str
    region_code: str
    postal_code: str
    full_address: str
    lines: tuple[str, ...]
    post_town: str
    districts: tuple[DistrictRow, ...]
    drop_off: str

    @classmethod
    def parse(cls, row: Fields) -> AddressRow:
        lines = (row.text(f"address_line{number}", "").strip() for number in (1, 2, 3, 4))
        return cls(
            name=row.text("name", "").strip(),
            phone=row.text("phone_number", ""),
            region_code=row.text("region_code", ""),
            postal_code=row.text("postal_code", ""),
            full_address=row.text("full_address", ""),
            lines=tuple(line for line in lines if line) or (row.text("address_detail", ""),),
            post_town=row.text("post_town", ""),
            districts=tuple(map(DistrictRow.parse, row.rows("district_info"))),
            drop_off=row.part_or_empty("delivery_preferences").text("drop_off_location", ""),
        )


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of one SKU: the channel has a line for each and no quantity."""

    id: str
    product_id: str
    product_name: str
    sku_id: str
    sku_name: str
    seller_sku: str
    price: Decimal
    original_price: Decimal
    seller_discount: Decimal
    platform_discount: Decimal
    currency: str
    tax: Decimal
    status: str
    package_id: str
    tracking_number: str
    provider_id: str
    provider_name: str
    cancel_reason: str
    is_gift: bool

    @classmethod
    def parse(cls, row: Fields) -> UnitRow:
        taxes = (tax.amount("tax_amount", ZERO) for tax in row.rows("item_tax"))
        price = row.amount("sale_price", ZERO)
        return cls(
            id=row.text("id"),
            product_id=row.text("product_id", ""),
            product_name=row.text("product_name", ""),
            sku_id=row.text("sku_id"),
            sku_name=row.text("sku_name", ""),
            seller_sku=row.text("seller_sku", ""),
            price=price,
            original_price=row.amount("original_price", price),
            seller_discount=row.amount("seller_discount", ZERO),
            platform_discount=row.amount("platform_discount", ZERO),
            currency=row.text("currency", ""),
            tax=sum(taxes, ZERO),
            status=row.text("display_status", ""),
            package_id=row.text("package_id", ""),
            tracking_number=row.text("tracking_number", ""),
            provider_id=row.text("shipping_provider_id", ""),
            provider_name=row.text("shipping_provider_name", ""),
            cancel_reason=row.text("cancel_reason", ""),
            is_gift=row.flag("is_gift"),
        )


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: str
    status: str
    created_at: datetime
    updated_at: datetime
    paid_at: datetime | None
    ship_by: datetime | None
    auto_cancel_at: datetime | None
    canceled_at: datetime | None
    cancel_reason: str
    canceled_by: str
    cancel_requested: bool
    on_hold: bool
    order_type: str
    fulfillment_type: str
    shipping_type: str
    delivery_option_id: str
    delivery_option_name: str
    warehouse_id: str
    is_sample: bool
    is_replacement: bool
    buyer_email: str
    buyer_message: str
    buyer_nickname: str
    package_ids: tuple[str, ...]
    payment: PaymentRow
    address: AddressRow | None
    units: tuple[UnitRow, ...]

    @classmethod
    def parse(cls, row: Fields) -> OrderRow:
        return cls(
            id=row.text("id"),
            status=row.text("status"),
            created_at=row.moment("create_time"),
            updated_at=row.moment("update_time"),
            paid_at=row.moment_or_none("paid_time"),
            ship_by=_first_moment(row, "rts_sla_time", "shipping_due_time", "tts_sla_time"),
            auto_cancel_at=row.moment_or_none("cancel_order_sla_time"),
            canceled_at=row.moment_or_none("cancel_time"),
            cancel_reason=row.text("cancel_reason", ""),
            canceled_by=row.text("cancellation_initiator", ""),
            cancel_requested=row.flag("is_buyer_request_cancel"),
            on_hold=row.flag("is_on_hold_order"),
            order_type=row.text("order_type", ""),
            fulfillment_type=row.text("fulfillment_type", ""),
            shipping_type=row.text("shipping_type", ""),
            delivery_option_id=row.text("delivery_option_id", ""),
            delivery_option_name=row.text("delivery_option_name", ""),
            warehouse_id=row.text("warehouse_id", ""),
            is_sample=row.flag("is_sample_order"),
            is_replacement=row.flag("is_replacement_order"),
            buyer_email=row.text("buyer_email", ""),
            buyer_message=row.text("buyer_message", ""),
            buyer_nickname=row.text("buyer_nickname", ""),
            package_ids=tuple(package.text("id") for package in row.rows("packages")),
            payment=PaymentRow.parse(row.part("payment")),
            address=_address(row),
            units=tuple(map(UnitRow.parse, row.rows("line_items"))),
        )


def _first_moment(row: Fields, *names: str) -> datetime | None:
    moments = (row.moment_or_none(name) for name in names)
    return next((moment for moment in moments if moment), None)


def _address(row: Fields) -> AddressRow | None:
    address = row.part_or_empty("recipient_address")
    return AddressRow.parse(address) if address.content else None


@dataclass(frozen=True, slots=True)
class MarkedShippedRow:
    package_id: str
    unit_ids: tuple[str, ...]
    warning: str

    @classmethod
    def parse(cls, row: Fields) -> MarkedShippedRow:
        return cls(
            package_id=row.text("package_id", ""),
            unit_ids=row.texts("order_line_item_ids"),
            warning=row.part_or_empty("warning").text("message", ""),
        )


@dataclass(frozen=True, slots=True)
class PackageRow:
    id: str
    status: str
    shipping_type: str
    provider_id: str
    provider_name: str
    tracking_number: str
    unit_ids: tuple[str, ...]
    order_ids: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> PackageRow:
        # A search calls the same things `id` and `status`.
        return cls(
            id=row.text("package_id", row.text("id", "")),
            status=row.text("package_status", row.text("status", "")),
            shipping_type=row.text("shipping_type", ""),
            provider_id=row.text("shipping_provider_id", ""),
            provider_name=row.text("shipping_provider_name", ""),
            tracking_number=row.text("tracking_number", ""),
            unit_ids=row.texts("order_line_item_ids"),
            order_ids=tuple(order.text("id") for order in row.rows("orders")),
        )


@dataclass(frozen=True, slots=True)
class NextActionRow:
    """What the seller is expected to do, and until when."""

    action: str
    deadline: datetime | None

    @classmethod
    def parse(cls, row: Fields) -> NextActionRow:
        return cls(row.text("action", ""), row.moment_or_none("deadline"))


@dataclass(frozen=True, slots=True)
class CancellationRow:
    id: str
    order_id: str
    kind: str
    status: str
    role: str
    reason: str
    reason_text: str
    next_actions: tuple[NextActionRow, ...]
    unit_ids: tuple[str, ...]
    refund_total: Decimal
    currency: str
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def parse(cls, row: Fields) -> CancellationRow:
        refund = row.part_or_empty("refund_amount")
        items = row.rows("cancel_line_items")
        return cls(
            id=row.text("cancel_id"),
            order_id=row.text("order_id"),
            kind=row.text("cancel_type", ""),
            status=_one_spelling(row.text("cancel_status", "")),
            role=row.text("role", ""),
            reason=row.text("cancel_reason", ""),
            reason_text=row.text("cancel_reason_text", ""),
            next_actions=tuple(map(NextActionRow.parse, row.rows("seller_next_action_response"))),
            unit_ids=tuple(item.text("order_line_item_id", "") for item in items),
            refund_total=refund.amount("refund_total", ZERO),
            currency=refund.text("currency", ""),
            created_at=row.moment_or_none("create_time"),
            updated_at=row.moment_or_none("update_time"),
        )


def _one_spelling(status: str) -> str:
    """The channel writes both CANCEL and CANCELLED for a withdrawn request."""
    return status.removesuffix("LED") if status.endswith("_CANCELLED") else status


@dataclass(frozen=True, slots=True)
class StartedRow:
    """A cancellation that the seller began."""

    id: str
    status: str

    @classmethod
    def parse(cls, row: Fields) -> StartedRow:
        return cls(row.text("cancel_id"), _one_spelling(row.text("cancel_status", "")))


@dataclass(frozen=True, slots=True)
class ReturnUnitRow:
    id: str
    unit_id: str
    seller_sku: str
    product_name: str
    refund_total: Decimal
    currency: str

    @classmethod
    def parse(cls, row: Fields) -> ReturnUnitRow:
        refund = row.part_or_empty("refund_amount")
        return cls(
            id=row.text("return_line_item_id", ""),
            unit_id=row.text("order_line_item_id", ""),
            seller_sku=row.text("seller_sku", ""),
            product_name=row.text("product_name", ""),
            refund_total=refund.amount("refund_total", ZERO),
            currency=refund.text("currency", ""),
        )


@dataclass(frozen=True, slots=True)
class ReturnRow:
    id: str
    order_id: str
    kind: str
    status: str
    role: str
    reason: str
    reason_text: str
    tracking_number: str
    provider_name: str
    next_actions: tuple[NextActionRow, ...]
    units: tuple[ReturnUnitRow, ...]
    refund_total: Decimal
    currency: str
    created_at: datetime | None
    updated_at: datetime | None

    @property
    def unit_ids(self) -> tuple[str, ...]:
        return tuple(unit.unit_id for unit in self.units)

    @classmethod
    def parse(cls, row: Fields) -> ReturnRow:
        refund = row.part_or_empty("refund_amount")
        return cls(
            id=row.text("return_id"),
            order_id=row.text("order_id"),
            kind=row.text("return_type", ""),
            status=row.text("return_status", ""),
            role=row.text("role", ""),
            reason=row.text("return_reason", ""),
            reason_text=row.text("return_reason_text", ""),
            tracking_number=row.text("return_tracking_number", ""),
            provider_name=row.text("return_provider_name", ""),
            next_actions=tuple(map(NextActionRow.parse, row.rows("seller_next_action_response"))),
            units=tuple(map(ReturnUnitRow.parse, row.rows("return_line_items"))),
            refund_total=refund.amount("refund_total", ZERO),
            currency=refund.text("currency", ""),
            created_at=row.moment_or_none("create_time"),
            updated_at=row.moment_or_none("update_time"),
        )


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason the channel accepts: its name, and its words for people."""

    name: str
    text: str

    @classmethod
    def parse(cls, row: Fields) -> ReasonRow:
        return cls(row.text("name"), row.text("text", ""))


@dataclass(frozen=True, slots=True)
class EligibilityRow:
    """Whether a kind of request is possible for some units of one SKU."""

    sku_id: str
    request_type: str
    is_eligible: bool
    reason: str
    unit_ids: tuple[str, ...]

    @classmethod
    def parse_all(cls, answer: Fields) -> list[EligibilityRow]:
        return [
            cls(
                sku_id=sku.text("sku_id"),
                request_type=item.text("request_type", ""),
                is_eligible=item.flag("eligible"),
                reason=item.text("ineligible_reason", ""),
                unit_ids=item.texts("order_line_items_ids"),
            )
            for sku in answer.rows("sku_eligibility")
            for item in sku.rows("line_item_eligibility")
        ]
