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


class LabelState(TextChoices):
    WANTED = "wanted", "To be bought"
    BUYING = "buying", "Being bought"
    BOUGHT = "bought", "Bought"
    REFUSED = "refused", "Refused by the channel"


label_machine = Machine(
    LabelState,
    {
        LabelState.WANTED: {LabelState.BUYING},
        LabelState.BUYING: {LabelState.BOUGHT, LabelState.REFUSED, LabelState.WANTED},
        LabelState.REFUSED: {LabelState.WANTED},
        LabelState.BOUGHT: set(),
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
        ShipmentState.HELD: {ShipmentState.WANTED, ShipmentState.SENT},
        ShipmentState.SENDING: {
            ShipmentState.SENT,
            ShipmentState.REFUSED,
            ShipmentState.WANTED,
        },
        ShipmentState.REFUSED: {ShipmentState.WANTED, ShipmentState.HELD, ShipmentState.SENT},
        # A number that the channel has may be corrected there.
        ShipmentState.SENT: {ShipmentState.WANTED, ShipmentState.HELD},
    },
)


class CancellationState(TextChoices):
    REQUESTED = "requested", "Waits for an answer"
    APPROVED = "approved", "Canceled, refund under way"
    COMPLETED = "completed", "Canceled and refunded"
    DECLINED = "declined", "Declined"
    CLOSED = "closed", "Closed, the order goes on"


cancellation_machine = Machine(
    CancellationState,
    {
        CancellationState.REQUESTED: {
            CancellationState.APPROVED,
            CancellationState.COMPLETED,
            CancellationState.DECLINED,
            CancellationState.CLOSED,
        },
        CancellationState.APPROVED: {CancellationState.COMPLETED, CancellationState.CLOSED},
        # What seemed closed may have been canceled after all: the channel has the last word.
        CancellationState.DECLINED: {CancellationState.APPROVED, CancellationState.COMPLETED},
        CancellationState.CLOSED: {CancellationState.APPROVED, CancellationState.COMPLETED},
        CancellationState.COMPLETED: set(),
    },
)


class ReturnState(TextChoices):
    REQUESTED = "requested", "Waits for an answer"
    AWAITING_BUYER = "awaiting_buyer", "Buyer is to send it back"
    SENT_BACK = "sent_back", "On its way back"
    APPROVED = "approved", "Approved, refund under way"
    COMPLETED = "completed", "Completed"
    DECLINED = "declined", "Declined"
    PARCEL_DECLINED = "parcel_declined", "Parcel declined"
    CLOSED = "closed", "Withdrawn"
    UNKNOWN = "unknown", "See the channel"


#: The channel leads a return and its support may overrule either side, so any step can be seen.
return_machine = Machine(
    ReturnState,
    {
        old: set() if old == ReturnState.COMPLETED else set(ReturnState) - {old}
        for old in ReturnState
    },
)


class DecisionState(TextChoices):
    WANTED = "wanted", "To be told to the channel"
    SENDING = "sending", "Being told to the channel"
    SENT = "sent", "Told to the channel"
    REFUSED = "refused", "Refused by the channel"


decision_machine = Machine(
    DecisionState,
    {
        DecisionState.WANTED: {DecisionState.SENDING},
        DecisionState.SENDING: {
            DecisionState.SENT,
            DecisionState.REFUSED,
            DecisionState.WANTED,
        },
        DecisionState.SENT: set(),
        DecisionState.REFUSED: set(),
    },
)
