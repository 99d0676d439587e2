"""TikTok Shop behind our ports: ports in, client calls out, and no parsing here."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from catalog.models import Shop
from catalog.ports import (
    CategoryRules,
    DailyLimitReached,
    ItemFailure,
    ListingDraft,
    ListingLimits,
    OfferPage,
    Published,
    RemoteAttribute,
    RemoteBrand,
    RemoteCategory,
    RemoteListing,
    RemoteOffer,
    RemoteStatus,
    RemoteWarehouse,
)
from integrations.http.errors import RemoteRefused
from integrations.tiktok import from_tiktok, orders_from_tiktok, to_tiktok
from integrations.tiktok.client import in_batches
from integrations.tiktok.compliance import kept_from
from integrations.tiktok.error_words import explain
from integrations.tiktok.errors import DAILY_LIMIT, NO_SUGGESTION
from integrations.tiktok.gateway import listing_calls, logistics_calls, order_calls
from integrations.tiktok.listings import (
    CERTIFICATION_IMAGE,
    MAIN_IMAGE,
    SIZE_CHART_IMAGE,
    ListingCalls,
)
from integrations.tiktok.orders import ORDERS_PER_READ, OrderCalls
from integrations.tiktok.regions import limits_of
from integrations.tiktok.schemas import ItemFailure as ItemFailureRow
from integrations.tiktok.schemas_products import SentProductRow
from marketplace.kernel.errors import Failure
from marketplace.kernel.money import Money
from orders.ports import ListedOrder, UnreadableOrder

logger = logging.getLogger(__name__)

IMAGE_USES = {
    "main": MAIN_IMAGE,
    "certificate": CERTIFICATION_IMAGE,
    "size_chart": SIZE_CHART_IMAGE,
}


class TikTokListings:
    """Publishes and reads listings."""

    def limits(self, shop: Shop) -> ListingLimits:
        return limits_of(shop.region)

    def upload_image(self, shop: Shop, content: bytes, *, name: str, use: str) -> str:
        calls = listing_calls(shop)
        return calls.upload_image(content, filename=name, use=IMAGE_USES[use]).uri

    def create(self, shop: Shop, draft: ListingDraft) -> Published:
        calls = listing_calls(shop)
        payload = to_tiktok.new_product(draft, region=shop.region)
        try:
            row = calls.create_product(payload)
        except RemoteRefused as error:
            if error.code != DAILY_LIMIT:
                raise
            _clear_away(calls, draft)
            raise DailyLimitReached(
                error.message, code=error.code, request_id=error.request_id
            ) from error
        return _published(row, draft)

    def edit(
        self,
        shop: Shop,
        external_id: str,
        draft: ListingDraft,
        *,
        parts: Collection[str] = (),
    ) -> Published:
        calls = listing_calls(shop)
        some = to_tiktok.edited_parts(draft, parts, region=shop.region)
        if some is not None:
            return _published(calls.partial_edit(external_id, some), draft)
        whole = to_tiktok.edited_product(draft, region=shop.region)
        whole |= kept_from(calls.product(external_id), draft, parts)
        return _published(calls.edit_product(external_id, whole), draft)

    def read(self, shop: Shop, external_id: str) -> RemoteListing:
        return from_tiktok.listing(listing_calls(shop).product(external_id))

    def find_by_skus(self, shop: Shop, seller_skus: Sequence[str]) -> list[RemoteStatus]:
        if not seller_skus:
            return []
        found = listing_calls(shop).search_products(seller_skus=seller_skus)
        by_id = {row.id: from_tiktok.status(row) for row in found if not from_tiktok.is_gone(row)}
        return list(by_id.values())

    def statuses(self, shop: Shop, *, updated_since: datetime | None) -> Iterator[RemoteStatus]:
        for row in listing_calls(shop).search_products(updated_since=updated_since):
            yield from_tiktok.status(row)

    def status(self, shop: Shop, external_id: str) -> RemoteStatus:
        return from_tiktok.status(listing_calls(shop).product(external_id))

    def deactivate(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        return [_item_failure(row) for row in listing_calls(shop).deactivate(external_ids)]

    def activate(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        return [_item_failure(row) for row in listing_calls(shop).activate(external_ids)]

    def delete(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        return [_item_failure(row) for row in listing_calls(shop).delete(external_ids)]


def _clear_away(calls: ListingCalls, draft: ListingDraft) -> None:
    """Delete the draft that the channel keeps of a product it refused for today.

    It would lie beside the product that tomorrow's call creates. Only a draft that bears the key
    of this very call is ours to delete.
    """
    skus = [offer.seller_sku for offer in draft.offers]
    try:
        found = {row.id for row in calls.search_products(status="DRAFT", seller_skus=skus)}
        ours = [key for key in found if calls.product(key).external_id == draft.key]
        calls.delete(ours)
    except Failure:
        logger.warning("A refused draft of %s could not be cleared away", draft.key)


def _published(row: SentProductRow, draft: ListingDraft) -> Published:
    by_sku = {sku.seller_sku: sku.id for sku in row.skus}
    if len(draft.offers) == len(row.skus) == 1:
        # The channel may answer a single SKU without repeating our name for it.
        by_sku = {draft.offers[0].seller_sku: row.skus[0].id}
    return Published(
        external_id=row.product_id,
        offer_ids=by_sku,
        warnings=row.warnings,
        request_id=row.request_id,
    )


class TikTokOffers:
    """Sends prices and quantities of live offers."""

    def send_prices(
        self, shop: Shop, external_id: str, prices: Mapping[str, Money]
    ) -> list[ItemFailure]:
        """Set prices. The channel takes all of one listing's prices or none of them."""
        listing_calls(shop).update_prices(external_id, to_tiktok.price_changes(prices))
        return []

    def send_quantities(
        self, shop: Shop, external_id: str, quantities: Mapping[str, Mapping[str, int]]
    ) -> list[ItemFailure]:
        failures = listing_calls(shop).update_inventory(external_id, quantities)
        return [_item_failure(row) for row in failures]

    def read_offers(
        self, shop: Shop, external_ids: Sequence[str]
    ) -> Mapping[str, Sequence[RemoteOffer]]:
        """Read price and quantity back, as a buyer of each listing would find them."""
        calls = listing_calls(shop)
        if len(external_ids) == 1:
            (only,) = external_ids
            return {only: from_tiktok.listing(calls.product(only)).offers}
        levels = list(calls.stock(external_ids))
        # Any one SKU finds its whole product, so ten products share a call.
        one_sku_each = list({row.product_id: row.sku_id for row in levels}.values())
        rows = calls.search_products(sku_ids=one_sku_each) if one_sku_each else ()
        prices = {sku.id: from_tiktok.price(sku) for row in rows for sku in row.skus}
        return from_tiktok.offers_by_listing(levels, prices)

    def offers_page(self, shop: Shop, *, after: str = "") -> OfferPage:
        """Read the products on sale, a hundred a call: a search tells price and quantity alike."""
        rows, following = listing_calls(shop).live_products(after=after)
        return OfferPage(
            {row.id: tuple(map(from_tiktok.offer, row.skus)) for row in rows}, following
        )


