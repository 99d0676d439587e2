"""The reasons that the wire knows for cancellations, returns and refusals."""

from __future__ import annotations

from integrations.sandbox.store import Doc

# name, our words
SELLER_UNPAID = (
    ("seller_cancel_unpaid_reason_out_of_stock", "Nothing left to sell"),
    ("seller_cancel_unpaid_reason_wrong_price", "The price was a mistake"),
    ("seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed", "The buyer did not pay"),
    ("seller_cancel_unpaid_reason_buyer_requested_cancellation", "The buyer wants to cancel"),
)
SELLER_PAID = (
    ("seller_cancel_reason_out_of_stock", "Nothing left to sell"),
    ("seller_cancel_reason_wrong_price", "The price was a mistake"),
    ("seller_cancel_paid_reason_address_not_deliver", "The address cannot be served"),
    ("seller_cancel_paid_reason_buyer_requested_cancellation", "The buyer wants to cancel"),
)
BUYER_UNPAID = (
    ("ecom_order_unpaid_canceled_reason_payment_method_not_available", "Cannot pay as wished"),
    ("ecom_order_unpaid_canceled_reason_created_by_mistakes", "Ordered by accident"),
    ("ecom_order_unpaid_canceled_reason_better_price", "Cheaper elsewhere"),
    ("ecom_order_unpaid_canceled_reason_no_longer_needed", "Not needed any more"),
    ("ecom_order_unpaid_canceled_reason_other", "Something else"),
)
BUYER_PAID = (
    ("ecom_order_to_ship_canceled_reason_no_longer_needed", "Not needed any more"),
    ("ecom_order_to_ship_canceled_reason_created_by_mistakes", "Ordered by accident"),
    ("ecom_order_to_ship_canceled_reason_better_price", "Cheaper elsewhere"),
    ("ecom_order_to_ship_canceled_reason_high_delivery_costs", "Shipping costs too much"),
    ("ecom_order_to_ship_canceled_reason_wrong_delivery_info", "The address is wrong"),
    ("ecom_order_to_ship_canceled_reason_change_payment_method", "Wants to pay in another way"),
    ("ecom_order_to_ship_canceled_reason_discount_not_expected", "The discount is not as hoped"),
    ("ecom_order_to_ship_canceled_reason_not_shipped_on_time", "It takes too long"),
    ("ecom_order_to_ship_canceled_reason_forgot_to_apply_coupons", "Forgot a coupon"),
)
SYSTEM = (
    ("system_cancel_unpaid_time_out", "It was not paid in time"),
    ("system_cancel_order_reason_shipping_timeout", "It was not shipped in time"),
    ("system_cancel_order_reason_potential_fraud", "The order looked risky"),
    ("package_lost", "The parcel was lost"),
)
REJECT = (
    ("order_manage_list_action_respond_popup_reject_reason_invalid_cancellation_reason",
     "The reason does not hold"),
    ("order_manage_list_action_respond_popup_reject_reason_delivered", "Delivery is on time"),
    ("order_manage_list_action_respond_popup_reject_reason_buyer_agree", "The buyer agreed"),
    ("seller_reject_apply_product_has_been_packed", "The goods are packed"),
)  # fmt: skip
REJECT_RETURN = (
    ("seller_reject_apply_you_have_reached_an_agreement_with_the_buyer", "The buyer agreed"),
    ("seller_reject_apply_product_has_been_packed", "The goods are packed"),
    ("seller_reject_apply_return_window_is_over", "The time to return is over"),
)
RETURN = (
    ("ecom_order_delivered_refund_reason_missing_product", "Something is missing"),
    ("ecom_order_delivered_refund_and_return_reason_defective", "It does not work"),
    ("ecom_order_delivered_refund_and_return_reason_wrong_product", "Another thing was sent"),
    ("ecom_order_delivered_refund_and_return_reason_no_longer_needed", "Not needed any more"),
)
# British names mostly end in _uk; these few do not.
SAME_IN_GB = {"seller_reject_apply_product_has_been_packed"}
LOCAL_ENDING = {"GB": "_uk"}

Reasons = tuple[tuple[str, str], ...]


def names_of(reasons: Reasons, region: str) -> set[str]:
    """Return the names of reasons as a region has them."""
    return {local_name(name, region) for name, _words in reasons}


def local_name(name: str, region: str) -> str:
    """Return the name of a reason in a region."""
    ending = LOCAL_ENDING.get(region, "")
    return name if name in SAME_IN_GB or name.endswith(ending) else name + ending


def seller_reasons(status: str) -> Reasons:
    """Return the reasons a seller may cancel an order for, by its status."""
    return SELLER_UNPAID if status == "UNPAID" else SELLER_PAID


def buyer_reasons(status: str) -> Reasons:
    """Return the reasons a buyer may cancel an order for, by its status."""
    return BUYER_UNPAID if status == "UNPAID" else BUYER_PAID


def words_of(name: str) -> str:
    """Return a reason in words."""
    plain = name.removesuffix("_uk")
    for group in (SELLER_UNPAID, SELLER_PAID, BUYER_UNPAID, BUYER_PAID, SYSTEM, RETURN):
        for known, words in group:
            if known == plain:
                return words
    return "Other"


def listed(reasons: Reasons, region: str) -> list[Doc]:
    """Return reasons as the wire lists them."""
    return [{"name": local_name(name, region), "text": words} for name, words in reasons]
