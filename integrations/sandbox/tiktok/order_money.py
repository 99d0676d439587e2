"""What a buyer pays: prices, discounts, shipping and tax of an order, by the published formulas."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from integrations.sandbox.store import Doc

CENT = Decimal("0.01")
ZERO = Decimal(0)
# American prices come without sales tax; elsewhere it is in the price already.
TAX_RATES = {"US": Decimal("0.0825")}
SHIPPING = Decimal("4.99")


def text(amount: Decimal) -> str:
    """Return an amount as the wire writes it: a plain zero for nothing."""
    return "0" if amount == 0 else str(amount.quantize(CENT, ROUND_HALF_UP))


def amount_of(value: object) -> Decimal:
    """Return a wish for an amount, whole cents."""
    return Decimal(str(value or 0)).quantize(CENT, ROUND_HALF_UP)


def spread(total: Decimal, count: int) -> list[Decimal]:
    """Share an amount evenly; the first shares carry the cents that do not divide."""
    cents, left = divmod(int(total / CENT), count)
    return [CENT * (cents + (1 if index < left else 0)) for index in range(count)]


def price_lines(lines: list[Doc], wishes: Doc, region: str) -> None:
    """Fill in what each line costs; discounts are shared by all lines."""
    free = bool(wishes.get("is_sample_order") or wishes.get("is_zero_price"))
    rate = ZERO if free else TAX_RATES.get(region, ZERO)
    seller = spread(ZERO if free else amount_of(wishes.get("seller_discount")), len(lines))
    platform = spread(ZERO if free else amount_of(wishes.get("platform_discount")), len(lines))
    for line, by_seller, by_platform in zip(lines, seller, platform, strict=True):
        original = ZERO if free else Decimal(line["original_price"]).quantize(CENT)
        by_seller = min(by_seller, original)
        by_platform = min(by_platform, original - by_seller)
        sale = original - by_seller - by_platform
        line["original_price"] = text(original)
        line["sale_price"] = text(sale)
        line["seller_discount"] = text(by_seller)
        line["platform_discount"] = text(by_platform)
        if rate:
            tax = (sale * rate).quantize(CENT, ROUND_HALF_UP)
            line["item_tax"] = [
                {"tax_type": "SALES_TAX", "tax_amount": text(tax), "tax_rate": str(rate)}
            ]


def line_tax(line: Doc) -> Decimal:
    """Return the tax on one line."""
    return sum((Decimal(tax["tax_amount"]) for tax in line.get("item_tax", [])), ZERO)


def total_of(lines: list[Doc], field: str) -> Decimal:
    """Add up one amount over lines."""
    return sum((Decimal(line[field]) for line in lines), ZERO)


def payment_of(lines: list[Doc], wishes: Doc, currency: str) -> Doc:
    """Return the payment block of an order with these priced lines."""
    free = bool(wishes.get("is_sample_order") or wishes.get("is_zero_price"))
    original = total_of(lines, "original_price")
    by_seller = total_of(lines, "seller_discount")
    by_platform = total_of(lines, "platform_discount")
    sub_total = original - by_seller - by_platform
    wished = wishes.get("shipping_fee")
    shipping = ZERO if free else SHIPPING if wished is None else amount_of(wished)
    off_seller = min(amount_of(wishes.get("shipping_seller_discount")), shipping)
    off_platform = min(amount_of(wishes.get("shipping_platform_discount")), shipping - off_seller)
    shipping_paid = shipping - off_seller - off_platform
    tax = sum((line_tax(line) for line in lines), ZERO)
    amounts = {
        "sub_total": sub_total,
        "shipping_fee": shipping_paid,
        "seller_discount": by_seller,
        "platform_discount": by_platform,
        "total_amount": sub_total + shipping_paid + tax,
        "original_total_product_price": original,
        "original_shipping_fee": shipping,
        "shipping_fee_seller_discount": off_seller,
        "shipping_fee_platform_discount": off_platform,
        "shipping_fee_cofunded_discount": ZERO,
        "tax": tax,
        "product_tax": tax,
        "shipping_fee_tax": ZERO,
        "retail_delivery_fee": ZERO,
        "buyer_service_fee": ZERO,
        "handling_fee": ZERO,
    }
    return {"currency": currency, **{name: text(amount) for name, amount in amounts.items()}}


def refund_of(lines: list[Doc], currency: str, shipping: Decimal = ZERO) -> Doc:
    """Return what a buyer gets back for lines, and for shipping where all of it is undone."""
    sub_total, tax = total_of(lines, "sale_price"), sum((line_tax(line) for line in lines), ZERO)
    return {
        "currency": currency,
        "refund_total": text(sub_total + tax + shipping),
        "refund_subtotal": text(sub_total),
        "refund_shipping_fee": text(shipping),
        "refund_tax": text(tax),
        "retail_delivery_fee": "0",
        "buyer_service_fee": "0",
    }


def price_detail(order: Doc) -> Doc:
    """Return the price breakdown of an order and of each of its lines."""
    payment = order["payment"]
    lines = order["line_items"]
    shares = {
        name: spread(Decimal(payment[name]), len(lines))
        for name in (
            "original_shipping_fee",
            "shipping_fee",
            "shipping_fee_seller_discount",
            "shipping_fee_platform_discount",
        )
    }
    rows = []
    for index, line in enumerate(lines):
        row = _breakdown([line], {name: share[index] for name, share in shares.items()})
        rows.append({"id": line["id"], **row, "cod_fee_amount": "0"})
    whole = _breakdown(lines, {name: Decimal(payment[name]) for name in shares})
    return {**whole, "cod_fee_net_amount": "0", "line_items": rows}


def _breakdown(lines: list[Doc], shipping: dict[str, Decimal]) -> Doc:
    sale, tax = total_of(lines, "sale_price"), sum((line_tax(line) for line in lines), ZERO)
    total = sale + tax + shipping["shipping_fee"]
    rates = [row["tax_rate"] for line in lines for row in line.get("item_tax", [])]
    amounts = {
        "total": total,
        "payment": total,
        "sku_list_price": total_of(lines, "original_price"),
        "sku_sale_price": sale,
        "subtotal": sale,
        "subtotal_deduction_seller": total_of(lines, "seller_discount"),
        "subtotal_deduction_platform": total_of(lines, "platform_discount"),
        "subtotal_tax_amount": tax,
        "shipping_list_price": shipping["original_shipping_fee"],
        "shipping_sale_price": shipping["shipping_fee"],
        "shipping_fee_deduction_seller": shipping["shipping_fee_seller_discount"],
        "shipping_fee_deduction_platform": shipping["shipping_fee_platform_discount"],
        "tax_amount": tax,
        "net_price_amount": sale,
        "cod_fee": ZERO,
    }
    named = {name: text(amount) for name, amount in amounts.items()}
    return {"currency": lines[0]["currency"], **named, "tax_rate": rates[0] if rates else "0"}