def _item_failure(row: ItemFailureRow) -> ItemFailure:
    """Say why one item was refused, from its most particular words."""
    sentences = []
    for one in row.details or (row,):
        explanation = explain(one.code, one.words)
        where = f" (warehouse {one.item_id})" if row.details and one.item_id else ""
        mend = f" {explanation.what_to_do}" if explanation.known else ""
        sentences.append(f"{explanation.title}{where}.{mend}")
    return ItemFailure(
        item_id=row.item_id, message=" ".join(sentences), code=row.code, request_id=row.request_id
    )


class TikTokWarehouses:
    """Tells which warehouses a shop has, return warehouses marked as such."""

    def warehouses(self, shop: Shop) -> list[RemoteWarehouse]:
        return [from_tiktok.warehouse(row) for row in logistics_calls(shop).warehouses()]


class TikTokTaxonomy:
    """The categories, their forms, and the brands."""

    def categories(self, shop: Shop) -> list[RemoteCategory]:
        return [from_tiktok.category(row) for row in listing_calls(shop).categories()]

    def attributes(self, shop: Shop, category_id: str) -> list[RemoteAttribute]:
        rows = listing_calls(shop).attributes(category_id)
        return [from_tiktok.attribute(row) for row in rows]

    def rules(self, shop: Shop, category_id: str) -> CategoryRules:
        return from_tiktok.rules(listing_calls(shop).rules(category_id))

    def brands(self, shop: Shop, *, prefix: str) -> Iterator[RemoteBrand]:
        for row in listing_calls(shop).brands(prefix=prefix):
            yield from_tiktok.brand(row)

    def recommend(self, shop: Shop, *, title: str, description: str) -> str:
        try:
            leaf, _path = listing_calls(shop).recommend(title=title, description=description)
        except RemoteRefused as error:
            if error.code != NO_SUGGESTION:
                raise
            return ""
        return leaf


class TikTokOrders:
    """Reads orders."""

    def orders_since(self, shop: Shop, since: datetime) -> Iterator[ListedOrder]:
        rows = order_calls(shop).search_orders(updated_since=since)
        yield from map(orders_from_tiktok.listed, rows)

    def orders(self, shop: Shop, external_ids: Sequence[str]) -> Iterator[ListedOrder]:
        calls = order_calls(shop)
        for some in in_batches(external_ids, ORDERS_PER_READ):
            yield from _read_orders(calls, some)


def _read_orders(calls: OrderCalls, external_ids: Sequence[str]) -> Iterator[ListedOrder]:
    """Read orders together; if one spoils the call for all, read them one by one."""
    try:
        rows = list(calls.orders(external_ids))
    except RemoteRefused as error:
        if len(external_ids) == 1:
            yield ListedOrder.of(UnreadableOrder(external_ids[0], str(error)))
            return
        for external_id in external_ids:
            yield from _read_orders(calls, [external_id])
        return
    yield from map(orders_from_tiktok.listed, rows)
