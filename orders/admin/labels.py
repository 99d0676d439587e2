"""The colors of orders and shipments; the word always stands beside the color."""

from __future__ import annotations

from marketplace.kernel.admin import colors
from orders.deadlines import Standing
from orders.states import LabelState, OrderState, ShipmentState

ORDER_LABELS = colors(
    OrderState,
    {
        OrderState.PENDING: "warning",
        OrderState.UNSHIPPED: "info",
        OrderState.PARTIALLY_SHIPPED: "info",
        OrderState.SHIPPED: "success",
        OrderState.DELIVERED: "success",
        OrderState.COMPLETED: "success",
        OrderState.CANCELED: "danger",
    },
)
SHIPMENT_LABELS = colors(
    ShipmentState,
    {
        ShipmentState.WANTED: "info",
        ShipmentState.SENDING: "info",
        ShipmentState.HELD: "warning",
        ShipmentState.SENT: "success",
        ShipmentState.REFUSED: "danger",
    },
)
LABEL_LABELS = colors(
    LabelState,
    {
        LabelState.WANTED: "info",
        LabelState.BUYING: "info",
        LabelState.BOUGHT: "success",
        LabelState.REFUSED: "danger",
    },
)
DUE_LABELS = colors(
    Standing,
    {
        Standing.LATE: "danger",
        Standing.DUE_SOON: "warning",
        Standing.ON_TIME: "success",
    },
)
