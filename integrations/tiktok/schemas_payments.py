"""What TikTok Shop says about the money of an order, as a typed row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from integrations.tiktok.fields import Fields

ZERO = Decimal(0)

#: What a buyer pays beside items, shipping and tax; which of them there are depends on the market.
FEES = (
    "retail_delivery_fee",
    "buyer_service_fee",
    "handling_fee",
    "small_order_fee",
    "shipping_insurance_fee",
    "item_insurance_fee",
)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    currency: str
    sub_total: Decimal
    shipping_fee: Decimal
    seller_discount: Decimal
    platform_discount: Decimal
    tax: Decimal
    total: Decimal
    fees: Decimal
    list_total: Decimal | None
    shipping_list: Decimal | None
    shipping_seller_discount: Decimal
    shipping_platform_discount: Decimal
    shipping_cofunded_discount: Decimal
    shipping_tax: Decimal

    @classmethod
    def parse(cls, row: Fields) -> PaymentRow:
        def stated(name: str) -> Decimal | None:
            return row.amount(name, ZERO) if row.has(name) else None

        return cls(
            currency=row.text("currency"),
            sub_total=row.amount("sub_total", ZERO),
            shipping_fee=row.amount("shipping_fee", ZERO),
            seller_discount=row.amount("seller_discount", ZERO),
            platform_discount=row.amount("platform_discount", ZERO),
            tax=row.amount("tax", ZERO),
            total=row.amount("total_amount"),
            fees=sum((row.amount(name, ZERO) for name in FEES), ZERO),
            list_total=stated("original_total_product_price"),
            shipping_list=stated("original_shipping_fee"),
            shipping_seller_discount=row.amount("shipping_fee_seller_discount", ZERO),
            shipping_platform_discount=row.amount("shipping_fee_platform_discount", ZERO),
            shipping_cofunded_discount=row.amount("shipping_fee_cofunded_discount", ZERO),
            shipping_tax=row.amount("shipping_fee_tax", ZERO),
        )
