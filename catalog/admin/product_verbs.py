"""What can be done with selected products."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.admin.image_verbs import FIX_OF_PRODUCTS
from catalog.models import Merchant, Shop
from marketplace.kernel.admin_verbs import InBulk, Outcome, Verb, VerbForm
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge


class StageForm(VerbForm):
    shop = forms.ModelChoiceField(
        Shop.objects.none(), label="Sales channel", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        merchants = self.rows.order_by().values("merchant").distinct()
        shops = Shop.objects.connected().filter(merchant__in=merchants)
        self.several = merchants.count() > 1
        if not shops.exists():
            raise Refused(
                "The merchant of these products has no connected shop. Connect one on the "
                "merchant's Integrations page first."
            )
        self.fields["shop"].queryset = shops.select_related("merchant")  # type: ignore[attr-defined]
        self.fields["shop"].label_from_instance = (  # type: ignore[attr-defined]
            lambda shop: f"{shop} – {shop.merchant}" if self.several else str(shop)
        )

    def preview(self) -> list[str]:
        if not self.several:
            return []
        return [
            "The selection holds products of several merchants. Only those of the shop's own "
            "merchant are staged; the rest are refused and counted."
        ]


class TagForm(VerbForm):
    name = forms.CharField(
        label="Tag",
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="One tag per listing category, such as “Dog toys”, makes later steps easy.",
    )


def fetch_images(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    merchants = Merchant.objects.filter(products__in=ids).distinct()
    for merchant in merchants:
        nudge("fetch_images", merchant.pk, label=f"Fetch images: {merchant}")
    names = ", ".join(str(merchant) for merchant in merchants)
    return f"Images of {names} that are known by address only are being fetched."


VERBS = (
    Verb(
        name="stage_listings",
        label="Stage Listings",
        in_bulk=InBulk(
            "stage_listings",
            given=lambda cleaned: {"shop": cleaned["shop"].pk},
            about=lambda cleaned: str(cleaned["shop"]),
        ),
        permission="catalog.add_listing",
        form=StageForm,
        button="Stage Listings",
        explanation="One staged listing per product is created on the shop. Products that are "
        "staged there already stay as they are.",
    ),
    Verb(
        name="apply_tag",
        label="Apply a tag",
        in_bulk=InBulk(
            "apply_tag",
            given=lambda cleaned: {"name": cleaned["name"]},
            about=lambda cleaned: f"“{cleaned['name']}”",
        ),
        permission="catalog.change_product",
        form=TagForm,
    ),
    Verb(
        name="fetch_images",
        label="Fetch images",
        run=fetch_images,
        permission="catalog.change_product",
        button="Fetch images",
    ),
    FIX_OF_PRODUCTS,
)
