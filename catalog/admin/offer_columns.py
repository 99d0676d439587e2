"""The prices of an offer as columns: of the list of all, and of the table below a listing."""

from __future__ import annotations

from django.contrib import admin

from catalog.admin.price_words import limits_words
from catalog.models import Offer
from marketplace.kernel.admin import money


class OfferColumns:
    """What is wanted, what the channel was told and shows, and what a person set."""

    @admin.display(description="Wanted", ordering="price_wanted")
    def wanted(self, row: Offer) -> object:
        return money(row.price_wanted, row.currency)

    @admin.display(description="Sent")
    def sent(self, row: Offer) -> object:
        return money(row.price_sent, row.currency)

    @admin.display(description="Confirmed")
    def confirmed(self, row: Offer) -> object:
        return money(row.price_confirmed, row.currency)

    @admin.display(description="Own price")
    def own(self, row: Offer) -> object:
        return money(row.price_by_hand, row.currency)

    @admin.display(description="Floor – ceiling")
    def limits(self, row: Offer) -> str:
        return limits_words(row)
