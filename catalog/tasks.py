"""Background work of the catalog: each fetches its shop, calls one service, says what happened."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Image, Listing, ListingTemplate, Merchant, Shop
from catalog.services import (
    channel_sync,
    compliance,
    drifts,
    exporting,
    images,
    publishing,
    quantity_rules,
    read_back,
    repricing,
    shops,
    taxonomy,
    templates,
    wanted,
)
from marketplace.kernel import jobs
from marketplace.kernel.errors import Reconnect
from marketplace.kernel.tasks import nudge, time_is_up


def for_active_shop(work: Callable[[Shop], str]) -> Callable[[int], str]:
    """No job runs for a shop that is not active; dead credentials stop the shop's jobs."""

    @wraps(work)
    def run(shop_id: int) -> str:
        shop = Shop.objects.select_related("merchant").get(pk=shop_id)
        if not shop.is_active:
            return f"{shop} is “{shop.get_state_display()}”: nothing was done."
        try:
            return f"{shop}: {work(shop)}"
        except Reconnect as error:
            shops.needs_reconnect(shop, error.message)
            raise

    return run


def again(kind: str, shop: Shop, *, is_routine: bool = False) -> None:
    label = f"{kind.replace('_', ' ').capitalize()}: {shop}"
    nudge(kind, shop.pk, label=label, is_routine=is_routine)


@jobs.handler("publish_queued")
@for_active_shop
def publish_queued(shop: Shop) -> str:
    report = publishing.publish_queued(shop, until=time_is_up())
    if report.published:
        nudge("sync_listings", shop.pk, label=f"Sync listings: {shop}")
    if not report.is_complete:
        again("publish_queued", shop)
    return report.summary()


@jobs.handler("export_offers")
@for_active_shop
def export_offers(shop: Shop) -> str:
    until = time_is_up()
    quantities = exporting.send_quantities(shop, until=until)
    prices = exporting.send_prices(shop, until=until)
    if not (quantities.is_complete and prices.is_complete):
        again("export_offers", shop)
    return f"{quantities.summary('quantities')}; {prices.summary('prices')}"


@jobs.handler("sync_listings")
@for_active_shop
def sync_listings(shop: Shop) -> str:
    report = channel_sync.sync(shop, until=time_is_up())
    if report.imported:
        nudge("fetch_images", shop.merchant_id, label=f"Fetch images: {shop.merchant}")
    if not report.is_complete:
        again("sync_listings", shop)
    return report.summary()


@jobs.handler("read_back")
@for_active_shop
def read_prices_and_quantities_back(shop: Shop) -> str:
    report = read_back.read_back(shop, until=time_is_up())
    if not report.is_complete:
        again("read_back", shop)
    return report.summary()


@jobs.handler("read_listing_back")
def read_listing_back(listing_id: int) -> str:
    listing = Listing.objects.select_related("shop").filter(pk=listing_id).first()
    if listing is None or not listing.external_id:
        return "The listing is not on the channel any more: nothing was read."

    @for_active_shop
    def read(shop: Shop) -> str:
        return read_back.read_listing(shop, listing.external_id).summary()

    return read(listing.shop_id)


@jobs.handler("compare_shown")
@for_active_shop
def compare_shown(shop: Shop) -> str:
    report = drifts.compare(shop)
    if report.again:
        again("export_offers", shop)
    return report.summary()


@jobs.handler("reprice")
@for_active_shop
def reprice(shop: Shop) -> str:
    report = repricing.run_due(shop, timezone.now(), until=time_is_up())
    if report.changed:
        again("export_offers", shop)
    if not report.is_complete:
        again("reprice", shop)
    return report.summary()


@jobs.handler("refresh_taxonomy")
@for_active_shop
def refresh_taxonomy(shop: Shop) -> str:
    until = time_is_up()
    size = taxonomy.refresh(shop)
    forms = taxonomy.refresh_forms(shop, until=until)
    if not forms.is_complete:
        again("refresh_taxonomy", shop)
    return f"{size:,} categories; {forms.summary()}"


