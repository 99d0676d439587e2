"""The parts of the listings workspace: what each is called, and which listings are in it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from catalog.models import Drift, Offer
from catalog.services import price_looks
from catalog.states import ListingState
from marketplace.kernel.admin_lists import ListTab

Rows = QuerySet[Any]


def _in(*states: ListingState) -> Any:
    return lambda rows: rows.filter(state__in=states)


def _in_order_of_the_queue(rows: Rows) -> Rows:
    under_way = rows.filter(state__in=(ListingState.QUEUED, ListingState.PUBLISHING))
    return under_way.order_by("state", "-priority", "queued_at", "pk")


def _with_refused_offers(rows: Rows) -> Rows:
    return rows.filter(Exists(Offer.objects.filter(listing=OuterRef("pk")).exclude(problem="")))


def _with_held_prices(rows: Rows) -> Rows:
    held = Offer.objects.filter(price_looks.KEPT | price_looks.NOT_SENT, listing=OuterRef("pk"))
    return rows.filter(Exists(held))


def _that_drift(rows: Rows) -> Rows:
    return rows.filter(pk__in=Drift.objects.open().values("offer__listing"))


#: In these every row has the state that the tab is called by.
OF_ONE_STATE = ("incomplete", "ready", "suspended", "active", "inactive")
TABS = (
    ListTab("all", "All", "Every staged or published listing.", lambda rows: rows),
    ListTab(
        "incomplete",
        "Incomplete",
        "The channel asks for something these do not have yet. The reasons are beside each; a "
        "listing moves to “Ready to Publish” by itself when it is complete.",
        lambda rows: rows.incomplete(),
    ),
    ListTab(
        "ready",
        "Ready to Publish",
        "Everything the channel asks for is there. Select them and use “Publish”.",
        lambda rows: rows.ready(),
    ),
    ListTab(
        "publishing",
        "Publishing",
        "Queued or being sent, in their order. A shop's daily limit of new listings spreads them "
        "over several days; “Place in the publish queue” lets some go before others.",
        _in_order_of_the_queue,
    ),
    ListTab(
        "suspended",
        "Suspended",
        "Published and in the channel's review, which usually takes minutes.",
        lambda rows: rows.under_review(),
    ),
    ListTab("active", "Active", "On sale.", _in(ListingState.ACTIVE)),
    ListTab(
        "attention",
        "Needs attention",
        "Refused by the channel or failed in review. The channel's words are beside each.",
        lambda rows: rows.needing_attention(),
    ),
    ListTab(
        "offers",
        "Offers refused",
        "The channel did not take a price or a quantity. It is offered again by itself; the reason "
        "is under “Offers” of each listing.",
        _with_refused_offers,
    ),
    ListTab(
        "held",
        "Prices held back",
        "A price stays as it is or is not sent: a rate is missing, or its limits leave no price. "
        "The reason is beside each SKU on the listing's page.",
        _with_held_prices,
    ),
    ListTab(
        "drift",
        "Channel differs",
        "When the channel was last read, it showed another price or quantity than the one that was "
        "sent. It is sent again by itself; what was sent, what was seen and why is under "
        "“Differences on the channel”.",
        _that_drift,
    ),
    ListTab(
        "changed",
        "Changes not published",
        "Changed here since the last publish. Price and quantity travel by themselves; anything "
        "else needs “Publish” again.",
        lambda rows: rows.with_unpublished_changes(),
    ),
    ListTab(
        "inactive",
        "Inactive",
        "Deactivated, frozen or deleted on the channel.",
        _in(ListingState.INACTIVE),
    ),
)
