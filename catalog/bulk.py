"""What people do to thousands of rows at a time: kinds of bulk runs, each one service call.

What a person gave comes as plain JSON, so that a run can wait for a worker; the door that starts
a run (an admin verb) makes it, and looks after what takes a call to the channel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from catalog.models import CategoryAttribute, ChannelCategory, Image, Listing, Merchant, Shop
from catalog.services import (
    channel_state,
    image_fixer,
    import_run,
    linking,
    listings,
    products,
    publishing,
    suggestions,
)
from catalog.services.image_editing import Wish
from marketplace.kernel.batch import BatchReport, run_batch
from marketplace.kernel.bulk import InItsOwnWay, by_chunks, kinds
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import BulkRun
from marketplace.kernel.tasks import nudge

Given = dict[str, Any]
CHANGE = "catalog.change_listing"
#: Of these each row has its own moves and events, so that fewer of them fit in a second.
ROW_BY_ROW = 100
#: So many travel in a call to the channel.
IN_A_CALL = channel_state.BATCH


# -- products ----------------------------------------------------------------------------------


@by_chunks("stage_listings", permission="catalog.add_listing")
def stage(ids: list[int], given: Given, by: str) -> BatchReport:
    """Stage products on the shop `given` by id."""
    shop = Shop.objects.select_related("merchant").filter(pk=given["shop"]).first()
    if shop is None:
        raise Refused("The shop is gone.")
    return listings.stage(ids, shop, by=by)


@by_chunks("apply_tag", permission="catalog.change_product")
def tag(ids: list[int], given: Given, by: str) -> BatchReport:
    """Put the tag of the `given` name on products."""
    report = products.tag(ids, given["name"])
    if report.done:
        # A rule that is set on the tag may show another quantity now.
        on_tag = Shop.objects.active().filter(quantity_rules__tag__name=given["name"].strip())
        for shop in on_tag.filter(listings__product__in=ids).distinct():
            nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
    return report


def import_file(run: BulkRun, until: Callable[[], bool]) -> bool:
    """Import the run's product file; its pictures are fetched when all of it is in."""
    is_over = import_run.carry_on(run, until)
    if is_over:
        merchant = Merchant.objects.get(pk=run.given["merchant"])
        if merchant.products.filter(images__in=Image.objects.to_fetch()).exists():
            nudge("fetch_images", merchant.pk, label=f"Fetch images: {merchant}")
    return is_over


kinds.register("import_products", InItsOwnWay("catalog.add_product", import_file))


# -- listings ----------------------------------------------------------------------------------


def shops_of(ids: list[int]) -> list[Shop]:
    """The shops of these listings."""
    return list(Shop.objects.filter(listings__in=ids).distinct())


@by_chunks("publish", permission=CHANGE, chunk=ROW_BY_ROW)
def publish(ids: list[int], given: Given, by: str) -> BatchReport:
    """Queue listings, and ring for their shops at once, so that the first go while more come."""
    report = publishing.request_publish_many(ids, by=by)
    if report.done:
        for shop in shops_of(ids):
            nudge("publish_queued", shop.pk, label=f"Publish queued: {shop}")
    return report


@by_chunks("categorize", permission=CHANGE)
def categorize(ids: list[int], given: Given, by: str) -> BatchReport:
    """Set the category `given` by id; its form is here already."""
    category = ChannelCategory.objects.select_related("shop").filter(pk=given["category"]).first()
    if category is None:
        raise Refused("The category is gone. Choose another one.")
    return listings.categorize(ids, category, by=by)


@by_chunks("fill_in", permission=CHANGE)
def fill(ids: list[int], given: Given, by: str) -> BatchReport:
    """Fill in properties: `given` are pairs of an attribute's id and its values."""
    total = BatchReport("Filled in")
    wanted = CategoryAttribute.objects.select_related("category")
    attributes = wanted.in_bulk([pk for pk, _ in given["filled"]])
    done: Counter[int] = Counter()
    for pk, values in given["filled"]:
        if pk not in attributes:
            raise Refused("The category's form changed meanwhile. Fill it in again.")
        report = listings.set_attribute(ids, attributes[pk], values, by=by)
        total.refused.update(report.refused)
        done[report.done] += 1
    total.done = max(done, default=0)
    return total


@by_chunks("accept_suggestions", permission=CHANGE, chunk=2_000, is_atomic=False)
def accept(ids: list[int], given: Given, by: str) -> BatchReport:
    """Take suggestions from a certainty (percent) on; a category's form may come from the channel.

    What has a category keeps it, so a second time changes nothing.
    """
    return suggestions.accept(ids, at_least=given["at_least"], by=by)


@by_chunks("check_requirements", permission=CHANGE)
def check(ids: list[int], given: Given, by: str) -> BatchReport:
    """Check requirements again."""
    listings.refresh_readiness(ids, by=by)
    return BatchReport("Checked", done=len(ids))


@by_chunks("unlink", permission=CHANGE, chunk=ROW_BY_ROW)
def unlink(ids: list[int], given: Given, by: str) -> BatchReport:
    """Let go of the channel's listings."""
    rows = Listing.objects.filter(pk__in=ids).order_by("pk")
    return run_batch("Unlinked", rows, lambda row: linking.unlink(row, by=by))


def _look_at_the_channel(ids: list[int]) -> None:
    for shop in Shop.objects.active().filter(listings__in=ids).distinct():
        nudge("sync_listings", shop.pk, label=f"Sync listings: {shop}")


def _on_channel(name: str, permission: str, change: Callable[..., BatchReport]) -> None:
    def treat(ids: list[int], given: Given, by: str) -> BatchReport:
        return change(ids, by=by)

    register = by_chunks(
        name, permission=permission, chunk=IN_A_CALL, is_atomic=False, ended=_look_at_the_channel
    )
    register(treat)


_on_channel("deactivate", CHANGE, channel_state.deactivate)
_on_channel("activate", CHANGE, channel_state.activate)
_on_channel("delete_on_channel", "catalog.delete_listing", channel_state.delete_on_channel)


# -- pictures ----------------------------------------------------------------------------------


@by_chunks("fix_images", permission="catalog.change_image", chunk=20, is_atomic=False)
def fix(ids: list[int], given: Given, by: str) -> BatchReport:
    """Make pictures acceptable; one that is fine, or fixed so already, is skipped."""
    return image_fixer.fix(ids, Wish.from_text(given["wish"]), by=by)


@by_chunks("restore_original", permission="catalog.change_image", chunk=20, is_atomic=False)
def restore(ids: list[int], given: Given, by: str) -> BatchReport:
    """Bring back the originals of pictures."""
    return image_fixer.restore(ids, by=by)
