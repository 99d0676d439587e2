"""Quantities by rule, switches that hold everything back, and what the channel only claimed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from catalog.models import Drift, DriftCause, Offer, OfferStock, StockLevel, Tag
from catalog.states import ListingState
from catalog.tasks import tick_compare
from demo.looking import SHOPS, VARIANTS, Looking
from demo.steps import Figures, expect, wait_until
from marketplace.kernel.models import Job, JobState

RULES, DRIFTS = "/admin/catalog/quantityrule/", "/admin/catalog/drift/"
OFFERS = "/admin/catalog/offer/"
UPDATE_UNITS = "POST /product/202309/products/{product_id}/inventory/update"
UPDATE_PRICES = "POST /product/202309/products/{product_id}/prices/update"
TAG, PERCENT, BUFFER = "Hats", 80, 2
WHILE_OFF = 3
TOTALS = re.compile(
    r"([\d,]+) units shown now, ([\d,]+) with the rule; ([\d,]+) of ([\d,]+) quantities"
)


class Proof(Looking):
    """What is wanted, sent and shown, told by the sandbox's own figures."""

    # -- a rule of quantities ------------------------------------------------------------------

    def rule_for_a_tag(self) -> Figures:
        """80 % less 2 for a tag: looked at first, saved on the page, shown by the sandbox."""
        tag = Tag.objects.get(merchant=self.day.merchant, name=TAG)
        before = self._wanted(tag)
        expected = {pk: self._by_rule(row) for pk, row in self._rows(tag).items()}
        foreseen = self._preview(tag)
        changed = sum(before[pk] != expected[pk] for pk in expected)
        then, now = sum(expected.values()), sum(before.values())
        expect(
            f"the preview says what is reckoned here: {foreseen}",
            foreseen == (now, then, changed, len(expected)),
        )
        expect("looking changed nothing", self._wanted(tag) == before)
        moved = {pk for pk in expected if before[pk] != expected[pk]}
        on_sale = Offer.objects.filter(stocks__in=moved, listing__state=ListingState.ACTIVE)
        listings = on_sale.values("listing").distinct().count()
        calls = self.calls(UPDATE_UNITS)
        self._save_from_preview()
        wait_until("the rule is worked out", lambda: self._wanted(tag) == expected)
        wait_until("the sandbox shows the new figures", lambda: not self._differing(tag))
        self._at_rest("export_offers")
        made = self.calls(UPDATE_UNITS) - calls
        expect(f"one call for each of {listings} listings, not {made}", made == listings)
        return {
            "units shown before": now,
            "units shown with the rule": then,
            "quantities that changed": f"{changed} of {len(expected)}",
            "calls": f"{made}, one for each listing",
            "different at the sandbox": 0,
        }

    def _preview(self, tag: Tag) -> tuple[int, ...]:
        """What the page says before anything is saved: now, then, changed, of how many."""
        typed = {
            "shop": self.day.shop.pk,
            "tag": tag.pk,
            "percent": PERCENT,
            "buffer": BUFFER,
            "threshold": 0,
            "position": 0,
        }
        self.day.admin.open(f"{RULES}preview/all/?{urlencode(typed)}")
        found = TOTALS.search(self.day.admin.text())
        expect(f"the preview has totals: {self.day.admin.text()[:300]}", found is not None)
        assert found
        return tuple(int(figure.replace(",", "")) for figure in found.groups())

    def _save_from_preview(self) -> None:
        link = self.day.admin.window.page.find("a", string=re.compile("Go on to save it"))
        self.day.admin.open(str(link["href"]))
        self.day.admin.submit("#quantityrule_form", button="")

    def _rows(self, tag: Tag) -> dict[int, OfferStock]:
        rows = OfferStock.objects.filter(
            offer__listing__shop=self.day.shop,
            offer__listing__product__tags=tag,
            warehouse__mapping__isnull=False,
        )
        return {
            row.pk: row
            for row in rows.select_related(
                "offer__listing", "offer__variant", "warehouse__mapping"
            ).order_by("pk")
        }

    def _wanted(self, tag: Tag) -> dict[int, int]:
        return {pk: row.wanted for pk, row in self._rows(tag).items()}

    def _by_rule(self, row: OfferStock) -> int:
        """What the rule makes of a quantity, reckoned here and not by the product."""
        level = StockLevel.objects.filter(
            variant=row.offer.variant,
            fulfillment_center=row.warehouse.mapping.fulfillment_center_id,
        ).first()
        available = max(level.available if level else 0, 0)
        return max(available * PERCENT // 100 - BUFFER, 0)

    def _differing(self, tag: Tag) -> list[int]:
        """Quantities of listings on sale that the sandbox does not show as they are wanted."""
        rows = [
            row
            for row in self._rows(tag).values()
            if row.offer.listing.state == ListingState.ACTIVE and row.offer.external_id
        ]
        listings = {row.offer.listing.external_id for row in rows}
        shown = {
            sku["id"]: sku["available"]
            for listing in listings
            for sku in self.sandbox.product(listing)["skus"]
        }
        return [
            row.pk
            for row in rows
            if shown[row.offer.external_id].get(row.warehouse.external_id) != row.wanted
        ]

    # -- the switches --------------------------------------------------------------------------

    def held_back(self) -> Figures:
        """Outbound quantity off: counts change here and nothing leaves; on: what differs leaves."""
        offers = self.on_sale(WHILE_OFF)
        center = self.day.shop.mappings.order_by("pk")[0].fulfillment_center
        self._at_rest("export_offers")
        calls, before = self.calls(UPDATE_UNITS), [self.day.figures_shown(one) for one in offers]
        self._switch(is_on=False)
        self.receive(offers, center, 6)
        wait_until("they differ here", lambda: self._to_send(offers).count() >= WHILE_OFF)
        self.day.admin.act(SHOPS, "send_offers", [self.day.shop.pk])
        self._at_rest("export_offers")
        expect("nothing left", self.calls(UPDATE_UNITS) == calls)
        same = [self.day.figures_shown(one) for one in offers]
        expect("the sandbox shows what it showed", same == before)
        waiting = self._to_send(offers).count()
        self._switch(is_on=True)
        wait_until("what differed is sent", lambda: not self._to_send(offers).exists())
        self._at_rest("export_offers")
        made = self.calls(UPDATE_UNITS) - calls
        expect(f"{WHILE_OFF} listings take {WHILE_OFF} calls, not {made}", made == WHILE_OFF)
        expect("the sandbox agrees", not any(self.differences(one) for one in offers))
        return {"waiting while off": waiting, "calls while off": 0, "calls when on": made}

    def _switch(self, *, is_on: bool) -> None:
        path = f"/shops/{self.day.shop.pk}"
        self.day.owner.open(f"{path}/settings/")
        self.day.owner.submit(f'form[action="{path}/outbound/"]', push_quantity=is_on)

    def _to_send(self, offers: list[Offer]) -> QuerySet[OfferStock]:
        return self.unsent().filter(offer__in=[offer.pk for offer in offers])

    def _at_rest(self, kind: str) -> None:
        """Wait until no work of this kind waits or runs for the shop."""
        jobs = Job.objects.filter(kind=kind, subject=str(self.day.shop.pk))
        busy = jobs.filter(state__in=[JobState.DUE, JobState.RUNNING])
        wait_until(f"“{kind}” is done", lambda: not busy.exists())

    # -- what was only claimed -----------------------------------------------------------------

    def false_success(self) -> Figures:
        """TikTok says it took a quantity and a price and took neither: found, sent, and ended."""
        units, priced = self.on_sale(WHILE_OFF + 2)[-2:]
        self._at_rest("export_offers")
        for path in ("inventory", "prices"):
            address = f"/product/202309/products/*/{path}/update"
            fault = {"kind": "false_success", "method": "POST", "path": address, "count": 1}
            self.sandbox.post("/faults", fault)
        price = (priced.price_wanted or Decimal(10)) + Decimal("2.00")
        self._fewer(units)
        self._own_price(priced, price)
        wait_until("both were sent, as far as is known", lambda: self._is_sent(units, priced))
        self._at_rest("export_offers")
        expect("no fault is left", not self.sandbox.get("/faults")["faults"])
        expect("the quantity was not taken", bool(self.differences(units)))
        old = self._price_shown(priced)
        expect("the price was not taken", old != price)
        found = self._found([units, priced], DriftCause.FALSE_SUCCESS)
        self._corrected([units, priced])
        expect("the price is there now", self._price_shown(priced) == price)
        expect("the quantity is there now", not self.differences(units))
        return {"found": found, "open after the next cycle": 0, "price there": f"{old} → {price}"}

    def changed_there(self) -> Figures:
        """A price is changed in Seller Center: the reading finds it, says so, and puts it back."""
        (offer,) = self.on_sale(WHILE_OFF + 3)[-1:]
        ours = self._price_shown(offer)
        # What it shows is proven first; what differs later was changed there.
        self._read_back()
        proven = Offer.objects.filter(pk=offer.pk, price_confirmed=ours)
        wait_until("our price was seen there", proven.exists)
        theirs = ours + Decimal("3.33")
        product = f"/products/{offer.listing.external_id}"
        self.sandbox.patch(product, {"prices": {offer.external_id: str(theirs)}})
        found = self._found([offer], DriftCause.CHANGED_THERE)
        self._corrected([offer])
        expect("our price is back", self._price_shown(offer) == ours)
        return {"found": found, "price there": f"{ours} → {theirs} → {ours}"}

    def _fewer(self, offer: Offer) -> None:
        """“Adjust stock to a count”: 3 units fewer at the first mapped center that has so many."""
        centers = self.day.shop.mappings.values("fulfillment_center")
        levels = StockLevel.objects.filter(
            variant=offer.variant_id, fulfillment_center__in=centers
        ).order_by("pk")
        level = next(one for one in levels if one.available > 3)
        self.day.admin.act(
            VARIANTS,
            "count_stock",
            [offer.variant_id],
            fulfillment_center=str(level.fulfillment_center_id),
            units=str(level.on_hand - 3),
        )

    def _own_price(self, offer: Offer, price: Decimal) -> None:
        self.day.admin.act(OFFERS, "set_own_price", [offer.pk], price=str(price))

    def _price_shown(self, offer: Offer) -> Decimal:
        return Decimal(self.day.figures_shown(offer)[0])

    def _is_sent(self, units: Offer, priced: Offer) -> bool:
        priced.refresh_from_db()
        return priced.price_sent == priced.price_wanted and not self._to_send([units]).exists()

    def _read_back(self) -> None:
        self.day.admin.act(SHOPS, "read_back", [self.day.shop.pk])
        self._at_rest("read_back")

    def _found(self, offers: list[Offer], cause: DriftCause) -> list[str]:
        """Read back and look under “Differences”: each of them stands there with this cause."""
        self._read_back()
        self.read_orders()
        self._at_rest("pull_orders")
        tick_compare()
        rows = Drift.objects.filter(offer__in=offers, cause=cause)
        wait_until(f"{len(offers)} differences are listed", lambda: rows.count() >= len(offers))
        self.day.admin.open(f"{DRIFTS}?{urlencode({'tab': 'all'})}")
        page = self.day.admin.text()
        expect("the page names the cause", str(cause.label) in page)
        for offer in offers:
            expect(f"the page lists {offer.variant.sku}", offer.variant.sku in page)
        return [f"{row}: {row.get_cause_display()}" for row in rows]

    def _corrected(self, offers: list[Offer]) -> None:
        """What was found goes out again; the next reading ends the differences."""
        mine = Offer.objects.filter(pk__in=[offer.pk for offer in offers])
        wait_until(
            "they were sent again",
            lambda: not (mine.with_price_to_send().exists() or self._to_send(offers).exists()),
        )
        self._at_rest("export_offers")
        self._read_back()
        still: QuerySet[Any] = Drift.objects.open().filter(offer__in=offers)
        wait_until("the differences ended", lambda: not still.exists())
