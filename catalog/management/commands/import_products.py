"""Bring a product file into a merchant's catalog from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import FulfillmentCenter, Merchant
from catalog.services.import_report import ImportReport
from catalog.services.product_import import import_products
from catalog.sheets import SheetUnreadable

SHOWN = 50
CANNOT_BE_READ = 2


class Command(BaseCommand):
    """Import products from a CSV file, ours or Shopify's; rows that cannot be used are listed."""

    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("file", type=Path, help="the product file")
        parser.add_argument("--merchant", required=True, help="the merchant's short name (slug)")
        parser.add_argument(
            "--pictures", type=Path, help="read pictures from this directory by file name"
        )
        parser.add_argument(
            "--fulfillment-center", default="", help="code of the place the quantities are at"
        )
        parser.add_argument(
            "--report", type=Path, help="write every problem and note to this CSV file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and print what came of it."""
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant “{options['merchant']}”.")
        try:
            report = import_products(
                merchant,
                options["file"],
                actor="import_products",
                fulfillment_center=_center(merchant, options["fulfillment_center"]),
                pictures=_directory(options["pictures"]),
            )
        except SheetUnreadable as error:
            raise CommandError(str(error), returncode=CANNOT_BE_READ) from error
        self._show(report)
        if options["report"] is not None:
            with options["report"].open("w", encoding="utf-8", newline="") as file:
                report.write_csv(file)
            self.stdout.write(f"All problems and notes are in {options['report']}.")

    def _show(self, report: ImportReport) -> None:
        self.stdout.write(report.summary())
        for title, items in (("Refused", report.problems), ("Notes", report.notes)):
            if items:
                self.stdout.write(f"{title}:")
            for item in items[:SHOWN]:
                self.stdout.write(f"  {item}")
            if len(items) > SHOWN:
                self.stdout.write(f"  ... and {len(items) - SHOWN:,} more (see --report)")


def _center(merchant: Merchant, code: str) -> FulfillmentCenter | None:
    if not code:
        return None
    center = FulfillmentCenter.objects.filter(merchant=merchant, code=code).first()
    if center is None:
        raise CommandError(f"{merchant} has no fulfillment center with the code “{code}”.")
    return center


def _directory(path: Path | None) -> Path | None:
    if path is not None and not path.is_dir():
        raise CommandError(f"{path} is not a directory.")
    return path
