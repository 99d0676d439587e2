"""5,000 variants go out as XLSX, are changed as by a person, come back, and are undone."""

from __future__ import annotations

import csv
import time
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook

from catalog.models import Variant
from demo.day import PRODUCTS, Day
from demo.steps import Figures, expect, wait_until

VARIANTS, PER_PRODUCT = 5000, 5
RETITLED = 500
SHEETS = "/admin/kernel/sheetimport/"
COLUMNS = "merchant sku parent_sku title price currency option1_name option1_value"
SIZES = ("XS", "S", "M", "L", "XL")

#: What a variant is told apart by: its price and the title of its product, by SKU.
Stored = dict[str, tuple[Decimal | None, str]]


class RoundTrip:
    """Uses products of their own, so that nothing else of the day is changed by them."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.admin = day.admin
        self.merchant = day.people.newcomer

    def add(self) -> Figures:
        """5,000 variants of 1,000 products are added by a sheet."""
        path = self.day.directory / "new-variants.csv"
        with path.open("w", newline="") as stream:
            sheet = csv.writer(stream)
            sheet.writerow(COLUMNS.split())
            for number in range(VARIANTS // PER_PRODUCT):
                parent, title = f"BULK-{number:04}", f"Workwear trousers no. {number:04}"
                for size in SIZES:
                    cells = (f"{parent}-{size}", parent, title, "29.90", "USD", "Size", size)
                    sheet.writerow([self.merchant.slug, *cells])
        checked = self._give(path)
        self._expect_figures(Changed=0, Added=VARIANTS, Refused=0)
        applied = self._press("apply", "Applied")
        expect("all variants are here", len(self._stored()) == VARIANTS)
        return {
            "variants added": VARIANTS,
            "seconds to check": checked,
            "seconds to apply": applied,
        }

    def there_and_back(self) -> Figures:
        """Exported as XLSX, every price and 500 titles changed, imported, applied, and undone."""
        before = self._stored()
        path = self.day.directory / "products.xlsx"
        start = time.monotonic()
        url = f"{PRODUCTS}export/products.xlsx?merchant__id__exact={self.merchant.pk}&q=BULK-"
        self.admin.download(url, path)
        exported = round(time.monotonic() - start, 1)
        wanted = self._change(path)
        expect("something was changed in every row", len(wanted) == VARIANTS)
        checked = self._give(path)
        self._expect_figures(Changed=VARIANTS, Added=0, Refused=0)
        expect("a check changes nothing", self._stored() == before)
        applied = self._press("apply", "Applied")
        expect("everything is as the sheet says", self._stored() == wanted)
        undone = self._press("undo", "Undone")
        expect("everything is as it was before", self._stored() == before)
        return {
            "rows out and back": VARIANTS,
            "titles changed": RETITLED,
            "seconds to export": exported,
            "seconds to check": checked,
            "seconds to apply": applied,
            "seconds to undo": undone,
        }

    def _change(self, path: Path) -> Stored:
        """Raise every price by 1.25 and rename the first products, as in a spreadsheet program."""
        book = load_workbook(path)
        page = book.worksheets[0]
        columns = {str(cell.value): cell.column for cell in next(page.iter_rows(max_row=1))}
        sku, price, title = (columns[name] - 1 for name in ("sku", "price", "title"))
        wanted: Stored = {}
        for row in page.iter_rows(min_row=2):
            amount = Decimal(str(row[price].value)) + Decimal("1.25")
            row[price].value = amount
            if int(str(row[sku].value).split("-")[1]) < RETITLED:
                row[title].value = f"{row[title].value}, heavy"
            wanted[str(row[sku].value)] = (amount, str(row[title].value))
        book.save(path)
        return wanted

    def _give(self, path: Path) -> float:
        """Import a sheet and wait until it is checked; return the seconds."""
        start = time.monotonic()
        form = 'form[enctype="multipart/form-data"]'
        self.admin.upload(f"{SHEETS}new/products/", form, "file", path)
        self._wait_for("Waiting for a decision")
        return round(time.monotonic() - start, 1)

    def _press(self, button: str, words: str) -> float:
        start = time.monotonic()
        self.admin.submit(f'form[action$="/ask/{button}/"]')
        self._wait_for(words)
        return round(time.monotonic() - start, 1)

    def _wait_for(self, words: str) -> None:
        page = self.admin.address
        wait_until(f"the sheet is “{words}”", lambda: self.day.says(page, words))

    def _expect_figures(self, **figures: int) -> None:
        text = self.admin.text()
        for name, count in figures.items():
            expect(f"{name} {count:,} stands on the page", f"{name} {count:,}" in text)

    def _stored(self) -> Stored:
        rows = Variant.objects.filter(merchant=self.merchant, sku__startswith="BULK-")
        return {
            sku: (price, title)
            for sku, price, title in rows.values_list("sku", "price", "product__title")
        }
