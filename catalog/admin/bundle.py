"""What a variant is made of if it is a bundle, and the bundles that contain it (B19)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from catalog.models import BundleComponent
from catalog.services import bundles
from marketplace.kernel.admin import ReadOnlyInline, link_to, number


class ComponentFormSet(PaginationInlineFormSet):
    """The whole recipe is looked at together, in the transaction that stores it."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        parts = []
        for form in self.forms:
            given: dict[str, Any] = getattr(form, "cleaned_data", {})
            if given.get("component") and not given.get("DELETE"):
                parts.append((given["component"], given["units"]))
        if reasons := bundles.problems(self.instance, parts):
            self._non_form_errors.extend(self.error_class(reasons))

    def validate_unique(self) -> None:
        """`bundles.problems` says it in words."""


class ComponentInline(TabularInline):
    model = BundleComponent
    formset = ComponentFormSet
    fk_name = "bundle"
    extra = 0
    fields = ("component", "units")
    autocomplete_fields = ("component",)
    verbose_name = "component"
    verbose_name_plural = "Bundle: what one unit is made of (empty: it is no bundle)"


class ContainedInline(ReadOnlyInline):
    model = BundleComponent
    fk_name = "component"
    verbose_name_plural = "Contained in these bundles"
    fields = ("bundle_link", "units_text")
    readonly_fields = fields

    @admin.display(description="Bundle")
    def bundle_link(self, row: BundleComponent) -> object:
        return link_to(row.bundle)

    @admin.display(description="Units in one bundle")
    def units_text(self, row: BundleComponent) -> object:
        return number(row.units)
