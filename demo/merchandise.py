"""What a lister does for one kind of product: a template, certificates, and one new product."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from catalog.models import ChannelCategory, Listing, ListingTemplate, Product
from catalog.states import ListingState
from demo.categories import LEAF_BY_TAG, TEMPLATE_TAG, required_values
from demo.day import LISTINGS, PRODUCTS, Day
from demo.steps import Figures, expect, wait_until

TEMPLATES = "/admin/catalog/listingtemplate/"
CERTIFIED = 8
LEAF = LEAF_BY_TAG[TEMPLATE_TAG]


class Merchandise:
    """Uses the browser of the operations staff that the day has signed in."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.admin = day.admin

    def make_template(self) -> Figures:
        """A template says how every product with a tag is listed: category, title, properties."""
        category = ChannelCategory.objects.get(shop=self.day.shop, name=LEAF, is_leaf=True)
        self.admin.open(f"{TEMPLATES}add/?shop={self.day.shop.pk}")
        self.admin.submit(
            "#listingtemplate_form",
            shop=str(self.day.shop.pk),
            category=str(category.pk),
            name=f"{LEAF} of Harbor & Home",
            title="{brand} {title}",
            **{"conditions-0-kind": "tag", "conditions-0-value": TEMPLATE_TAG},
        )
        template = ListingTemplate.objects.get(shop=self.day.shop)
        values = required_values(category)
        for place, (field, value) in enumerate(values.items()):
            self.admin.open(f"{TEMPLATES}{template.pk}/change/")
            chosen = value[0] if isinstance(value, list) else value
            rule = {"attribute": field.removeprefix("attribute_"), "values": chosen}
            self.admin.submit(
                "#listingtemplate_form",
                **{f"attributes-{place}-{name}": text for name, text in rule.items()},
            )
        expect("every rule was kept", template.attributes.count() == len(values))
        return {
            "template": template.name,
            "taken for": "; ".join(str(one) for one in template.conditions.all()),
            "properties": template.attributes.count(),
        }

    def look_at_template(self) -> Figures:
        """How many staged listings follow it, and what became of the first one's title."""
        following = Listing.objects.filter(template__shop=self.day.shop).select_related("product")
        tagged = Product.objects.filter(merchant=self.day.merchant, tags__name=TEMPLATE_TAG)
        staged = Listing.objects.filter(shop=self.day.shop, product__in=tagged)
        expect("each product with the tag follows it", following.count() == staged.count() > 0)
        first = following.order_by("pk")[0]
        expect("it has the template's category", bool(first.category))
        return {
            "follow it": following.count(),
            "one of them": f"“{first.title_to_send}” in {first.category}",
        }

    # -- certificates ----------------------------------------------------------------------------

    def certify(self) -> Figures:
        """Certificates uploaded on the products' pages make toys “Ready to Publish”."""
        rows = [
            row
            for row in Listing.objects.filter(shop=self.day.shop).incomplete().order_by("pk")
            if [gap["field"] for gap in row.missing] == ["certificate"]
        ]
        before = len(rows)
        path = self._document()
        for row in rows[:CERTIFIED]:
            self._upload_certificate(row, path)
        mended = Listing.objects.filter(pk__in=[row.pk for row in rows[:CERTIFIED]])
        expect("each became ready", mended.ready().count() == CERTIFIED)
        return {
            "lacked a certificate alone": before,
            "asked": rows[0].missing[0]["sentence"],
            "certificates uploaded": CERTIFIED,
            "became ready": mended.ready().count(),
        }

    def _document(self) -> Path:
        path = self.day.directory / "certificate.pdf"
        Picture.new("RGB", (827, 1169), "white").save(path)
        return path

    def _upload_certificate(self, listing: Listing, path: Path) -> None:
        """Add a row under “Certificates” on the product's page, as its button does, and save."""
        assert listing.category
        kind = next(item["id"] for item in listing.category.certifications if item["required"])
        self.admin.open(f"{PRODUCTS}{listing.product_id}/change/")
        self.admin.add_row("certificates")
        with path.open("rb") as stream:
            self.admin.submit(
                "#product_form",
                **{
                    "certificates-0-external_id": kind,
                    "certificates-0-file": stream,
                    "certificates-0-expires_on": "2031-01-31",
                },
            )

    # -- one new product -------------------------------------------------------------------------

    def create_one(self) -> Figures:
        """The “New product” page: everything typed on one page, “Save and publish”, and it is live.

        Shop and category are shown first, as for a browser without scripts, then the properties.
        """
        category = ChannelCategory.objects.get(shop=self.day.shop, name="Mugs", is_leaf=True)
        self.admin.open(f"{PRODUCTS}add/")
        form = "#product_create"
        shop = str(self.day.shop.pk)
        self.admin.submit(form, button="channel", merchant=str(self.day.merchant.pk), shop=shop)
        self.admin.submit(form, button="channel", category=str(category.pk))
        self.admin.submit(form, button="1", **self._typed(), **required_values(category))
        listing = Listing.objects.get(shop=self.day.shop, product__sku="HARBOR-NEW-1")
        expect(
            "the page that follows is the listing's",
            f"{LISTINGS}{listing.pk}" in self.admin.address,
        )
        said = " ".join(self.admin.messages())
        wait_until("it is live", lambda: self._state(listing) == ListingState.ACTIVE)
        listing.refresh_from_db()
        there = self.day.sandbox.product(listing.external_id)
        return {
            "said": said,
            "on TikTok": there["title"],
            "its price and units": [sku["price"] for sku in there["skus"]]
            + [str(sku["available"]) for sku in there["skus"]],
        }

    def _typed(self) -> dict[str, Any]:
        center = self.day.merchant.fulfillment_centers.order_by("pk")[0]
        picture = BytesIO()
        Picture.new("RGB", (1000, 1000), (40, 90, 130)).save(picture, "JPEG")
        picture.seek(0)
        picture.name = "lantern-mug.jpg"
        return {
            "title": "Lantern Enamel Camping Mug with a Steel Rim",
            "sku": "HARBOR-NEW-1",
            "description": "<p>Enamel on steel, 400 ml, for the stove and the dishwasher.</p>",
            "brand": "",
            "tags": "Drinkware, New",
            "pictures": picture,
            "price": "14.90",
            "weight": "0.6",
            "length": "5",
            "width": "4",
            "height": "4",
            "quantity": "35",
            "fulfillment_center": str(center.pk),
        }

    def _state(self, listing: Listing) -> str:
        listing.refresh_from_db()
        return listing.state
