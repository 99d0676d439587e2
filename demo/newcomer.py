"""A second merchant's new shop: 250 listings against 100 uploads a day, and a worker that dies."""

from __future__ import annotations

import csv
import os
import signal
import time
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import call_command
from django.db.models import QuerySet

from catalog.models import ChannelCategory, Listing, ListingEvent, ListingQuerySet, Product, Shop
from catalog.states import ListingState, ShopState
from demo.day import CREATE, LISTINGS, PRODUCTS, UPLOAD, Day, connect_shop
from demo.doors import Browser
from demo.passing import let_pass
from demo.people import NEWCOMER
from demo.steps import Figures, expect, wait_until

PRODUCTS_IN_ALL, A_DAY, PICTURES = 250, 100, 25
#: The worker is killed when so many of the second day's listings are out.
OUT_BEFORE_THE_KILL = 25

COLUMNS = (
    "sku title description tags price currency weight weight_unit length width height "
    "dimension_unit quantity fulfillment_center image_urls"
)


class Newcomer:
    """What happens on the new shop; runs in the browsers of the day before."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.merchant = day.people.newcomer
        self.sandbox = day.sandbox

    # -- the shop and its products -------------------------------------------------------------

    def arrive(self) -> Figures:
        """Another seller's shop is connected, and 250 products are staged and categorized."""
        there = self.sandbox.post("/shops", {"name": f"Tidepool {self.merchant.pk}"})
        owner = Browser(settings.BASE_URL)
        owner.sign_in("/sign-in/", NEWCOMER, self.day.people.newcomer_password)
        connect_shop(owner, there["id"], ["Bay Warehouse", "Gulf Warehouse"])
        self.shop = Shop.objects.get(merchant=self.merchant, state=ShopState.ACTIVE)
        self.external_id = there["id"]
        expect("the shop is on probation", self.shop.on_probation)
        said = self._import(self._file())
        wait_until(
            "the categories are here",
            lambda: ChannelCategory.objects.filter(shop=self.shop).leaves().count() >= 60,
        )
        ids = list(self._products().values_list("pk", flat=True))
        self.day.admin.act(PRODUCTS, "stage_listings", ids, shop=str(self.shop.pk))
        self.day.categorize_as("Mugs", self.shop, self._ids())
        expect("all are ready", self._listings().ready().count() == PRODUCTS_IN_ALL)
        return {
            "shop": f"{self.shop}, {self.shop.daily_listing_limit} new listings a day",
            "said of the file": said,
            "ready": self._listings().ready().count(),
        }

    def _file(self) -> Path:
        """A product file of mugs; ten share a picture, as ten sizes of one design would."""
        path = self.day.directory / "mugs.csv"
        pictures = sorted((self.day.directory / "pictures").glob("*mug*.jpg"))
        pictures += sorted((self.day.directory / "pictures").glob("*.jpg"))
        with path.open("w", newline="") as stream:
            sheet = csv.writer(stream)
            sheet.writerow(COLUMNS.split())
            for number in range(1, PRODUCTS_IN_ALL + 1):
                picture = pictures[number % PICTURES].name
                sheet.writerow(
                    [
                        f"TIDE-{number:03}",
                        f"Tidepool Stoneware Mug No. {number:03} for Coffee and Tea",
                        f"<p>Mug no. {number} of the tide series, glazed by hand, 350 ml.</p>",
                        "Mugs",
                        f"{12 + number % 9}.50",
                        "USD",
                        *("0.9", "lb", "5", "4", "4", "in"),
                        20 + number % 30,
                        "bay-warehouse",
                        f"https://pictures.example/catalog/{picture}",
                    ]
                )
        return path

    def _import(self, path: Path) -> str:
        out = StringIO()
        call_command(
            "import_products",
            str(path),
            *("--merchant", self.merchant.slug),
            *("--pictures", str(self.day.directory / "pictures")),
            *("--fulfillment-center", "bay-warehouse"),
            stdout=out,
        )
        return out.getvalue().splitlines()[0]

    # -- three days ----------------------------------------------------------------------------

    def first_day(self) -> Figures:
        """All 250 are published at once: 100 go out, 150 wait and say why and until when."""
        self.created_before = self._calls(CREATE)
        self.uploads_before = self._calls(UPLOAD)
        path = f"{LISTINGS}?{urlencode({'tab': 'ready'})}"
        self.day.admin.act(path, "publish", self._ids(), only_open=True)
        plan = self.day.admin.text()
        expect("the form says on which days they go", "100 today, 100 tomorrow" in plan)
        self.day.admin.act(path, "publish", self._ids())
        self._wait_until_out(A_DAY)
        wait_until(
            "those that wait say why",
            lambda: self._waiting().filter(problem__startswith="Waiting").count() == 150,
        )
        first, last = self._waiting().order_by("pk")[0], self._waiting().order_by("-pk")[0]
        expect("exactly the limit was created", self._creates() == A_DAY)
        return {
            "live or in review": self._out().count(),
            "waiting": self._waiting().count(),
            "create calls": self._creates(),
            "why": first.problem,
            "the first of them goes out": self._eta(first),
            "the last of them goes out": self._eta(last),
        }

    def _eta(self, listing: Listing) -> str:
        """The words of the listing's page on when it goes out."""
        self.day.admin.open(f"{LISTINGS}{listing.pk}/change/")
        text = self.day.admin.text()
        words = next((w for w in ("tomorrow (", "in 2 days (") if w in text), "")
        expect(f"the page of {listing} says when it goes out", bool(words))
        start = text.index(words)
        return text[start : text.index(")", start) + 1]

    def second_day(self) -> Figures:
        """The next day begins; the worker is killed while it publishes, and nothing is twice."""
        self._slow_down(0.15)
        let_pass(self.sandbox, self.shop, days=1)
        wait_until(
            f"{OUT_BEFORE_THE_KILL} of the second day are out",
            lambda: self._out().count() >= A_DAY + OUT_BEFORE_THE_KILL,
        )
        self._slow_down(1.0)
        time.sleep(0.5)  # by now a create call is on its way, and its answer is not here
        self._kill_the_worker()
        self.sandbox.delete("/faults")
        out, in_hand = self._out().count(), self._in_hand().count()
        expect("it died with listings in its hands", in_hand > 0)
        expect("at least 20 were still to go", 2 * A_DAY - out >= 20)
        wait_until(
            "TikTok did what the dead worker had asked for",
            lambda: len(self._on_shop()) > self._out().count(),
        )
        # Longer than a claim on a listing holds, and than a dead worker's lease on its work.
        let_pass(self.sandbox, self.shop, minutes=6)
        self._wait_until_out(2 * A_DAY)
        self._check_that_nothing_is_twice(2 * A_DAY)
        expect("what the dead worker created was found", self._found_there() > 0)
        return {
            "out when the worker was killed": out - A_DAY,
            "in its hands": in_hand,
            "found on the channel instead of created again": self._found_there(),
            "out at the end of the day": self._out().count() - A_DAY,
            "create calls of both days": self._creates(),
        }

    def _slow_down(self, seconds: float) -> None:
        """From now on TikTok takes so long for each create call."""
        method, path = CREATE.split()
        self.sandbox.delete("/faults")
        self.sandbox.post(
            "/faults", {"kind": "slow", "path": path, "method": method, "seconds": seconds}
        )

    def _kill_the_worker(self) -> None:
        """SIGKILL for the worker and all its children, in the midst of what they do."""
        watcher = int((self.day.directory / "worker.pid").read_text())
        children = Path(f"/proc/{watcher}/task/{watcher}/children").read_text().split()
        expect("the watcher has a worker", len(children) == 1)
        os.killpg(int(children[0]), signal.SIGKILL)

    def third_day(self) -> Figures:
        """The last 50; then every listing is on the shop exactly once."""
        let_pass(self.sandbox, self.shop, days=1)
        self._wait_until_out(PRODUCTS_IN_ALL)
        wait_until(
            "all are Active",
            lambda: self._listings().filter(state=ListingState.ACTIVE).count() == PRODUCTS_IN_ALL,
        )
        self._check_that_nothing_is_twice(PRODUCTS_IN_ALL)
        return {
            "active": self._listings().filter(state=ListingState.ACTIVE).count(),
            "products on the shop": len(self._on_shop()),
            "create calls": self._creates(),
            "picture uploads": self._calls(UPLOAD) - self.uploads_before,
        }

    # -- looking -------------------------------------------------------------------------------

    def _check_that_nothing_is_twice(self, count: int) -> None:
        there = self._on_shop()
        skus = [sku for product in there for sku in product["seller_skus"]]
        expect(f"{count} products are on the shop", len(there) == count)
        expect("no SKU is listed twice", len(skus) == len(set(skus)) == count)
        expect(f"{count} create calls were made", self._creates() == count)
        ours = set(self._out().values_list("external_id", flat=True))
        expect("ours are exactly those", ours == {product["id"] for product in there})

    def _wait_until_out(self, count: int) -> None:
        wait_until(f"{count} are out", lambda: self._out().count() == count, seconds=120)
        wait_until("nothing is in hand", lambda: not self._in_hand().exists())

    def _listings(self) -> ListingQuerySet:
        return Listing.objects.filter(shop=self.shop)

    def _out(self) -> ListingQuerySet:
        return self._listings().exclude(external_id="")

    def _waiting(self) -> ListingQuerySet:
        return self._listings().filter(state=ListingState.QUEUED)

    def _in_hand(self) -> ListingQuerySet:
        return self._listings().filter(state=ListingState.PUBLISHING)

    def _ids(self) -> list[int]:
        return list(self._listings().order_by("pk").values_list("pk", flat=True))

    def _products(self) -> QuerySet[Product]:
        return Product.objects.filter(merchant=self.merchant)

    def _found_there(self) -> int:
        return ListingEvent.objects.filter(
            listing__shop=self.shop, reason__startswith="Found on the channel"
        ).count()

    def _on_shop(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.get(f"/shops/{self.external_id}/products")[
            "products"
        ]
        return found

    def _creates(self) -> int:
        return self._calls(CREATE) - self.created_before

    def _calls(self, name: str) -> int:
        return int(self.sandbox.get("/calls")["counts"].get(name, 0))
