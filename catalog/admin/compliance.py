"""Documents and persons that categories and regions demand: certificates, size charts, GPSR."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.compliance_forms import CertificateForm, PersonForm, SizeChartForm
from catalog.models import Certificate, CompliancePerson, SizeChart
from catalog.readiness_category import check_size_chart, expires_soon, is_expired
from catalog.services import compliance, products
from marketplace.kernel.admin import BaseAdmin, label, link_to, thumbnail
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Verb, who


def demand_text(item: Mapping[str, Any]) -> str:
    """One document a category takes, with when it is required: “UN 38.3 (in some cases)”."""
    if item.get("required_if"):
        return f"{item['name']} (where a property makes it necessary)"
    return item["name"] if item.get("required") else f"{item['name']} (optional)"


def expiry_label(expires_on: date | None) -> object:
    """The day a certificate expires, colored by how urgent that is."""
    today = compliance.today()
    if expires_on is None:
        return "No date"
    if is_expired(expires_on, today):
        return label(f"Expired on {expires_on}", "danger")
    if expires_soon(expires_on, today):
        return label(f"Expires on {expires_on}", "warning")
    return f"{expires_on}"


class CertificateInline(StackedInline):
    model = Certificate
    form = CertificateForm
    extra = 0
    fields = (("external_id", "name"), "file", "expires_on", "standing")
    readonly_fields = ("standing",)
    verbose_name_plural = "Certificates"
    tab = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        # Asked once for all the rows of the page.
        formset.form.kinds = compliance.kinds_for(obj.pk) if obj else ()
        return formset

    @admin.display(description="What was found")
    def standing(self, row: Certificate) -> object:
        return certificate_facts(row)


class SizeChartInline(StackedInline):
    model = SizeChart
    form = SizeChartForm
    fields = ("preview", "file", "finding")
    readonly_fields = ("preview", "finding")
    verbose_name_plural = "Size chart"
    tab = True

    @admin.display(description="Picture")
    def preview(self, row: SizeChart) -> object:
        return thumbnail(row.file.url if row.file else "", size=96)

    @admin.display(description="What was found")
    def finding(self, row: SizeChart) -> str:
        if not row.sha256:
            return "At least 1,024 pixels on the shorter side; JPG, PNG or WEBP, up to 10 MB."
        facts = f"{row.width or 0:,} × {row.height or 0:,} px, {row.format}."
        found = check_size_chart(row.width or 0, row.height or 0, row.size or 0, row.format)
        return " ".join([facts, *([one.sentence for one in found] or ["Good."])])


def certificate_facts(row: Certificate) -> object:
    """What the file is and how long it is valid."""
    if not row.file:
        return "A PDF of up to 20 MB, or a picture of up to 10 MB."
    size = f", {filesizeformat(row.size)}" if row.size else ""
    kind = f"{row.format}{size}" if row.format else "Not looked into yet"
    return format_html("{} · {}", kind, expiry_label(row.expires_on))


TABS = (
    ListTab(
        "renew",
        "To renew",
        "Expired, or expiring within 30 days. A listing that needs an expired one is incomplete: "
        "upload the renewed document on the product's page.",
        compliance.needing_renewal,
    ),
    ListTab("expired", "Expired", "No channel takes these any more.", compliance.expired),
    ListTab("soon", "Expire soon", "Valid for 30 days or less.", compliance.expiring),
    ListTab("all", "All", "Every certificate of every product.", lambda rows: rows),
)


@admin.register(Certificate)
class CertificateAdmin(BaseAdmin):
    """Certificates over all products, to see which must be renewed."""

    list_display = ("name", "product_link", "merchant", "expiry", "kind")
    list_display_links = ("name",)
    list_select_related = ("product__merchant",)
    list_filter = (("product__merchant", AutocompleteSelectFilter),)
    search_fields = ("name", "product__sku", "product__title", "=external_id")
    form = CertificateForm
    fields = ("product_link", ("external_id", "name"), ("file", "expires_on"), "kind")
    readonly_fields = ("product_link", "kind")
    tabs = TABS
    empty_hint = (
        "No certificate has expired or is about to. They are uploaded on a product's page, under "
        "“Certificates”."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        products.changed([obj.product_id], by=who(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        products.changed([obj.product_id], by=who(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        touched = sorted(set(queryset.values_list("product", flat=True)))
        super().delete_queryset(request, queryset)
        products.changed(touched, by=who(request))

    @admin.display(description="Product")
    def product_link(self, row: Certificate) -> object:
        return link_to(row.product)

    @admin.display(description="Merchant")
    def merchant(self, row: Certificate) -> str:
        return str(row.product.merchant)

    @admin.display(description="Expires", ordering="expires_on")
    def expiry(self, row: Certificate) -> object:
        return expiry_label(row.expires_on)

    @admin.display(description="File")
    def kind(self, row: Certificate) -> object:
        words = row.format or "File"
        return format_html(
            '<a class="text-primary-600 hover:underline" href="{}">{}</a>', row.file.url, words
        )


@admin.register(CompliancePerson)
class CompliancePersonAdmin(BaseAdmin):
    """Who made products, and who answers for them in the EU."""

    list_display = ("name", "merchant", "kind", "place", "email", "phone", "default", "known")
    list_select_related = ("merchant",)
    list_filter = (("merchant", AutocompleteSelectFilter), ("kind", ChoicesDropdownFilter))
    search_fields = ("name", "email")
    ordering = ("name", "pk")
    autocomplete_fields = ("merchant",)
    form = PersonForm
    verbs = (
        Verb(
            name="tell_again",
            label="Tell channels again",
            permission="catalog.change_complianceperson",
            run=lambda request, ids, cleaned: compliance.forget_at_channels(ids),
            button="Tell channels again",
            explanation="For a person whom somebody deleted in Seller Center.",
        ),
    )
    fieldsets = (
        (None, {"fields": (("merchant", "kind"), ("name", "email"), "stands_for_all")}),
        ("Telephone", {"fields": (("phone_country_code", "phone_number"),)}),
        (
            "Address",
            {
                "fields": (
                    ("street", "street2"), ("postal_code", "city"), ("province", "country")
                )
            },
        ),
    )  # fmt: skip
    empty_hint = (
        "Nobody yet. Shops in the European Union ask for a manufacturer and a responsible person; "
        "add them here and make one of each the merchant's default."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Channels keep the two kinds apart, so one cannot become the other.
        return ("merchant", "kind") if obj else ()

    def prepare_page(self, rows: list[Any]) -> None:
        shops = compliance.shops_that_know([row.pk for row in rows])
        for row in rows:
            row.shops = shops.get(row.pk, 0)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        compliance.set_default(obj, bool(form.cleaned_data.get("stands_for_all")), by=who(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Address")
    def place(self, row: CompliancePerson) -> str:
        return ", ".join(part for part in (row.street, row.city, row.country) if part)

    @admin.display(description="Telephone")
    def phone(self, row: CompliancePerson) -> str:
        return f"{row.phone_country_code} {row.phone_number}"

    @admin.display(description="Default", ordering="is_default")
    def default(self, row: CompliancePerson) -> object:
        return label("Default", "success") if row.is_default else "–"

    @admin.display(description="Known to")
    def known(self, row: CompliancePerson) -> str:
        count = row.shops  # type: ignore[attr-defined]
        return f"{count} shop{'' if count == 1 else 's'}" if count else "no shop yet"
