"""The pending actions (B6): each figure with the list of exactly those rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from catalog.admin.compliance import CertificateAdmin
from catalog.admin.listing_tabs import TABS as LISTING_TABS
from catalog.admin.price_rule import PriceRuleAdmin
from catalog.admin.shop import ShopAdmin
from catalog.admin.unlinked import UnlinkedListingAdmin
from catalog.models import Certificate, Listing, PriceRule, Shop, UnlinkedListing
from integrations.admin import ConnectionAdmin
from integrations.models import Connection
from marketplace.admin import HeartbeatAdmin, JobAdmin
from marketplace.kernel.admin import changelist_url
from marketplace.kernel.admin_lists import ListTab, count_text
from marketplace.kernel.models import Heartbeat, Job
from orders.admin.cancellation import CancellationAdmin
from orders.admin.intake import IntakeProblemAdmin
from orders.admin.order_filters import PARCEL, SOON, canceled_soon, with_attention
from orders.admin.order_tabs import TABS as ORDER_TABS
from orders.admin.returns import ReturnAdmin
from orders.admin.shipment import ShipmentAdmin
from orders.models import (
    AttentionKind,
    CancellationRequest,
    IntakeProblem,
    Order,
    ReturnRequest,
    Shipment,
)

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Counter:
    """One figure with its words, and the list of exactly these rows."""

    label: str
    count: str
    url: str
    is_alert: bool

    @property
    def is_loud(self) -> bool:
        return self.is_alert and self.count != "0"


@dataclass(frozen=True)
class Group:
    title: str
    counters: list[Counter]


@dataclass(frozen=True)
class Figure:
    """A list of the admin to be counted: its tab, and what its filters add.

    `narrow` does to rows what the filters named in `query` do on the page.
    """

    label: str
    model: Any
    tabs: Sequence[ListTab]
    tab: str
    is_alert: bool = True
    query: str = ""
    narrow: Callable[[Rows], Rows] = lambda rows: rows

    def counter(self) -> Counter:
        """Count it now, up to the bound that the list's own tabs have."""
        tab = next(tab for tab in self.tabs if tab.key == self.tab)
        return Counter(
            label=self.label,
            count=count_text(tab.rows(self.narrow(self.model.objects.all()))),
            url=f"{changelist_url(self.model)}?tab={self.tab}{self.query}",
            is_alert=self.is_alert,
        )


def groups_for(user: User | AnonymousUser) -> list[Group]:
    """The figures of what this person may view, by the work they belong to."""
    found = [
        Group(title, [one.counter() for one in figures if _may_view(user, one.model)])
        for title, figures in BOARD
    ]
    return [group for group in found if group.counters]


def _may_view(user: User | AnonymousUser, model: Any) -> bool:
    opts = model._meta
    return user.has_perm(f"{opts.app_label}.view_{opts.model_name}")


def _orders(label: str, tab: str, **more: Any) -> Figure:
    return Figure(label, Order, ORDER_TABS, tab, **more)


def _with(kind: str) -> dict[str, Any]:
    return {"query": f"&attention={kind}", "narrow": lambda rows: with_attention(rows, kind)}


def _order_figures() -> Iterator[Figure]:
    yield _orders("Ship within 24 h", "today")
    yield _orders("Overdue", "late")
    yield _orders(
        "Canceled by the channel within 24 h",
        "unshipped",
        query=f"&autocancel={SOON}",
        narrow=canceled_soon,
    )
    yield _orders("Cancellation requested", "cancel")
    yield Figure("Cancellations to answer", CancellationRequest, CancellationAdmin.tabs, "answer")
    yield Figure("Return requested", ReturnRequest, ReturnAdmin.tabs, "answer")
    yield _orders("Label or package trouble", "attention", **_with(PARCEL))
    yield _orders("Unknown SKU", "attention", **_with(AttentionKind.UNLINKED_SKU))
    yield _orders("Needs attention", "attention")
    yield Figure("Tracking refused", Shipment, ShipmentAdmin.tabs, "refused")
    yield Figure("Orders not taken in", IntakeProblem, IntakeProblemAdmin.tabs, "open")
    yield _orders("Pending", "pending", is_alert=False)
    yield _orders("Unshipped", "unshipped", is_alert=False)


def _listing_figures() -> Iterator[Figure]:
    for label, tab, is_alert in (
        ("Listing errors", "attention", True),
        ("Offers refused", "offers", True),
        ("Channel differs", "drift", True),
        ("Prices held back", "held", True),
        ("Incomplete", "incomplete", False),
        ("Ready to Publish", "ready", False),
        ("Changes not published", "changed", False),
    ):
        yield Figure(label, Listing, LISTING_TABS, tab, is_alert=is_alert)
    yield Figure("Price rules that cannot run", PriceRule, PriceRuleAdmin.tabs, "problem")
    yield Figure("Unlinked listings", UnlinkedListing, UnlinkedListingAdmin.tabs, "open")
    yield Figure("Certificates to renew", Certificate, CertificateAdmin.tabs, "renew")


def _system_figures() -> Iterator[Figure]:
    yield Figure("Shops that need a person", Shop, ShopAdmin.tabs, "attention")
    yield Figure("Authorizations that end", Connection, ConnectionAdmin.tabs, "ending")
    yield Figure("Workers that fell silent", Heartbeat, HeartbeatAdmin.tabs, "silent")
    yield Figure("Background work that failed", Job, JobAdmin.tabs, "failed")


BOARD = (
    ("Orders", tuple(_order_figures())),
    ("Listings", tuple(_listing_figures())),
    ("Shops and background work", tuple(_system_figures())),
)
