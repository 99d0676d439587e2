from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.after_sale import AfterSale
from demo.day import Day
from demo.merchandise import Merchandise
from demo.newcomer import Newcomer
from demo.order_rush import Rush
from demo.people import NEWCOMER, OWNER, STAFF, People, arrive
from demo.pricing import Copying
from demo.proof import Proof
from demo.round_trip import RoundTrip
from demo.sales import Sales
from demo.steps import Figures, Report
from demo.thirty_days import ThirtyDays


class Command(BaseCommand):
    help = "Run the main job against a running sandbox, web server and worker (see `make demo`)."

    def handle(self, *args: Any, **options: Any) -> None:
        if "DEMO_SANDBOX_URL" not in os.environ:
            raise CommandError("Use `make demo`: it starts what this needs.")
        # What the demo itself asks for is not to stand between the lines of its report.
        logging.getLogger("django-q").setLevel(logging.WARNING)
        people, report = arrive(), Report()
        for name, step in steps_of(Day(people)):
            if not report.run(name, step):
                break
        path = Path(os.environ["DEMO_DIRECTORY"]) / "report.json"
        report.write(path)
        self._tell(people, path)
        if not report.ok:
            raise CommandError("A step did not hold; see above and var/demo/*.log.")

    def _tell(self, people: People, report: Path) -> None:
        base, sandbox = settings.BASE_URL, os.environ["DEMO_SANDBOX_URL"]
        self.stdout.write(
            f"\nReport: {report}\n"
            f"Operations staff:  {base}/admin/   {STAFF} / {people.staff_password}\n"
            f"Merchant:          {base}/         {OWNER} / {people.owner_password}\n"
            f"New merchant:      {base}/         {NEWCOMER} / {people.newcomer_password}\n"
            f"Seller Center:     {sandbox}/ (the sandbox; no password)\n"
        )


Steps = list[tuple[str, Callable[[], Figures]]]


def steps_of(day: Day) -> Steps:
    """Everything that happens, in its order."""
    sales, shelf, rush = Sales(day), Merchandise(day), Rush(day)
    return [
        *_from_products_to_listings(day, shelf),
        *_orders(sales, rush, AfterSale(day)),
        *_many_at_once(shelf, Newcomer(day), RoundTrip(day), rush),
        *_prices_and_quantities(Proof(day), Copying(day), ThirtyDays(day)),
        ("The books balance", sales.books_balance),
    ]


def _from_products_to_listings(day: Day, shelf: Merchandise) -> Steps:
    return [
        ("Products come in from a file", day.import_products),
        ("Stock is counted at two fulfillment centers", day.receive_stock),
        ("The shop is connected, its warehouses mapped", day.connect),
        ("Listings that exist on the shop come home", day.import_listings),
        ("The shop's probation ends", day.graduate),
        ("A template is made for a tag", shelf.make_template),
        ("Products are staged", day.stage),
        ("The template was taken by itself", shelf.look_at_template),
        ("Listings are categorized and filled in", day.categorize),
        ("Pictures are fixed in bulk", day.fix_images),
        ("Certificates are uploaded", shelf.certify),
        ("Listings are published and reviewed", day.publish),
    ]


def _orders(sales: Sales, rush: Rush, after: AfterSale) -> Steps:
    return [
        ("Orders come in On Hold", sales.orders_on_hold),
        ("One order is canceled in its first hour", sales.cancel_in_the_hour),
        ("The hour passes", sales.the_hour_passes),
        ("A tracking number goes back", sales.ship),
        ("Price and quantity follow", sales.prices_and_quantities),
        ("Notices of TikTok hurry the reading", sales.notices_hurry),
        ("500 orders come in at once", rush.come_in),
        ("20 buyers cancel in their first hour", rush.change_their_minds),
        ("The notices of all 500 come late, some twice", rush.notices_come_late),
        ("More orders than units", rush.sell_too_much),
        ("An order leaves in two parcels", after.in_two_parcels),
        ("One cancellation is approved, one declined", after.answer_cancellations),
        ("TikTok ships an order with a label bought here", after.tiktok_ships),
        ("That order is returned", after.comes_back),
    ]


def _many_at_once(shelf: Merchandise, newcomer: Newcomer, sheets: RoundTrip, rush: Rush) -> Steps:
    return [
        ("One page takes a new product to a live listing", shelf.create_one),
        ("A new shop on probation has 250 listings ready", newcomer.arrive),
        ("Its first day: 100 of 250 go out", newcomer.first_day),
        ("Its second day: a worker is killed while it publishes", newcomer.second_day),
        ("Its third day: the last 50, and none twice", newcomer.third_day),
        ("5,000 variants are added by a sheet", sheets.add),
        ("5,000 rows go out as XLSX, come back, and are undone", sheets.there_and_back),
        ("Two days later the 500 orders still agree", rush.days_later),
    ]


def _prices_and_quantities(proof: Proof, copying: Copying, month: ThirtyDays) -> Steps:
    return [
        ("A tag shows 80 % of its stock, less 2", proof.rule_for_a_tag),
        ("Outbound quantity is off, then on", proof.held_back),
        ("TikTok claims to have taken two figures", proof.false_success),
        ("A price is changed in Seller Center", proof.changed_there),
        ("A British shop copies the American prices", copying.copy_prices),
        ("30 days of sales lead prices", month.sell_for_thirty_days),
        ("Charts of the 30 days, and a run rolled back", month.look_and_roll_back),
    ]
