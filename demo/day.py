"""A merchant's whole day: from a product file to a tracking number that TikTok has."""

from __future__ import annotations

import os
import time
from collections import Counter
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import call_command
from django.db.models import QuerySet

from catalog.models import (
    ChannelCategory,
    Listing,
    ListingQuerySet,
    Offer,
    OfferStock,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    Tag,
    Variant,
)
from catalog.services import stock as ledger
from catalog.states import ListingState, ShopState
from demo.categories import LEAF_BY_TAG, TEMPLATE_TAG, required_values
from demo.doors import Admin, Browser, Sandbox
from demo.people import OWNER, STAFF, People
from demo.steps import Figures, expect, wait_until

FILES = Path(__file__).parent
PRODUCTS, LISTINGS = "/admin/catalog/product/", "/admin/catalog/listing/"
CREATE = "POST /product/202309/products"
UPLOAD = "POST /product/202309/images/upload"
REVIEW_SECONDS = 4
UPLOAD_FILE = "POST /product/202309/files/upload"


class Day:
    """The people, their browsers, and what happens on the way to live listings."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.merchant = people.merchant
        self.admin = Admin(settings.BASE_URL)
        self.owner = Browser(settings.BASE_URL)
        self.sandbox = Sandbox(os.environ["DEMO_SANDBOX_URL"])
        self.directory = Path(os.environ["DEMO_DIRECTORY"])

    # -- a. products come in -----------------------------------------------------------------

    def import_products(self) -> Figures:
        """`manage.py import_products` twice: the second time changes nothing."""
        first = self._import_command("catalog.csv", pictures=True)
        products, variants = self._products().count(), self._variants().count()
        self._import_command("parcels.csv")
        before = self._versions()
        again = self._import_command("catalog.csv")
        expect("importing the same file again changes nothing", before == self._versions())
        expect("at least 300 products came in", products >= 300)
        return {
            "products": products,
            "variants": variants,
            "said": first.splitlines()[0],
            "refused and noted": [line.strip() for line in first.splitlines()[1:] if line.strip()],
            "second import said": again.splitlines()[0],
        }

    def _import_command(self, name: str, *, pictures: bool = False) -> str:
        out = StringIO()
        options = ["--merchant", self.merchant.slug]
        if pictures:
            options += ["--pictures", str(self.directory / "pictures")]
        call_command("import_products", str(FILES / name), *options, stdout=out, stderr=out)
        return out.getvalue()

    def _versions(self) -> dict[int, object]:
        return dict(self._variants().values_list("pk", "updated_at"))

    def _products(self) -> QuerySet[Product]:
        return Product.objects.filter(merchant=self.merchant)

    def _variants(self) -> QuerySet[Variant]:
        return Variant.objects.filter(merchant=self.merchant)

    # -- b. stock ----------------------------------------------------------------------------

    def receive_stock(self) -> Figures:
        """A stock count by CSV in the admin; every unit goes through the ledger."""
        self.admin.sign_in("/admin/login/", STAFF, self.people.staff_password)
        sheet = self.directory / "stock.csv"
        lines = (FILES / "stock.csv").read_text().splitlines()
        sheet.write_text(
            "\n".join([f"merchant,{lines[0]}", *(f"{self.merchant.slug},{x}" for x in lines[1:])])
        )
        form = 'form[enctype="multipart/form-data"]'
        self.admin.upload("/admin/kernel/sheetimport/new/stock/", form, "file", sheet)
        page = self.admin.address
        wait_until("the file is checked", lambda: self.says(page, "Waiting for a decision"))
        self.admin.submit('form[action$="/ask/apply/"]')
        wait_until("the counts are applied", lambda: self.says(page, "Applied"))
        levels = StockLevel.objects.filter(variant__merchant=self.merchant)
        units: Counter[str] = Counter()
        for level in levels.select_related("fulfillment_center"):
            units[str(level.fulfillment_center)] += level.on_hand
        expect("stock came in", levels.count() > 0)
        expect("the ledger adds up", ledger.drift() == [])
        return {
            "levels": levels.count(),
            "units": dict(units),
            "ledger lines": StockMovement.objects.filter(variant__merchant=self.merchant).count(),
        }

    def says(self, page: str, words: str) -> bool:
        """Whether a page of the admin says this, when it is opened again."""
        self.admin.open(page)
        return words in self.admin.text()

    # -- c. the shop is connected ------------------------------------------------------------

    def connect(self) -> Figures:
        """Integrations page, consent in the sandbox, callback, mapping, “Confirm & Activate”."""
        self.owner.sign_in("/sign-in/", OWNER, self.people.owner_password)
        there = self.sandbox.get("/shops")["shops"][0]
        connect_shop(self.owner, there["id"], ["Amazon MCF East", "Reno Warehouse"])
        self.shop = Shop.objects.get(merchant=self.merchant, state=ShopState.ACTIVE)
        expect("quantity export is on", self.shop.push_quantity)
        return {
            "shop": str(self.shop),
            "state": self.shop.get_state_display(),
            "mapped": [str(row) for row in self.shop.mappings.all()],
        }

    # -- e. what exists on the shop comes home -------------------------------------------------

    def import_listings(self) -> Figures:
        """The worker imports the shop's own listings with their prices and quantities."""
        on_shop = self.sandbox.get("/shops/first/products")["products"]
        wait_until(
            "every listing of the shop is here",
            lambda: self._listings().exclude(external_id="").count() == len(on_shop),
        )
        wait_until(
            "the categories are here",
            lambda: ChannelCategory.objects.filter(shop=self.shop).leaves().count() >= 60,
        )
        found = self._listings()
        return {
            "on the shop": len(on_shop),
            "imported": found.count(),
            "with variants": found.exclude(product__option_names=[]).count(),
            "quantities": OfferStock.objects.filter(offer__listing__shop=self.shop).count(),
            "categories": ChannelCategory.objects.filter(shop=self.shop).leaves().count(),
        }

    def _listings(self) -> ListingQuerySet:
        return Listing.objects.filter(shop=self.shop)

    # -- d. staged, categorized, published ----------------------------------------------------

    def graduate(self) -> Figures:
        """TikTok ends the shop's probation; the merchant says so in the shop's settings."""
        self.sandbox.patch("/shops/first", {"probation": {"is_active": False}})
        path = f"/shops/{self.shop.pk}/settings/"
        self.owner.open(path)
        form = f'form[action="/shops/{self.shop.pk}/quota/"]'
        self.owner.window.select_form(form)
        self.owner.window["on_probation"] = False
        self.owner.window.submit_selected()
        self.shop.refresh_from_db()
        expect("the shop is no longer on probation", not self.shop.on_probation)
        return {"on probation": self.shop.on_probation}

    def stage(self) -> Figures:
        """“Stage Listings” for every product of the file; a second time creates none."""
        ids = list(
            self._products().exclude(source__startswith="Imported").values_list("pk", flat=True)
        )
        said = self.admin.act(PRODUCTS, "stage_listings", ids, shop=str(self.shop.pk))
        again = self.admin.act(PRODUCTS, "stage_listings", ids, shop=str(self.shop.pk))
        staged = self._listings().filter(product__in=ids).count()
        expect("one listing per product", staged == len(ids))
        return {"staged": staged, "said": said, "second time said": again}

    def categorize(self) -> Figures:
        """By tag: one category for all of them, then the properties that it requires."""
        said: Counter[str] = Counter()
        for tag, leaf in LEAF_BY_TAG.items():
            if tag == TEMPLATE_TAG:
                continue
            rows = self._listings().filter(external_id="", product__tags__name=tag)
            ids = list(rows.values_list("pk", flat=True))
            tagged = Tag.objects.get(merchant=self.merchant, name=tag)
            shown = f"{LISTINGS}?{urlencode({'product__tags__id__exact': tagged.pk})}"
            category = self.categorize_as(leaf, self.shop, ids, shown=shown)
            said[category.path.split(" > ")[0]] += len(ids)
        states = self._states()
        reasons = self._reasons()
        expect("listings are ready", states.get("ready", 0) > 100)
        return {"categorized": dict(said), "by state": states, "why incomplete": reasons}

    def categorize_as(
        self, leaf: str, shop: Shop, ids: list[int], *, shown: str = LISTINGS
    ) -> ChannelCategory:
        """“Categorize”, then “Fill in properties” with a value for each that is required.

        `shown` is the address of the list from which they are selected, with its filter.
        """
        category = ChannelCategory.objects.get(shop=shop, name=leaf, is_leaf=True)
        self.admin.act(shown, "categorize", ids, category=str(category.pk))
        if values := required_values(category):
            self.admin.act(shown, "fill_in", ids, **values)
        return category

    def _states(self) -> dict[str, int]:
        return dict(
            Counter(self._listings().filter(imported_at=None).values_list("state", flat=True))
        )

    def _reasons(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for gaps in self._listings().filter(state="incomplete").values_list("missing", flat=True):
            found.update(gap["field"] for gap in gaps)
        return dict(found)

    def fix_images(self) -> Figures:
        """“Fix images” for every listing whose picture is not compliant; the original is kept."""
        wrong = [
            row.pk
            for row in self._listings().incomplete()
            if any(gap["field"] == "image" for gap in row.missing)
        ]
        before = self._reasons().get("image", 0)
        said = self.admin.act(LISTINGS, "fix_images", wrong, enlarge=True)
        wait_until(
            "no listing is incomplete for its picture",
            lambda: self._reasons().get("image", 0) == 0,
        )
        return {"not compliant": before, "said": said, "left": self._reasons().get("image", 0)}

    def publish(self) -> Figures:
        """“Publish” in bulk and for one; review; what is refused shows TikTok's words."""
        self._make_trouble()
        before = self._calls()
        ready = list(self._listings().ready().values_list("pk", flat=True))
        single, rest = ready[0], ready[1:]
        one = self.admin.act(f"{LISTINGS}?{urlencode({'tab': 'ready'})}", "publish", [single])
        many = self.admin.act(f"{LISTINGS}?{urlencode({'tab': 'ready'})}", "publish", rest)
        suspended = self._wait_for_reviews()
        states = self._states()
        live = self._listings().filter(imported_at=None, state=ListingState.ACTIVE).count()
        refused = self._listings().filter(state__in=[ListingState.ERROR, ListingState.REJECTED])
        calls = {name: count - before.get(name, 0) for name, count in self._calls().items()}
        created, uploads = calls.get(CREATE, 0), calls.get(UPLOAD, 0)
        documents = calls.get(UPLOAD_FILE, 0)
        on_shop = [
            sku
            for product in self.sandbox.get("/shops/first/products")["products"]
            for sku in product["seller_skus"]
        ]
        expect("no SKU is listed twice", len(on_shop) == len(set(on_shop)))
        expect("listings are active", live > 100)
        return {
            "said for one": one,
            "said in bulk": many,
            "seen as Suspended": suspended,
            "active": live,
            "by state": states,
            "refused": [
                f"{row.product.sku} ({row.get_state_display()}): {row.problem}"
                f"{f' (code {row.problem_code}' if row.problem_code else ''}"
                f"{f', request {row.problem_request_id})' if row.problem_request_id else ''}"
                for row in refused.select_related("product")
            ],
            "create calls": created,
            "image uploads": uploads,
            "document uploads": documents,
            "calls per listing (create and uploads)": round(
                (created + uploads + documents) / created, 2
            ),
            "all calls meanwhile": sum(calls.values()),
        }

    def _calls(self) -> dict[str, int]:
        """How often each endpoint was called, by the sandbox's own log."""
        return dict(self.sandbox.get("/calls")["counts"])

    def _wait_for_reviews(self) -> int:
        """Until everything went out and was reviewed; return how many were seen in review."""
        pending = [ListingState.QUEUED, ListingState.PUBLISHING]
        wait_until(
            "everything that was queued went out",
            lambda: not self._listings().filter(state__in=pending).exists(),
            seconds=300,
        )
        suspended = list(self._in_review().values_list("pk", flat=True))
        if suspended:
            # The reviews take seconds here. They are read every minute; a person may ask at once.
            time.sleep(REVIEW_SECONDS)
            self.admin.act(LISTINGS, "ask_channel", suspended)
        wait_until(
            "TikTok reviewed everything",
            lambda: not self._in_review().exists(),
            seconds=180,
        )
        return len(suspended)

    def _in_review(self) -> ListingQuerySet:
        return self._listings().filter(state=ListingState.IN_REVIEW)

    def _make_trouble(self) -> None:
        """One listing will be refused at once, and one in review."""
        unlucky = self._listings().ready().order_by("pk")[2]
        self.sandbox.post(
            "/faults",
            {
                "kind": "business_error",
                "path": "/product/202309/products",
                "method": "POST",
                "count": 1,
                "code": 12052208,
                "message": "This brand needs an authorization that your shop does not have.",
            },
        )
        self.sandbox.post(
            "/faults",
            {
                "kind": "review_failure",
                "match": unlucky.title_to_send,
                "count": 1,
                "reason": "The title looks like spam.",
            },
        )

    def figures_shown(self, offer: Offer) -> tuple[str, dict[str, int]]:
        """Price and units by warehouse that the sandbox shows for an offer."""
        product = self.sandbox.product(offer.listing.external_id)
        sku = next(row for row in product["skus"] if row["id"] == offer.external_id)
        return sku["price"], sku["available"]


def connect_shop(owner: Browser, shop_id: str, centers: list[str]) -> None:
    """Consent for one shop of the sandbox, and map its warehouses, in order, to these centers."""
    owner.open("/integrations/")
    owner.submit('form[action="/integrations/tiktok_shop/connect/"]')
    expect("the browser is at the sandbox's consent page", "/open/authorize" in owner.address)
    owner.submit("form", button="approve", shop_id=shop_id)
    expect("the way back leads to the mapping", "/mapping/" in owner.address)
    prompt = " ".join(row.get_text() for row in owner.window.page.select("form:has(select) table"))
    expect("the return warehouse is not on the prompt", "eturn" not in prompt)
    selects = owner.window.page.select("form select")
    chosen = {
        select["name"]: next(
            option["value"] for option in select.find_all("option") if center in option.text
        )
        for select, center in zip(selects, centers, strict=True)
    }
    owner.submit("form:has(select)", **chosen)
