"""A long product file: imported in the background, carried on after a kill, reported at the end."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import FulfillmentCenter, Merchant, Product, StockMovement, Variant
from catalog.services import product_import
from marketplace.kernel import bulk, bulk_tasks, jobs
from marketplace.kernel.models import BulkRun, Job, RunState
from tests.admin.door import page_url

ADDRESS = "admin:catalog_product_import_products"
HEADER = "sku,title,price,quantity,image_urls\n"


def line(number: int) -> str:
    return f"S-{number:04d},Rope {number},9.90,3,https://pictures.example/{number}.jpg\n"


def give(client: Client, center: FulfillmentCenter, *lines: str) -> Any:
    file = SimpleUploadedFile("spring.csv", (HEADER + "".join(lines)).encode())
    data = {"file": file, "merchant": center.merchant_id, "fulfillment_center": center.pk}
    return client.post(reverse(ADDRESS), data)


def never() -> bool:
    return False


@pytest.fixture
def run(lister: Client, center: FulfillmentCenter, monkeypatch: pytest.MonkeyPatch) -> BulkRun:
    """300 rows in chunks of 100; rows 52 and 252 of the file cannot be used."""
    monkeypatch.setattr(product_import, "CHUNK_PRODUCTS", 100)
    lines = [line(number) for number in range(300)]
    lines[50], lines[250] = "X-1,,1,1,\n", "X-2,,1,1,\n"
    response = give(lister, center, *lines)
    run = BulkRun.objects.get()
    assert response.url == page_url(run)
    return run


def assert_it_is_all_there(run: BulkRun) -> None:
    run.refresh_from_db()
    assert (run.state, run.position, run.total, run.done) == (RunState.DONE, 300, 300, 298)
    assert run.refused == {"The product has no title.": 2}
    assert run.result.startswith("300 rows read: 298 used, 2 refused. Products: 298 created")
    assert "Quantities: 298 set, 0 unchanged." in run.result
    assert Product.objects.count() == Variant.objects.count() == 298
    assert StockMovement.objects.count() == 298


def test_a_long_file_is_imported_by_a_worker_and_its_page_reports(
    lister: Client, merchant: Merchant, run: BulkRun
) -> None:
    assert run.label == f"Import products: spring.csv for {merchant}"
    assert not Product.objects.exists()
    said = jobs.run(Job.objects.get(kind=bulk.JOB).pk)
    assert said == f"{run.label}: Done, 300 of 300"
    assert_it_is_all_there(run)
    assert Job.objects.get(kind="fetch_images").subject == str(merchant.pk)
    shown = lister.get(page_url(run)).content.decode()
    assert "The product has no title." in shown
    assert "298 created" in shown
    report = reverse("admin:kernel_bulkrun_report", args=[run.pk])
    assert report in shown
    rows = b"".join(lister.get(report).streaming_content).decode().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["52", "refused"], ["252", "refused"]]


def test_what_a_killed_worker_had_written_is_not_written_again(run: BulkRun) -> None:
    bulk.carry_on(run.pk, lambda: True)
    run.refresh_from_db()
    assert (run.state, run.kept["chunks"], run.done) == (RunState.RUNNING, 1, run.position - 1)
    first = set(Product.objects.values_list("pk", "updated_at"))
    assert len(first) == 100
    bulk.carry_on(run.pk, never)
    assert_it_is_all_there(run)
    assert first <= set(Product.objects.values_list("pk", "updated_at"))


def test_a_chunk_that_failed_is_left_out_whole_and_imported_by_the_next_run(
    run: BulkRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = product_import._set_quantities

    def fails_later(*arguments: Any) -> None:
        whole(*arguments)
        if Product.objects.count() > 100:
            raise MemoryError

    monkeypatch.setattr(product_import, "_set_quantities", fails_later)
    with pytest.raises(MemoryError):
        bulk.carry_on(run.pk, never)
    assert Product.objects.count() == StockMovement.objects.count() == 100
    monkeypatch.setattr(product_import, "_set_quantities", whole)
    bulk.carry_on(run.pk, never)
    assert_it_is_all_there(run)


def test_a_canceled_import_keeps_its_chunks_and_goes_no_further(run: BulkRun) -> None:
    bulk.carry_on(run.pk, lambda: True)
    bulk.cancel(BulkRun.objects.get(pk=run.pk))
    assert bulk_tasks.carry_on(run.pk).startswith(f"{run.label}: Canceled, ")
    assert Product.objects.count() == 100


def test_an_import_whose_file_is_gone_says_so(run: BulkRun) -> None:
    run.file.delete(save=False)
    stopped = bulk.carry_on(run.pk, never)
    assert (stopped.state, stopped.problem) == (
        RunState.FAILED,
        "Its file is gone. Import the file again.",
    )


def test_a_short_file_is_imported_at_once(lister: Client, center: FulfillmentCenter) -> None:
    page = give(lister, center, *(line(number) for number in range(200))).content.decode()
    assert "200 rows read: 200 used" in page
    assert not BulkRun.objects.exists()


def test_a_file_that_makes_no_sense_is_refused_before_anything_begins(
    lister: Client, center: FulfillmentCenter
) -> None:
    file = SimpleUploadedFile("letter.csv", b"Dear Sir,\n" * 500)
    page = lister.post(reverse(ADDRESS), {"file": file, "merchant": center.merchant_id})
    assert "The first row is not a header we know." in page.content.decode()
    assert not BulkRun.objects.exists()
