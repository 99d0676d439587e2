"""What can be done with listings of the shop that are not joined with a product here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from catalog.bulk_calls import hurry_after_linking
from catalog.models import Product, UnlinkedListing
from catalog.services import linking, matching
from marketplace.kernel.admin_verbs import InBulk, Outcome, Verb, VerbForm, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused

CHANGE = "catalog.change_listing"
#: Each of them is read from the channel; a person waits for no more of them.
MOST_AT_ONCE = 20
NAMED = "named_"


class LinkForm(VerbForm):
    """The products that one listing may be of; for each of its SKUs a person may name ours."""

    product = forms.ChoiceField(
        required=False, widget=UnfoldAdminRadioSelectWidget, label="It is this product"
    )
    sku = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        label="Or another product",
        help_text="The SKU of a product or of one of its variants.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(self.rows.select_related("shop__merchant")[:2])
        if len(rows) != 1:
            raise Refused("Select one listing: each is linked with a product of its own.")
        self.unlinked: UnlinkedListing = rows[0]
        self.remote = linking.look(self.unlinked)
        self.found = linking.candidates(self.unlinked, self.remote)
        self._offer_products()
        for offer in self.remote.offers:
            self.fields[NAMED + offer.external_id] = _sku_field(offer)

    def _offer_products(self) -> None:
        if not self.found:
            del self.fields["product"]
            self.fields["sku"].label = "Product"
            return
        choices = [
            (str(one.product.pk), f"{one.product} ({one.product.sku}): {one.why}")
            for one in self.found
        ]
        field = self.fields["product"]
        field.choices = [*choices, ("", "None of these")]  # type: ignore[attr-defined]
        field.initial = choices[0][0] if self.found[0].is_sure else ""

    def preview(self) -> list[str]:
        """Show the listing as it stands on the channel."""
        skus = ", ".join(matching.sku_of(offer) for offer in self.remote.offers)
        return [f"On the channel: “{self.remote.title}” with the SKUs {skus}."]

    def clean(self) -> dict[str, Any]:
        """Find the product, and try whether each SKU of the listing is one of its variants."""
        cleaned = super().clean() or {}
        target = self._target(cleaned)
        if target is None:
            self.add_error("sku", "Choose a product, or name one by a SKU that exists here.")
            return cleaned
        named = {
            key.removeprefix(NAMED): value
            for key, value in cleaned.items()
            if key.startswith(NAMED) and value
        }
        try:
            matching.pair(target, self.remote, named)
        except Refused as refusal:
            self.add_error(None, refusal.message)
        return {"target": target, "named": named, "remote": self.remote}

    def _target(self, cleaned: dict[str, Any]) -> Product | None:
        own = Product.objects.filter(merchant=self.unlinked.shop.merchant_id)
        if sku := cleaned.get("sku", "").strip():
            return own.filter(Q(sku=sku) | Q(variants__sku=sku)).distinct().first()
        chosen = cleaned.get("product")
        return own.filter(pk=chosen).first() if chosen else None


def _sku_field(offer: Any) -> forms.Field:
    options = " / ".join(value for _, value in offer.options)
    words = f"“{matching.sku_of(offer)}” ({options})" if options else f"“{matching.sku_of(offer)}”"
    return forms.CharField(
        label=f"Our SKU for {words}",
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: found by SKU, identifier or options.",
    )


def link(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    unlinked = UnlinkedListing.objects.select_related("shop__merchant").get(pk=ids[0])
    listing = linking.link(
        unlinked, given["target"], by=who(request), named=given["named"], remote=given["remote"]
    )
    hurry_after_linking(ids)
    return f"Linked with “{listing.product}”. Orders that waited for it go on by themselves."


def ignore(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rows = UnlinkedListing.objects.filter(pk__in=ids)
    return run_batch("Ignored", rows, lambda row: linking.ignore(row, by=who(request)))


def is_open(row: UnlinkedListing) -> bool:
    return row.resolved_at is None


VERBS = (
    Verb(
        name="link",
        label="Link to a product",
        run=link,
        permission=CHANGE,
        form=LinkForm,
        button="Link to a product",
        applies=is_open,
        explanation="The listing on the channel becomes that product's listing. Nothing of the "
        "product changes, and no price is sent until it changes here; from now on quantities are.",
    ),
    Verb(
        name="link_by_itself",
        label="Link by SKU or identifier",
        in_bulk=InBulk("link_by_itself", at_once=MOST_AT_ONCE),
        permission=CHANGE,
        button="Link by SKU or identifier",
        applies=is_open,
    ),
    Verb(
        name="import_as_new",
        label="Import as new product",
        in_bulk=InBulk("import_as_new", at_once=MOST_AT_ONCE),
        permission=CHANGE,
        button="Import as new product",
        applies=is_open,
    ),
    Verb(
        name="ignore",
        label="Ignore",
        run=ignore,
        permission=CHANGE,
        button="Ignore",
        applies=is_open,
    ),
)
