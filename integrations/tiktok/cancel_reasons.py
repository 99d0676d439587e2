"""The reasons for which a seller may cancel a paid order, by market: TikTok Shop lists them only
in its documents, not by a call."""

from __future__ import annotations

from orders.ports_aftersale import RemoteReason

_OUT_OF_STOCK = ("seller_cancel_reason_out_of_stock", "Out of stock")
_PRICE = ("seller_cancel_reason_wrong_price", "Pricing error")
_ADDRESS = ("seller_cancel_paid_reason_address_not_deliver", "Unable to deliver to buyer address")
_BUYER = (
    "seller_cancel_paid_reason_buyer_requested_cancellation",
    "Buyer requested cancellation",
)
_RISK = (
    "seller_cancel_order_reason_potential_fraud",
    "Order with high chance of cancellation or refund",
)
#: Taken back in these markets in August 2025.
_WITHOUT_ADDRESS = (_OUT_OF_STOCK, _PRICE)

_EUROPE = (_OUT_OF_STOCK, _PRICE, _ADDRESS, _BUYER)
_BY_REGION = {
    "US": (_OUT_OF_STOCK, _PRICE, _ADDRESS, _BUYER),
    "GB": tuple((f"{name}_uk", words) for name, words in (_OUT_OF_STOCK, _PRICE, _ADDRESS)),
    "ID": _WITHOUT_ADDRESS,
    "MY": _WITHOUT_ADDRESS,
    "PH": (*_WITHOUT_ADDRESS, _BUYER),
    "SG": (
        _OUT_OF_STOCK,
        _PRICE,
        ("seller_cancel_unable_to_deliver_to_buyer_address", _ADDRESS[1]),
    ),
    "TH": _WITHOUT_ADDRESS,
    "VN": _WITHOUT_ADDRESS,
    "MX": (_OUT_OF_STOCK, _BUYER, _ADDRESS),
    "BR": (_OUT_OF_STOCK, _BUYER, _ADDRESS),
    "JP": (_OUT_OF_STOCK, _PRICE, _BUYER, _ADDRESS, _RISK),
    **dict.fromkeys(("DE", "FR", "IT", "ES", "IE"), _EUROPE),
}
_ELSEWHERE = (_OUT_OF_STOCK, _PRICE)
#: Only here, and only for want of stock, may single units be canceled.
_CANCELS_UNITS = ("US", "GB")


def seller_reasons(region: str) -> list[RemoteReason]:
    """Return the reasons of a market, and whether each may name single units."""
    return [
        RemoteReason(name, words, region in _CANCELS_UNITS and _OUT_OF_STOCK[0] in name)
        for name, words in _BY_REGION.get(region, _ELSEWHERE)
    ]
