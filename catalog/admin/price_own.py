"""Own price, floor and ceiling of each SKU of one listing, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from catalog.admin.hurry import hurry_prices
from catalog.models import Listing, Offer
from catalog.services import own_prices
from catalog.services.own_prices import COLUMNS, Own
from marketplace.kernel.admin import BaseAdmin, changelist_url
from marketplace.kernel.admin_verbs import Selection, recall, who

PAGE = "admin:catalog_offer_own_prices"
CHANGE = "catalog.change_offer"
LABELS = {"price_by_hand": "Own price", "price_floor": "Floor", "price_ceiling": "Ceiling"}


class OwnPricesForm(forms.Form):
    """Three amounts for each offer; an empty one is none."""

    def __init__(self, offers: Sequence[Offer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
        for offer in offers:
            for column in COLUMNS:
                label = f"{LABELS[column]} of {offer.variant.sku}"
                self.fields[f"{column}_{offer.pk}"] = forms.DecimalField(
                    label=label, required=False, min_value=0, max_digits=12, decimal_places=2,
                    initial=getattr(offer, column),
                    widget=UnfoldAdminDecimalFieldWidget(attrs={"aria-label": label}),
                )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for offer in self.offers:
            floor = given.get(f"price_floor_{offer.pk}")
            ceiling = given.get(f"price_ceiling_{offer.pk}")
            if floor is not None and ceiling is not None and floor > ceiling:
                words = f"The ceiling {ceiling} is below the floor {floor}."
                self.add_error(f"price_ceiling_{offer.pk}", words)
        return given

    def lines(self) -> list[tuple[Offer, list[forms.BoundField]]]:
        """Each offer with its three fields."""
        return [
            (offer, [self[f"{column}_{offer.pk}"] for column in COLUMNS]) for offer in self.offers
        ]

    def values(self) -> dict[int, Own]:
        """By offer's id, the columns that a person changed."""
        found: dict[int, Own] = {}
        for offer in self.offers:
            given: dict[str, Decimal | None] = {
                column: self.cleaned_data[f"{column}_{offer.pk}"] for column in COLUMNS
            }
            changed = {
                column: value for column, value in given.items() if value != getattr(offer, column)
            }
            if changed:
                found[offer.pk] = changed
        return found


def own_prices_view(request: HttpRequest, token: str, model_admin: BaseAdmin) -> HttpResponse:
    """Set or take away own prices and limits, SKU by SKU."""
    if not request.user.has_perms([CHANGE, "catalog.view_listing"]):
        raise PermissionDenied
    selection = recall(request, Listing, token)
    if selection is None:
        messages.error(request, "This selection is no longer known. Select the listing again.")
        return HttpResponseRedirect(changelist_url(Listing))
    if len(selection.ids) > 1:
        messages.error(
            request,
            "Select one listing to set the price of each SKU; for several use “Set own price” or "
            "“Set floor and ceiling”.",
        )
        return HttpResponseRedirect(selection.back)
    offers = list(
        Offer.objects.filter(listing__in=selection.ids)
        .select_related("variant", "listing__shop", "listing__product")
        .order_by("variant__position", "pk")
    )
    form = OwnPricesForm(offers, *((request.POST,) if request.method == "POST" else ()))
    if form.is_bound and form.is_valid():
        return _store(request, form, selection)
    return model_admin.page(
        request,
        "admin/price_own.html",
        "Own prices and limits",
        media=model_admin.media + form.media,
        form=form,
        listing=offers[0].listing if offers else None,
        back=selection.back,
    )


def _store(request: HttpRequest, form: OwnPricesForm, selection: Selection) -> HttpResponse:
    values = form.values()
    if not values:
        messages.info(request, "Nothing was changed.")
        return HttpResponseRedirect(selection.back)
    report = own_prices.set_own(values, by=who(request), now=timezone.now())
    hurry_prices([form.offers[0].listing.shop])
    (messages.success if report.is_clean else messages.warning)(request, report.summary())
    return HttpResponseRedirect(selection.back)
