"""The import of products: a file goes in, and every row that did not is shown with its reason."""

from __future__ import annotations

import io
import uuid
from typing import Any

from django import forms
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from catalog.models import FulfillmentCenter, Merchant, Product
from catalog.services.import_report import ImportReport
from catalog.services.product_import import import_products
from catalog.sheets import SheetUnreadable, open_products
from catalog.sheets.columns import OWN_COLUMNS
from marketplace.kernel.admin import BaseAdmin, changelist_url
from marketplace.kernel.admin_verbs import run_url, who
from marketplace.kernel.bulk_tasks import begin
from marketplace.kernel.models import BulkRun
from marketplace.kernel.tasks import nudge

ROWS_SHOWN = 200
#: A person waits for so many rows; a longer file is imported in the background.
MOST_AT_ONCE = 200
REPORT_KEPT = 60 * 60
PERMISSIONS = ("catalog.add_product", "catalog.change_product")


class ImportProductsForm(forms.Form):
    """Which file, for whom, and where its quantities are."""

    file = forms.FileField(
        label="Product file (CSV)",
        widget=UnfoldAdminFileFieldWidget,
        help_text="Our own columns, or a product export of a Shopify shop as it is.",
    )
    merchant = forms.ModelChoiceField(Merchant.objects.all(), widget=UnfoldAdminSelectWidget)
    fulfillment_center = forms.ModelChoiceField(
        FulfillmentCenter.objects.select_related("merchant"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Where the file's quantities are. Empty: quantities are taken over only from "
        "rows that name a fulfillment center.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fulfillment_center"].label_from_instance = (  # type: ignore[attr-defined]
            lambda center: f"{center.name} ({center.merchant})"
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        center, merchant = cleaned.get("fulfillment_center"), cleaned.get("merchant")
        if center and merchant and center.merchant_id != merchant.pk:
            self.add_error("fulfillment_center", f"It does not belong to {merchant}.")
        return cleaned


def import_view(request: HttpRequest, model_admin: BaseAdmin) -> HttpResponse:
    """Ask for a file and import it: a short one at once, a long one in the background."""
    if not all(request.user.has_perm(name) for name in PERMISSIONS):
        raise PermissionDenied
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportProductsForm(*given)
    report, token = None, ""
    if form.is_bound and form.is_valid():
        outcome = _import(request, form)
        if isinstance(outcome, BulkRun):
            return HttpResponseRedirect(run_url(outcome))
        report = outcome
        token = _keep(request, report) if report else ""
    details = report.details() if report else []
    return model_admin.page(
        request,
        "admin/import_products.html",
        "Import products",
        media=model_admin.media + form.media,
        form=form,
        columns=OWN_COLUMNS,
        report=report,
        details=details[:ROWS_SHOWN],
        hidden=max(len(details) - ROWS_SHOWN, 0),
        token=token,
    )


def _import(request: HttpRequest, form: ImportProductsForm) -> ImportReport | BulkRun | None:
    merchant, upload = form.cleaned_data["merchant"], form.cleaned_data["file"]
    try:
        sheet = open_products(upload.file, currency=merchant.currency)
        is_short = sheet.count_rows(MOST_AT_ONCE + 1) <= MOST_AT_ONCE
        upload.seek(0)
        if not is_short:
            return _begin(request, form)
        report = import_products(
            merchant,
            upload.file,
            source_name=upload.name,
            actor=who(request),
            fulfillment_center=form.cleaned_data["fulfillment_center"],
        )
    except SheetUnreadable as error:
        form.add_error("file", str(error))
        return None
    if report.images_added:
        nudge("fetch_images", merchant.pk, label=f"Fetch images: {merchant}")
    return report


def _begin(request: HttpRequest, form: ImportProductsForm) -> BulkRun:
    merchant, center = form.cleaned_data["merchant"], form.cleaned_data["fulfillment_center"]
    upload = form.cleaned_data["file"]
    return begin(
        "import_products",
        [],
        {
            "merchant": merchant.pk,
            "center": center.pk if center else None,
            "name": upload.name,
        },
        label=f"Import products: {upload.name} for {merchant}",
        user=request.user,  # type: ignore[arg-type]
        back=changelist_url(Product),
        file=upload,
    )


def _keep(request: HttpRequest, report: ImportReport) -> str:
    """Keep the rows with a problem or a note for an hour, as a file for this person."""
    if not report.details():
        return ""
    sheet = io.StringIO(newline="")
    report.write_csv(sheet)
    token = uuid.uuid4().hex
    cache.set(_key(request, token), sheet.getvalue(), REPORT_KEPT)
    return token


def import_report(request: HttpRequest, token: str) -> HttpResponse:
    """The rows of an import that were refused or remarked on, as a CSV file."""
    text = cache.get(_key(request, token))
    if text is None:
        raise Http404("This report is no longer kept. Import the file again: it changes nothing.")
    headers = {"Content-Disposition": 'attachment; filename="import-report.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _key(request: HttpRequest, token: str) -> str:
    return f"import-report:{request.user.pk}:{token}"
