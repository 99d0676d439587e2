"""A product file imported in the background; after a kill the next worker goes on where it was."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

from django.core.files.base import ContentFile

from catalog.models import FulfillmentCenter, Merchant
from catalog.services.import_report import ImportReport
from catalog.services.product_import import Done, Step, import_products
from catalog.sheets import RowProblem, SheetUnreadable, open_products
from marketplace.kernel import bulk
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import BulkRun


def carry_on(run: BulkRun, until: Callable[[], bool]) -> bool:
    """Import what is left of a run's file; return whether nothing is left.

    The run's `given` names the merchant, the fulfillment center (or none) and the file's own
    name. At the end the run has a sentence, and a CSV file if a row was refused or remarked on.
    Raises `Refused` if the file is gone or unreadable.
    """
    if run.result:
        return True
    merchant = Merchant.objects.filter(pk=run.given["merchant"]).first()
    if merchant is None:
        raise Refused("The merchant is gone.")
    is_complete = True

    def keep(step: Step) -> bool:
        nonlocal is_complete
        _write_down(run, step)
        is_complete = bulk.is_wanted(run) and not until()
        return is_complete

    try:
        with run.file.open("rb") as stream:
            if not run.total:
                run.total = open_products(stream, currency=merchant.currency).count_rows()
                BulkRun.objects.filter(pk=run.pk).update(total=run.total)
                stream.seek(0)
            report = import_products(
                merchant,
                stream.file,
                source_name=run.given["name"],
                actor=run.by,
                fulfillment_center=FulfillmentCenter.objects.filter(pk=run.given["center"]).first(),
                done=_done(run),
                keep=keep,
            )
    except FileNotFoundError as error:
        raise Refused("Its file is gone. Import the file again.") from error
    except SheetUnreadable as error:
        raise Refused(str(error)) from error
    if is_complete:
        _finish(run, report)
    return is_complete


def _done(run: BulkRun) -> Done:
    if not run.kept:
        return Done()
    return Done(run.kept["chunks"], ImportReport.from_json(run.kept["report"]))


def _write_down(run: BulkRun, step: Step) -> None:
    problems = [*step.problems, *step.done.report.problems]
    bulk.keep(
        run,
        step.rows_read,
        BatchReport("Imported"),
        done=step.rows_read - len({problem.row for problem in problems}),
        refused=_reasons(problems),
        kept={"chunks": step.done.chunks, "report": step.done.report.as_json()},
    )


def _finish(run: BulkRun, report: ImportReport) -> None:
    changes: dict[str, object] = {}
    if report.details():
        sheet = io.StringIO(newline="")
        report.write_csv(sheet)
        content = ContentFile(sheet.getvalue().encode())
        run.report.save(f"import-{run.pk}-report.csv", content, save=False)
        changes["report"] = run.report.name
    bulk.keep(
        run,
        report.rows,
        BatchReport("Imported"),
        total=report.rows,
        done=report.rows_used,
        refused=_reasons(report.problems),
        result=report.summary(),
        **changes,
    )


def _reasons(problems: list[RowProblem]) -> dict[str, int]:
    return bulk.added({}, Counter(problem.reason for problem in problems))
