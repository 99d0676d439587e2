"""What can be done with selected listings."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest

from catalog.admin import channel_verbs, suggestions
from catalog.admin.image_verbs import FIX_OF_LISTINGS
from catalog.admin.listing_forms import CategorizeForm, FillForm, PublishForm
from catalog.models import Listing, Shop
from catalog.services import channel_sync, listings, publishing, taxonomy
from catalog.states import ListingState, ShopState
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.batch import BatchReport, run_batch
from marketplace.kernel.tasks import nudge

CHANGE = "catalog.change_listing"
#: More than these are asked about in the background, not while a person waits.
ASKED_AT_ONCE = 20


def shops_of(ids: list[int]) -> list[Shop]:
    return list(Shop.objects.filter(listings__in=ids).distinct())


def publish(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    report = publishing.request_publish_many(ids, by=who(request))
    if report.done:
        for shop in shops_of(ids):
            nudge("publish_queued", shop.pk, label=f"Publish queued: {shop}")
    return report


def categorize(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    category = given["category"]
    taxonomy.ensure_form(category)
    return listings.categorize(ids, category, by=who(request))


def fill(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    total = BatchReport("Filled in")
    filled = given["filled"]
    done: Counter[int] = Counter()
    for attribute, values in filled:
        report = listings.set_attribute(ids, attribute, values, by=who(request))
        total.refused.update(report.refused)
        done[report.done] += 1
    total.done = max(done, default=0)
    return total if filled else "Nothing was filled in, so nothing changed."


def check(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    listings.refresh_readiness(ids, by=who(request))
    states = Counter(Listing.objects.filter(pk__in=ids).values_list("state", flat=True))
    words = [f"{count:,} {ListingState(state).label}" for state, count in states.most_common()]
    return f"Checked {len(ids):,} again: {', '.join(words)}."


def ask(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    if len(ids) > ASKED_AT_ONCE:
        for shop in shops_of(ids):
            nudge("sync_listings", shop.pk, label=f"Sync listings: {shop}")
        return "The channel is being asked in the background; the list follows by itself."
    rows = Listing.objects.filter(pk__in=ids).select_related("shop")
    published = [row for row in rows if row.external_id]
    report = run_batch("Asked about", published, channel_sync.refresh_one)
    if rest := len(rows) - len(published):
        report.skipped["it is not on the channel yet"] += rest
    return report


def send(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    shops = shops_of(ids)
    active = [shop for shop in shops if shop.state == ShopState.ACTIVE]
    for shop in active:
        nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
    silent = [str(shop) for shop in shops if shop not in active]
    text = f"Asked for {len(active):,} shops: what differs from what was sent goes out now."
    return f"{text} Not active: {', '.join(silent)}." if silent else text


def is_on_channel(row: Listing) -> bool:
    return bool(row.external_id)


def may_publish(row: Listing) -> bool:
    return row.state not in (ListingState.QUEUED, ListingState.PUBLISHING)


VERBS = (
    Verb(
        name="publish",
        label="Publish",
        run=publish,
        permission=CHANGE,
        form=PublishForm,
        button="Publish",
        applies=may_publish,
    ),
    Verb(
        name="categorize",
        label="More actions: Categorize",
        run=categorize,
        permission=CHANGE,
        form=CategorizeForm,
        button="Categorize",
        explanation="One category of the lowest level is set on all of them. Values filled in for "
        "another category are dropped.",
    ),
    *suggestions.VERBS,
    Verb(
        name="fill_in",
        label="More actions: Fill in properties",
        run=fill,
        permission=CHANGE,
        form=FillForm,
        button="Fill in properties",
        applies=lambda row: row.category_id is not None,
        explanation="What is left empty here stays as it is on each listing.",
    ),
    FIX_OF_LISTINGS,
    Verb(
        name="check_requirements",
        label="More actions: Check requirements again",
        run=check,
        permission=CHANGE,
        button="Check requirements again",
    ),
    Verb(
        name="ask_channel",
        label="More actions: Ask the channel how it stands",
        run=ask,
        permission=CHANGE,
        button="Ask the channel how it stands",
        applies=is_on_channel,
    ),
    Verb(
        name="send_offers",
        label="More actions: Send price and quantity now",
        run=send,
        permission=CHANGE,
        button="Send price and quantity now",
        applies=is_on_channel,
    ),
    *channel_verbs.VERBS,
)
