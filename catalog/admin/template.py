"""Listing templates: which products they fit, what they fill in, and who follows them (B14)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin import template_forms, template_preview
from catalog.admin.shop_first import ShopFirstAdmin, shop_of
from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    Listing,
    ListingTemplate,
    TemplateAttribute,
    TemplateCondition,
)
from catalog.services import taxonomy, templates
from marketplace.kernel.admin import label, link_to, number
from marketplace.kernel.admin_verbs import failure_text
from marketplace.kernel.errors import Failure
from marketplace.kernel.tasks import nudge

#: So many listings are brought up to date while a person waits; more in the background.
RENEWED_AT_ONCE = 200


class ConditionInline(TabularInline):
    model = TemplateCondition
    form = template_forms.ConditionForm
    formset = template_forms.ConditionFormSet
    extra = 1
    hide_title = True
    fields = ("kind", "value")
    verbose_name = "condition"
    verbose_name_plural = "Taken by itself for a product that … (all must hold)"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        shop = obj.shop if obj else shop_of(request)
        if shop is not None:
            hints = template_forms.condition_hints(shop.merchant_id)
            formset.form.base_fields["value"].widget = template_forms.HintedInput(hints, "words")
        return formset


class RuleInline(TabularInline):
    model = TemplateAttribute
    form = template_forms.RuleForm
    formset = template_forms.RuleFormSet
    extra = 1
    hide_title = True
    fields = ("attribute", "source", "values", "field", "translations")
    verbose_name = "property"
    verbose_name_plural = "Properties of the category"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        if obj is None:
            return formset
        arguments = {
            "attributes": CategoryAttribute.objects.filter(
                category=obj.category_id, kind=AttributeKind.PRODUCT
            ),
            "hints": template_forms.field_hints(obj.shop.merchant_id),
        }

        class ForThisCategory(formset):  # type: ignore[misc, valid-type]
            def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
                return {**super().get_form_kwargs(index), **arguments}

        return ForThisCategory


@admin.register(ListingTemplate)
class ListingTemplateAdmin(ShopFirstAdmin):
    list_display = (
        "name", "shop", "category_name", "condition_words", "followers", "unpublished",
        "activity", "position",
    )  # fmt: skip
    list_select_related = ("shop", "category")
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("shop__merchant", AutocompleteSelectFilter),
        ("category", AutocompleteSelectFilter),
        ("is_active", ChoicesDropdownFilter),
    )
    search_fields = ("name", "category__path")
    search_help_text = "Search by name or category"
    ordering = ("shop", "position", "name")
    form = template_forms.TemplateForm
    change_form_after_template = "admin/template_preview.html"
    why_shop_first = (
        "Each shop has its own categories and properties, so a template belongs to one shop."
    )
    empty_hint = (
        "No listing template yet. One says how products of a category are listed: title, "
        "description and properties. Add one, and products that meet its conditions are listed by "
        "it from then on."
    )

    # -- the list ------------------------------------------------------------------------------

    def prepare_page(self, rows: list[Any]) -> None:
        prefetch_related_objects(rows, "conditions")
        following = Listing.objects.filter(template__in=[row.pk for row in rows]).order_by()
        counts = dict(following.values_list("template").annotate(n=Count("pk")))
        changed = following.with_unpublished_changes()
        unpublished = dict(changed.values_list("template").annotate(n=Count("pk")))
        for row in rows:
            row.follow = counts.get(row.pk, 0)
            row.changed = unpublished.get(row.pk, 0)

    @admin.display(description="Category", ordering="category__path")
    def category_name(self, row: ListingTemplate) -> object:
        return format_html('<span title="{}">{}</span>', row.category.path, row.category.name)

    @admin.display(description="Taken by itself for a product that")
    def condition_words(self, row: ListingTemplate) -> object:
        words = " and ".join(str(one) for one in row.conditions.all())
        return format_html('<span class="desk-note">{}</span>', words or "– (by hand alone)")

    @admin.display(description="Listings")
    def followers(self, row: ListingTemplate) -> object:
        return _count_link(row, row.follow)  # type: ignore[attr-defined]

    @admin.display(description="To publish again")
    def unpublished(self, row: ListingTemplate) -> object:
        return _count_link(row, row.changed, "&tab=changed")  # type: ignore[attr-defined]

    @admin.display(description="State", ordering="is_active")
    def activity(self, row: ListingTemplate) -> object:
        return label("Active", "success") if row.is_active else label("Inactive", "default")

    # -- the page of one -----------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = template_forms.NewTemplateForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ("name", "title", "description", ("is_active", "position"))
        if obj is None:
            return ((None, {"fields": ("shop", "category", *own)}),)
        figures = (("shop_link", "category_link"), ("following", "to_publish"))
        return ((None, {"fields": figures}), (None, {"fields": own}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("shop_link", "category_link", "following", "to_publish") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (RuleInline, ConditionInline) if obj else (ConditionInline,)

    @admin.display(description="Shop")
    def shop_link(self, row: ListingTemplate) -> object:
        return link_to(row.shop)

    @admin.display(description="Category (opens its properties and their options)")
    def category_link(self, row: ListingTemplate) -> object:
        return link_to(row.category)

    @admin.display(description="Listings that follow it")
    def following(self, row: ListingTemplate) -> object:
        return _count_link(row, row.listings.count())

    @admin.display(description="Of these, to publish again")
    def to_publish(self, row: ListingTemplate) -> object:
        return _count_link(row, _changed(row).count(), "&tab=changed")

    # -- adding and changing -------------------------------------------------------------------

    def around_row(self, request: HttpRequest, row: ListingTemplate) -> dict[str, Any]:
        return super().around_row(request, row) | {
            "preview": template_preview.saved(row),
            "preview_url": reverse("admin:catalog_listingtemplate_preview", args=[row.pk]),
            "may_type": self.has_change_permission(request, row),
        }

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().changeform_view(request, *args, **kwargs)
        if kept := getattr(request, "kept_template", None):
            self._after_saving(request, kept)
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        # Its listings are gone through from the first one again.
        obj.carried_to = 0
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        nudge("apply_template", form.instance.pk, label=f"Apply template: {form.instance}"[:200])
        request.kept_template = form.instance  # type: ignore[attr-defined]

    def _after_saving(self, request: HttpRequest, template: ListingTemplate) -> None:
        """What waits for no worker: the category's form, and a few listings."""
        try:
            taxonomy.ensure_form(template.category)
        except Failure as error:
            messages.warning(
                request,
                "The properties of the category could not be read, so the template is not given to "
                f"listings yet. Save it again in a while. {failure_text(error)}",
            )
        count = template.listings.count()
        if not count:
            return
        if count > RENEWED_AT_ONCE:
            words = "They are being brought up to date in the background."
            published = template.listings.exclude(published_hash="").count()
            words += f" Up to {published:,} of them are to be published again."
        else:
            templates.renew(template)
            words = f"{_changed(template).count():,} of them are to be published again."
        messages.info(request, f"{_listings(count)} this template. {words}")

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """A new template goes on to its properties."""
        if "_addanother" not in request.POST and "_popup" not in request.POST:
            given = request.POST.copy()
            given["_continue"] = "1"
            request.POST = given  # type: ignore[assignment]
        return super().response_add(request, obj, post_url_continue)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        templates.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            templates.delete(row)

    # -- the preview of what is being typed ----------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        own = path("<int:pk>/preview/", view, name="catalog_listingtemplate_preview")
        return [own, *super().get_urls()]

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the form on the page would make of products; nothing is saved."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))
        if row is None or not self.has_change_permission(request, row):
            raise PermissionDenied
        form = self.get_form(request, row, change=True)(request.POST, instance=row)
        formsets, _ = self._create_formsets(request, row, change=True)
        rules, conditions = formsets
        context: dict[str, Any] = {}
        # All are asked, so that all problems are told at once.
        if all([form.is_valid(), rules.is_valid(), conditions.is_valid()]):
            sku = request.POST.get("try_sku", "").strip()
            context["preview"] = template_preview.typed(row, form, (conditions, rules), sku)
        else:
            context["problems"] = _problems(form, rules, conditions)
        return TemplateResponse(request, "admin/template_samples.html", context)


def _problems(form: Any, *formsets: Any) -> list[str]:
    found = [text for formset in formsets for text in formset.non_form_errors()]
    for one in (form, *(row for formset in formsets for row in formset.forms)):
        for name, errors in one.errors.items():
            label_text = one.fields[name].label if name in one.fields else ""
            found += [f"{label_text}: {text}" if label_text else text for text in errors]
    return found


def _changed(template: ListingTemplate) -> QuerySet[Listing]:
    return Listing.objects.filter(template=template).with_unpublished_changes()


def _listings(count: int) -> str:
    return f"{count:,} listings follow" if count != 1 else "1 listing follows"


def _count_link(row: ListingTemplate, count: int, more: str = "") -> object:
    if not count:
        return number(0)
    url = f"{reverse('admin:catalog_listing_changelist')}?template__id__exact={row.pk}{more}"
    link = format_html(
        '<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, f"{count:,}"
    )
    return format_html('<span class="desk-number">{}</span>', link)
