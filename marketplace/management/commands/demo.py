from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.day import Day
from demo.people import OWNER, STAFF, People, arrive
from demo.sales import Sales
from demo.steps import Report


class Command(BaseCommand):
    help = "Run the main job against a running sandbox, web server and worker (see `make demo`)."

    def handle(self, *args: Any, **options: Any) -> None:
        if "DEMO_SANDBOX_URL" not in os.environ:
            raise CommandError("Use `make demo`: it starts what this needs.")
        people, report = arrive(), Report()
        day = Day(people)
        sales = Sales(day)
        for name, step in (
            ("Products come in from a file", day.import_products),
            ("Stock is counted at two fulfillment centers", day.receive_stock),
            ("The shop is connected, its warehouses mapped", day.connect),
            ("Listings that exist on the shop come home", day.import_listings),
            ("The shop's probation ends", day.graduate),
            ("Products are staged", day.stage),
            ("Listings are categorized and filled in", day.categorize),
            ("Pictures are fixed in bulk", day.fix_images),
            ("Listings are published and reviewed", day.publish),
            ("Orders come in On Hold", sales.orders_on_hold),
            ("One order is canceled in its first hour", sales.cancel_in_the_hour),
            ("The hour passes", sales.the_hour_passes),
            ("A tracking number goes back", sales.ship),
            ("Price and quantity follow", sales.prices_and_quantities),
            ("Notices of TikTok hurry the reading", sales.notices_hurry),
            ("The books balance", sales.books_balance),
        ):
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
            f"Seller Center:     {sandbox}/ (the sandbox; no password)\n"
        )
