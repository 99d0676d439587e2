"""What can be done with selected listings."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest

from catalog.admin import channel_verbs, price_verbs, suggestions, template_verbs
from catalog.admin.category_forms import CategorizeForm, FillForm
from catalog.admin.image_verbs import FIX_OF_LISTINGS
from catalog.admin.listing_forms import PublishForm
from catalog.admin.quantity_preview import PREVIEW_OF_LISTINGS
from catalog.bulk import shops_of
from catalog.models import Listing
from catalog.services import channel_sync, listings, publishing, taxonomy
from catalog.states import ListingState, ShopState
from marketplace.kernel.admin_verbs import InBulk, Outcome, Run, Verb, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge

CHANGE = "catalog.change_listing"
#: More than these are asked about in the background, not while a person waits.
ASKED_AT_ONCE = 20


def category_given(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The category's id; its form is fetched once, before any listing is treated."""
    taxonomy.ensure_form(cleaned["category"])
    return {"category": cleaned["category"].pk}


def values_given(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Pairs of an attribute's id and its values."""
    if not cleaned["filled"]:
        raise Refused("Nothing was filled in, so nothing changed.")
    return {"filled": [[attribute.pk, values] for attribute, values in cleaned["filled"]]}


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


def _to_place(priority: int) -> Run:
    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        return publishing.set_priority(ids, priority)

    return run


PLACES = tuple(
    Verb(
        name=f"publish_{word}",
        label=f"Place in the publish queue: {word.capitalize()}",
        run=_to_place(priority),
        permission=CHANGE,
    )
    for word, priority in (
        ("first", publishing.FIRST),
        ("normal", publishing.NORMAL),
        ("last", publishing.LAST),
    )
)


def is_on_channel(row: Listing) -> bool:
    return bool(row.external_id)


def may_publish(row: Listing) -> bool:
    return row.state not in (ListingState.QUEUED, ListingState.PUBLISHING)


VERBS = (
    Verb(
        name="publish",
        label="Publish",
        in_bulk=InBulk("publish"),
        permission=CHANGE,
        form=PublishForm,
        button="Publish",
        applies=may_publish,
    ),
    *PLACES,
    Verb(
        name="categorize",
        label="More actions: Categorize",
        in_bulk=InBulk(
            "categorize", given=category_given, about=lambda cleaned: cleaned["category"].path
        ),
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
        in_bulk=InBulk("fill_in", given=values_given),
        permission=CHANGE,
        form=FillForm,
        button="Fill in properties",
        applies=lambda row: row.category_id is not None,
        explanation="What is left empty here stays as it is on each listing.",
    ),
    *template_verbs.VERBS,
    FIX_OF_LISTINGS,
    Verb(
        name="check_requirements",
        label="More actions: Check requirements again",
        run=check,
        in_bulk=InBulk("check_requirements"),
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
    PREVIEW_OF_LISTINGS,
    *price_verbs.OF_LISTINGS,
    *channel_verbs.VERBS,
)