@jobs.handler("apply_template")
def apply_template(template_id: int) -> str:
    template = ListingTemplate.objects.filter(pk=template_id).first()
    if template is None:
        return "The template is gone; its listings keep what it gave them."
    renewal = templates.renew(template, until=time_is_up())
    if not renewal.is_complete:
        nudge("apply_template", template.pk, label=f"Apply template: {template}"[:200])
    return f"{template}: {renewal.changed:,} of {renewal.seen:,} listings changed"


@jobs.handler("fetch_images")
def fetch_images(merchant_id: int) -> str:
    until = time_is_up()
    sentence = images.fetch_for_merchant(merchant_id, until=until)
    if until():
        nudge("fetch_images", merchant_id)
    return sentence


def tick_fetch_images() -> str:
    """Every quarter of an hour: merchants with pictures that could not be had before."""
    waiting = Image.objects.to_fetch().values("product__merchant")
    merchants = list(Merchant.objects.filter(pk__in=waiting))
    for merchant in merchants:
        nudge("fetch_images", merchant.pk, label=f"Fetch images: {merchant}", is_routine=True)
    return f"{len(merchants)} merchants"


def tick_publish() -> str:
    """Every minute: shops with something queued."""
    return _nudge_shops("publish_queued", Shop.objects.active().filter(listings__state="queued"))


def tick_export() -> str:
    """Every minute: shops on which something differs from what was sent."""
    active = Shop.objects.active()
    differing = active.filter(push_quantity=True) | active.filter(push_price=True)
    ids = [shop.pk for shop in differing if exporting.has_differences(shop)]
    return _nudge_shops("export_offers", Shop.objects.filter(pk__in=ids))


def tick_reprice() -> str:
    """Every minute: active shops with price rules that are due (R91)."""
    due = repricing.due_shops(timezone.now())
    return _nudge_shops("reprice", Shop.objects.filter(pk__in=due))


def tick_read_back() -> str:
    """Every hour: what the channel shows of every active shop (B5)."""
    return _nudge_shops("read_back", Shop.objects.active())


def tick_compare() -> str:
    """Every minute: shops where a reading showed something else than what was sent (B5)."""
    return _nudge_shops("compare_shown", drifts.shops_to_compare())


def tick_sync_reviews() -> str:
    """Every minute: shops whose listings are in review (R54)."""
    return _nudge_shops("sync_listings", Shop.objects.active().filter(listings__state="in_review"))


def tick_sync_all() -> str:
    """Every quarter of an hour: every active shop, for what changed on the channel (R56)."""
    return _nudge_shops("sync_listings", Shop.objects.active())


def tick_taxonomy() -> str:
    """Every night."""
    return _nudge_shops("refresh_taxonomy", Shop.objects.active())


def tick_certificates() -> str:
    """Every night: listings whose product's certificate has expired are checked again (B25)."""
    return f"{compliance.recheck_expired():,} listings with an expired certificate checked"


def tick_reassert_zero() -> str:
    """Every hour: what must not sell is said again, whatever the channel answered."""
    rows = sum(wanted.reassert_zero(shop) for shop in Shop.objects.active())
    return f"{rows} zero quantities will be sent again"


def _nudge_shops(kind: str, wanted: QuerySet[Shop]) -> str:
    found = list(wanted.distinct())
    for shop in found:
        again(kind, shop, is_routine=True)
    return f"{len(found)} shops"


@jobs.handler("renew_quantities")
def renew_quantities(shop_id: int) -> str:
    """The rules of a shop changed: work its quantities out again, then send what differs.

    Also for a shop that is paused, so that it goes on with the right figures.
    """
    shop = Shop.objects.get(pk=shop_id)
    renewal = quantity_rules.renew(shop, until=time_is_up())
    if not renewal.is_complete:
        again("renew_quantities", shop)
    if renewal.offers and shop.is_active:
        again("export_offers", shop)
    return f"{shop}: quantities of {renewal.offers:,} offers worked out again"


def tick_renew_quantities() -> str:
    """Every minute: shops whose rules changed."""
    return _nudge_shops("renew_quantities", quantity_rules.to_renew())


def tick_check_quantities() -> str:
    """Every night: every quantity that a rule may count for is worked out again."""
    return f"{quantity_rules.check_all()} shops with quantity rules will be checked"
