"""One order each: two parcels, a cancellation granted and one not, TikTok's label, a return."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from catalog.models import StockMovement
from demo.looking import ORDERS, Looking
from demo.steps import Figures, expect, wait_until
from orders.models import CancellationRequest, ChannelOrder, Label, ReturnLine, ReturnRequest
from orders.states import LabelState, OrderState, ReturnState

CANCELLATIONS, RETURNS = "/admin/orders/cancellationrequest/", "/admin/orders/returnrequest/"
ANSWER = "POST /return_refund/202309/cancellations/{cancel_id}/"
BUY_LABEL = "POST /fulfillment/202309/packages"
FIRST_NUMBER, SECOND_NUMBER = "9400111899223856930010", "9400111899223856930027"


class AfterSale(Looking):
    """What happens to an order after it was sold, done by people in the admin."""

    # -- two parcels ---------------------------------------------------------------------------

    def in_two_parcels(self) -> Figures:
        """One unit of three leaves first: partially shipped there and here; then the others."""
        first, second = self.on_sale(2)
        order = self.place({first: 2, second: 1}, hold=False)
        self.wait_for([order], OrderState.UNSHIPPED, parts=2)
        ours = self.parts(order).get(variant=first.variant)
        both = list(self.parts(order).values_list("pk", flat=True))
        carrier = self.carrier(ours)
        self._ship([ours.pk], carrier, FIRST_NUMBER, units="1")
        self._wait_until_there(order, "PARTIALLY_SHIPPING")
        self.read_orders()
        head = ChannelOrder.objects.filter(shop=self.day.shop, external_id=order)
        wait_until(
            "it is partially shipped here", lambda: head.get().raw_status == "PARTIALLY_SHIPPING"
        )
        between = self.states([order])
        wanted = {"Partially shipped": 1, "Unshipped": 1}
        expect("one part has begun and one has not", between == wanted)
        expect("one unit has left", self.reserved_and_gone([order]) == (2, 1))
        self._ship(both, carrier, SECOND_NUMBER)
        self._wait_until_there(order, "AWAITING_COLLECTION")
        self.wait_for([order], OrderState.SHIPPED, parts=2)
        shown = self.sandbox.order(order)
        numbers = [one["shipments"][0]["tracking_number"] for one in shown["packages"]]
        expect("each parcel has its number", sorted(numbers) == [FIRST_NUMBER, SECOND_NUMBER])
        expect("each number was sent once", shown["ship_calls"] == 2)
        expect("all three units have left", self.reserved_and_gone([order]) == (0, 3))
        return {
            "after the first parcel": between,
            "after the second": self.states([order]),
            "numbers at TikTok": numbers,
            "ship calls": shown["ship_calls"],
        }

    def _ship(self, ids: list[int], carrier: str, number: str, **units: Any) -> None:
        self.day.admin.act(
            ORDERS, "enter_tracking", ids, carrier=carrier, tracking_number=number, **units
        )

    def _wait_until_there(self, order: str, status: str) -> None:
        wait_until(
            f"the order is {status} at TikTok",
            lambda: self.sandbox.order(order)["status"] == status,
        )

    # -- two buyers ask to cancel --------------------------------------------------------------

    def answer_cancellations(self) -> Figures:
        """One request is approved and one declined on the admin's page, with one call each."""
        first, second = self.on_sale(4)[2:]
        granted, refused = (self.place({offer: 1}, hold=False) for offer in (first, second))
        self.wait_for([granted, refused], OrderState.UNSHIPPED, parts=2)
        expect("both are reserved", self.reserved_and_gone([granted, refused]) == (2, 0))
        calls = {verb: self.calls(ANSWER + verb) for verb in ("approve", "reject")}
        for order in (granted, refused):
            self.sandbox.post(f"/orders/{order}/cancel")
        asked = self._to_answer([granted, refused])
        wait_until("both requests are here", lambda: asked.count() == 2)
        rows = {row.order_external_id: row for row in asked.all()}
        self.day.admin.act(CANCELLATIONS, "approve_cancellation", [rows[granted].pk])
        reason = self._decline(rows[refused].pk)
        self.wait_for([granted], OrderState.CANCELED, parts=1)
        goes_on = self.parts(refused).filter(cancel_requested=False, state=OrderState.UNSHIPPED)
        wait_until("the other order goes on", goes_on.exists)
        wait_until("nothing is to be answered", lambda: not asked.exists())
        made = {verb: self.calls(ANSWER + verb) - before for verb, before in calls.items()}
        expect("each answer was told once", made == {"approve": 1, "reject": 1})
        released = self.movements("release", [granted])
        expect("the unit of one came back once", [row.reserved for row in released] == [-1])
        expect("the unit of the other is held", self.reserved_and_gone([refused]) == (1, 0))
        return {
            "approve calls": made["approve"],
            "decline calls": made["reject"],
            "declined because": reason,
            "at TikTok": [self.sandbox.order(order)["status"] for order in (granted, refused)],
            "units released": [-sum(row.reserved for row in released), 0],
        }

    def _to_answer(self, orders: list[str]) -> QuerySet[CancellationRequest]:
        rows = CancellationRequest.objects.to_answer()
        return rows.filter(shop=self.day.shop, order_external_id__in=orders)

    def _decline(self, pk: int) -> str:
        """Decline with the first of the reasons that the form offers; return its words."""
        self.day.admin.act(CANCELLATIONS, "decline_cancellation", [pk], only_open=True)
        options = self.day.admin.window.page.select('select[name="reason"] option')
        chosen = next(option for option in options if option["value"])
        self.day.admin.act(CANCELLATIONS, "decline_cancellation", [pk], reason=chosen["value"])
        return str(chosen.get_text(strip=True))

    # -- TikTok ships --------------------------------------------------------------------------

    def tiktok_ships(self) -> Figures:
        """An order with TikTok's shipping: its label is bought here, its parcel is followed."""
        (offer,) = self.on_sale(5)[4:]
        self.delivered = order = self.place({offer: 1}, hold=False, shipping_type="TIKTOK")
        self.wait_for([order], OrderState.UNSHIPPED, parts=1)
        part = self.parts(order).get()
        self.day.admin.act(ORDERS, "enter_tracking", [part.pk], only_open=True)
        why = next((said for said in self.day.admin.messages() if "abel" in said), "")
        expect("a number of one's own is refused with the reason", bool(why))
        bought = self.calls(BUY_LABEL)
        self.day.admin.act(ORDERS, "get_label", [part.pk], weight="1.2", weight_unit="POUND")
        labels = Label.objects.filter(channel_order=part.channel_order)
        wait_until("the label is bought", labels.filter(state=LabelState.BOUGHT).exists)
        self.wait_for([order], OrderState.SHIPPED, parts=1)
        expect("it was bought once", self.calls(BUY_LABEL) - bought == 1)
        file = self.day.directory / "label.pdf"
        self.day.admin.download(f"/admin/orders/label/{labels.get().pk}/document/", file)
        expect("the document can be printed", file.read_bytes().startswith(b"%PDF"))
        seen = [self.sandbox.post(f"/orders/{order}/{verb}")["status"] for verb in CARRIED]
        self.wait_for([order], OrderState.DELIVERED, parts=1)
        expect("the unit has left once", self.reserved_and_gone([order]) == (0, 1))
        expect("nothing is left to see to", not part.attentions.filter(resolved_at=None).exists())
        label = labels.get()
        return {
            "own number refused": why,
            "label": f"{label.service}, {label.price} {label.currency}",
            "label calls": 1,
            "carried": seen,
            "here": self.states([order]),
        }

    # -- it comes back -------------------------------------------------------------------------

    def comes_back(self) -> Figures:
        """The buyer returns it; the unit is back in stock only when it was received, and once."""
        asked = self.sandbox.post(f"/orders/{self.delivered}/return")["return_id"]
        rows = ReturnRequest.objects.filter(shop=self.day.shop, external_id=asked)
        wait_until("the request is here", rows.exists)
        row = rows.get()
        self.day.admin.act(RETURNS, "approve_return", [row.pk])
        wait_until("the buyer is to send it", rows.filter(state=ReturnState.AWAITING_BUYER).exists)
        self.sandbox.post(f"/returns/{asked}/send")
        wait_until("it is on its way back", rows.filter(state=ReturnState.SENT_BACK).exists)
        line = ReturnLine.objects.select_related("order_line__order__variant").get(
            return_request=row
        )
        assert line.order_line
        assert line.order_line.order.variant
        variant = line.order_line.order.variant
        before = self.available(variant)
        condition: dict[str, Any] = {f"line_{line.pk}": "sellable"}
        self.day.admin.act(RETURNS, "receive_return", [row.pk], **condition)
        expect("one more is available", self.available(variant) == before + 1)
        self.day.admin.act(RETURNS, "receive_return", [row.pk], only_open=True)
        again = " ".join(self.day.admin.messages())
        expect("it cannot be received again", "Every unit of this return was received" in again)
        booked = StockMovement.objects.filter(variant=variant, kind="return").order_by("-pk")
        expect("it was booked once", booked.count() == 1)
        self.day.admin.act(RETURNS, "approve_return", [row.pk])
        done = [ReturnState.APPROVED, ReturnState.COMPLETED]
        wait_until("the buyer gets the money", rows.filter(state__in=done).exists)
        return {
            "available before and after": [before, self.available(variant)],
            "ledger": str(booked[0]),
            "state": rows.get().get_state_display(),
        }


#: What the carrier does, in its order.
CARRIED = ("transit", "deliver")
