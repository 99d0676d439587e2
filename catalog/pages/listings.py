"""The listings workspace of a merchant: what is ready, what is on the channel, what is wrong."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Drift, Image, Listing, ListingQuerySet, Offer, OfferStock, Shop, Tag
from catalog.pages.access import MerchantRequest, merchant_required
from catalog.pages.forms import OwnPriceForm
from catalog.pages.lists import number_in, page_of, tabs_of
from catalog.services import forecast, price_looks, price_view, quantity_looks
from catalog.services.price_view import Asked
from catalog.states import ListingState

TAGS_SHOWN = 500
EVENTS_SHOWN = 50


#: The tabs of the workspace: key, label, and why a listing is there.
TABS = {
    "all": ("All", "Every staged or published listing."),
    "incomplete": (
        "Incomplete",
        "The channel asks for something these listings do not have yet. The reason is beside each; "
        "a listing moves to “Ready to Publish” by itself when it is complete.",
    ),
    "ready": (
        "Ready to Publish",
        "Everything the channel asks for is there. They wait for “Publish”.",
    ),
    "queued": (
        "Queued",
        "They will be sent in turn, as far as the shop's daily limit allows.",
    ),
    "suspended": (
        "Suspended",
        "Published and in the channel's review, which usually takes minutes.",
    ),
    "active": ("Active", "On sale."),
    "attention": (
        "Needs attention",
        "Refused by the channel or failed in review. The channel's words are beside each.",
    ),
    "drift": (
        "Channel differs",
        "When the channel was last read, it showed another price or quantity than the one that was "
        "sent. It is sent again by itself.",
    ),
    "held": (
        "Prices held back",
        "A price stays as it is or is not sent: a rate is missing, or its limits leave no price. "
        "The reason is beside each SKU on the listing's page.",
    ),
    "changed": (
        "Changes not published",
        "Changed here since the last publish. Price and quantity travel by themselves; everything "
        "else needs “Publish” again.",
    ),
    "inactive": ("Inactive", "Deactivated, frozen or deleted on the channel."),
}


def named_lists(found: ListingQuerySet) -> dict[str, tuple[str, str, QuerySet[Listing]]]:
    """Which of these listings are in which tab."""
    rows = {
        "all": found,
        "incomplete": found.incomplete(),
        "ready": found.ready(),
        "queued": found.filter(state__in=(ListingState.QUEUED, ListingState.PUBLISHING)),
        "suspended": found.under_review(),
        "active": found.filter(state=ListingState.ACTIVE),
        "attention": found.needing_attention(),
        "drift": found.filter(pk__in=Drift.objects.open().values("offer__listing")),
        "held": found.filter(
            Exists(
                Offer.objects.filter(
                    price_looks.KEPT | price_looks.NOT_SENT, listing=OuterRef("pk")
                )
            )
        ),
        "changed": found.with_unpublished_changes(),
        "inactive": found.filter(state=ListingState.INACTIVE),
    }
    return {key: (*words, rows[key]) for key, words in TABS.items()}


@merchant_required
@require_safe
def listing_list(request: MerchantRequest) -> HttpResponse:
    """Every listing of the merchant, newest first, with its reasons."""
    merchant = request.access.merchant
    shops = list(Shop.objects.filter(merchant=merchant))
    search = request.GET.get("q", "").strip()
    shop, tag = number_in(request, "shop"), number_in(request, "tag")
    found = Listing.objects.filter(shop__in=[row.pk for row in shops])
    if shop is not None:
        found = found.filter(shop=shop)
    if tag is not None:
        found = found.filter(product__tags=tag)
    if search:
        found = found.filter(
            Q(title__icontains=search)
            | Q(product__title__icontains=search)
            | Q(product__sku__icontains=search)
            | Q(external_id=search)
        )
    named = named_lists(found)
    tabs, tab = tabs_of(named, request.GET.get("tab", ""))
    rows = named[tab.key][2].select_related("product", "shop", "category")
    images = Image.objects.exclude(file="").order_by("position", "pk")
    context = {
        "tabs": tabs,
        "tab": tab,
        "page": page_of(
            request,
            rows.prefetch_related(Prefetch("product__images", images, to_attr="pictures")),
            tab.count,
        ),
        "shops": shops,
        "shop": shop,
        "tags": Tag.objects.filter(merchant=merchant)[:TAGS_SHOWN],
        "tag": tag,
        "search": search,
    }
    return render(request, "catalog/listings.html", context)


#: What no page of a merchant shows; the people of operations fill it in.
ELSEWHERE = ("category", "attribute")


def where_it_shows(listing: Listing, item: dict[str, str]) -> str:
    """The merchant's page of the field that a requirement is about; empty where there is none."""
    name = item["field"].partition(":")[0]
    if name == "quantity":
        return reverse("mapping", args=[listing.shop_id])
    return "" if name in ELSEWHERE else reverse("product", args=[listing.product_id])


@merchant_required
@require_safe
def listing_page(request: MerchantRequest, pk: int) -> HttpResponse:
    """One listing: what it misses, what the channel said, its offers and its timeline."""
    return show_listing(request, pk)


def show_listing(
    request: MerchantRequest, pk: int, form: OwnPriceForm | None = None
) -> HttpResponse:
    """The page of one listing; with a form that was not accepted, its SKU and what is wrong."""
    stocks = OfferStock.objects.select_related("warehouse").order_by("warehouse__name")
    offers = (
        Offer.objects.select_related("variant")
        .prefetch_related(Prefetch("stocks", stocks))
        .order_by("variant__position", "variant__pk")
    )
    listings = Listing.objects.filter(shop__merchant=request.access.merchant)
    listing = get_object_or_404(
        listings.select_related(
            "product__merchant", "shop", "category", "requested_by"
        ).prefetch_related(Prefetch("offers", offers), "attributes__attribute"),
        pk=pk,
    )
    shown = [stock for offer in listing.offers.all() for stock in offer.stocks.all()]
    reasons = quantity_looks.why(stock.pk for stock in shown)
    for stock in shown:
        stock.why = reasons[stock.pk]  # type: ignore[attr-defined]
    asked = Asked.of(request.GET)
    view = price_view.of_listing(
        listing, Asked(form.offer.variant_id, asked.days) if form else asked, timezone.now()
    )
    if form is None and view and request.access.may_change:
        form = OwnPriceForm(view.standings[0].offer)
    context = {
        "listing": listing,
        "missing": [{**item, "url": where_it_shows(listing, item)} for item in listing.missing],
        "goes_out": forecast.of_listings([listing]).get(listing.pk),
        "offers": listing.offers.all(),
        "attributes": listing.attributes.all(),
        "events": listing.events.all()[:EVENTS_SHOWN],
        "support_email": settings.SUPPORT_EMAIL,
        "review_failed": listing.state == ListingState.REJECTED,
        "view": view,
        "form": form,
    }
    return render(request, "catalog/listing.html", context)
