"""The states of orders and shipments, and the moves between them, as data."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.states import Machine


class OrderState(TextChoices):
    PENDING = "pending", "Pending"
    UNSHIPPED = "unshipped", "Unshipped"
    PARTIALLY_SHIPPED = "partially_shipped", "Partially shipped"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    COMPLETED = "completed", "Completed"
    CANCELED = "canceled", "Canceled"


_ON_ITS_WAY = {OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED}

order_machine = Machine(
    OrderState,
    {
        # A poll may miss steps, so an order can be seen further along than the next one.
        OrderState.PENDING: {
            OrderState.UNSHIPPED,
            OrderState.PARTIALLY_SHIPPED,
            OrderState.CANCELED,
            *_ON_ITS_WAY,
        },
        OrderState.UNSHIPPED: {OrderState.PARTIALLY_SHIPPED, OrderState.CANCELED, *_ON_ITS_WAY},
        OrderState.PARTIALLY_SHIPPED: {OrderState.CANCELED, *_ON_ITS_WAY},
        # The channel itself cancels what was lost or refused on the way.
        OrderState.SHIPPED: {OrderState.DELIVERED, OrderState.COMPLETED, OrderState.CANCELED},
        OrderState.DELIVERED: {OrderState.COMPLETED},
        OrderState.COMPLETED: set(),
        OrderState.CANCELED: set(),
    },
)


class ShipmentState(TextChoices):
    WANTED = "wanted", "Tracking to be sent"
    HELD = "held", "Held: outbound tracking is off"
    SENDING = "sending", "Sending"
    SENT = "sent", "Tracking sent"
    REFUSED = "refused", "Refused by the channel"


shipment_machine = Machine(
    ShipmentState,
    {
        ShipmentState.WANTED: {ShipmentState.SENDING, ShipmentState.HELD, ShipmentState.SENT},
        ShipmentState.HELD: {ShipmentState.WANTED},
        ShipmentState.SENDING: {
            ShipmentState.SENT,
            ShipmentState.REFUSED,
            ShipmentState.WANTED,
        },
        ShipmentState.REFUSED: {ShipmentState.WANTED, ShipmentState.SENT},
        ShipmentState.SENT: set(),
    },
)
