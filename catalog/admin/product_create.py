"""The “New product” page (R25): one page from nothing to a listing queued for publishing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from catalog.admin.product_create_forms import (
    LENGTH_OF_A_SKU,
    ChannelForm,
    ProductCreateForm,
    VariantTable,
)
from catalog.admin.rich_text import say_what_was_dropped
from catalog.admin.upload import content_of
from catalog.admin.variant_forms import SEPARATOR
from catalog.services import held_uploads, product_create, taxonomy
from catalog.services.product_create import Created, NewProduct, NewVariant
from marketplace.kernel.admin import BaseAdmin
from marketplace.kernel.admin_verbs import failure_text, who
from marketplace.kernel.errors import Failure
from marketplace.kernel.tasks import nudge

ADD = "catalog.add_product"
LIST = ("catalog.add_listing", "catalog.change_listing")
ROWS = "variants"
SHARED = (
    "compare_at_price", "cost", "weight_unit", "length", "width", "height", "dimension_unit",
)  # fmt: skip


class CreatePage:
    """The forms of the page, filled from a request, and what they amount to."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        posted = request.POST if request.method == "POST" else None
        self.main = ProductCreateForm(posted, request.FILES if posted else None)
        self.may_list = request.user.has_perms(LIST)
        self.channel = channel_form(request, posted) if self.may_list else ChannelForm()
        given = posted if posted and f"{ROWS}-TOTAL_FORMS" in posted else None
        self.rows = VariantTable(given, prefix=ROWS)
        token = posted.get("held", "") if posted else ""
        self.token = token if held_uploads.TOKEN.fullmatch(token) else uuid.uuid4().hex
        self.owner = int(request.user.pk or 0)

    def is_valid(self) -> bool:
        """Look at all forms, so that everything is said at once."""
        is_listed = not self.may_list or self.channel.is_valid()
        found = [self.main.is_valid(), self.rows_fit() and self._rows_are_valid(), is_listed]
        self._check_merchant()
        return all(found) and not (self.main.errors or (self.may_list and self.channel.errors))

    def _rows_are_valid(self) -> bool:
        if not self.main.combinations():
            return True
        valid = self.rows.is_valid()
        if merchant := self.main.cleaned_data.get("merchant"):
            self.rows.check_merchant(merchant)
        return valid and not any(form.errors for form in self.rows)

    def _check_merchant(self) -> None:
        cleaned = self.main.cleaned_data
        merchant = cleaned.get("merchant")
        shop = self.channel.chosen_shop if self.may_list else None
        if shop and merchant and shop.merchant_id != merchant.pk:
            self.channel.add_error("shop", f"It belongs to {shop.merchant}, not to {merchant}.")
        has_units = cleaned.get("quantity") or any(
            getattr(form, "cleaned_data", {}).get("quantity") for form in self.rows
        )
        is_said = cleaned.get("fulfillment_center") or "fulfillment_center" in self.main.errors
        if has_units and not is_said:
            self.main.add_error("fulfillment_center", "Say where the quantity is.")

    def rows_fit(self) -> bool:
        """Whether the table shows the options as they are; if not, it is made anew."""
        wanted = self.main.combinations()
        shown = [form.words for form in self.rows]
        if wanted == shown or not (wanted or shown):
            return True
        had_rows = bool(shown)
        self.make_rows()
        if had_rows and wanted:
            self.main.add_error(
                "option_1_values",
                "The options changed, and the table of variants with them. Look at it once more.",
            )
        return not (had_rows and wanted)

    def make_rows(self) -> None:
        """One row per combination; what was typed into rows that stay is kept."""
        typed = {form.words: form for form in self.rows}
        data: dict[str, Any] = {f"{ROWS}-INITIAL_FORMS": 0}
        wanted = self.main.combinations()
        for place, words in enumerate(wanted):
            row = typed.get(words)
            data |= {
                f"{ROWS}-{place}-options": SEPARATOR.join(words),
                f"{ROWS}-{place}-sku": row["sku"].value() if row else self._sku(words),
                f"{ROWS}-{place}-leave_out": "on" if row and row["leave_out"].value() else "",
            }
            for name in ("price", "weight", "quantity", "barcode"):
                data[f"{ROWS}-{place}-{name}"] = row[name].value() if row else ""
        self.rows = VariantTable({**data, f"{ROWS}-TOTAL_FORMS": len(wanted)}, prefix=ROWS)

    def _sku(self, words: tuple[str, ...]) -> str:
        parts = [str(self.main.data.get("sku", "")).strip(), *(slugify(w).upper() for w in words)]
        return "-".join(part for part in parts if part)[:LENGTH_OF_A_SKU]

    # -- pictures ----------------------------------------------------------------------------

    def hold_pictures(self) -> None:
        """Keep what was uploaded until the form is accepted."""
        held_uploads.drop(self.owner, self.token, self.request.POST.getlist("held_drop"))
        uploads = self.main.cleaned_data.get("pictures") or []
        held_uploads.hold(
            self.owner, self.token, [(str(one.name), content_of(one)) for one in uploads]
        )

    def held(self) -> list[str]:
        return held_uploads.names(self.owner, self.token)

    def _pictures(self) -> list[bytes]:
        self.hold_pictures()
        return [held_uploads.read(self.owner, self.token, name) for name in self.held()]

    # -- what it amounts to --------------------------------------------------------------------

    def new_product(self) -> NewProduct:
        """What the services are asked to make."""
        given = self.main.cleaned_data
        channel = self.channel.cleaned_data if self.may_list else {}
        return NewProduct(
            **{
                name: given[name]
                for name in (
                    "merchant", "sku", "title", "description", "brand", "product_type", "tags",
                    "fulfillment_center",
                )
            },
            option_names=self.main.option_names(),
            variants=list(self._variants()),
            pictures=self._pictures(),
            shop=channel.get("shop"),
            category=channel.get("category"),
            properties=channel.get("properties", ()),
        )  # fmt: skip

    def _variants(self) -> Iterator[NewVariant]:
        given = self.main.cleaned_data
        shop = self.channel.chosen_shop if self.may_list else None
        shared = {name: given[name] for name in SHARED}
        shared["currency"] = shop.currency if shop else NewVariant.currency
        own = ("price", "weight", "quantity")
        if not self.main.combinations():
            plain = {name: given[name] for name in own} | {"identifiers": given["identifiers"]}
            yield _variant({**shared, **plain, "sku": given["sku"]})
            return
        for form in self.rows.kept():
            row = form.cleaned_data
            mixed = {name: given[name] if row[name] is None else row[name] for name in own}
            yield _variant(
                {**shared, **mixed, "sku": row["sku"], "identifiers": row["barcode"] or {}},
                form.words,
            )

    def problems(self) -> list[tuple[str, str]]:
        """Every error with the id of its field, in the order of the page."""
        forms = [self.main, *self.rows, *([self.channel] if self.may_list else [])]
        found = []
        for form in forms:
            for name, errors in form.errors.items():
                field = form[name] if name in form.fields else None
                words = f"{field.label}: " if field else ""
                found += [(field.id_for_label if field else "", f"{words}{e}") for e in errors]
        return found + [("variants", str(error)) for error in self.rows.non_form_errors()]


def _variant(values: dict[str, Any], words: tuple[str, ...] = ()) -> NewVariant:
    values["quantity"] = values["quantity"] or 0
    if values["weight"] is None:
        values["weight_unit"] = ""
    if values["length"] is None:
        values["dimension_unit"] = ""
    return NewVariant(**values, options=words)


def channel_form(request: HttpRequest, posted: Any, *, is_asked: bool = True) -> ChannelForm:
    """The channel's form, with the properties of the category, fetched if they are not here yet.

    With `is_asked` false nothing is judged yet: the person is still filling it in.
    """
    form = ChannelForm(posted) if is_asked else ChannelForm(initial=posted)
    if form.chosen_category is None or form.chosen_category.attributes_fetched_at is not None:
        return form
    try:
        taxonomy.ensure_form(form.chosen_category)
    except Failure as failure:
        messages.error(
            request,
            f"The properties of “{form.chosen_category}” could not be fetched. "
            f"{failure_text(failure)}",
        )
        return form
    return ChannelForm(posted) if is_asked else ChannelForm(initial=posted)


def create_view(request: HttpRequest, model_admin: BaseAdmin) -> HttpResponse:
    """Ask for a product; save it, or save and publish it."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    page = CreatePage(request)
    if request.method == "POST":
        if "_show" in request.POST:
            page.main.is_valid()
            page.make_rows()
            page.hold_pictures()
        elif page.is_valid():
            try:
                return _save(request, page)
            except Failure as failure:
                page.main.add_error(None, failure_text(failure))
        else:
            page.hold_pictures()
    return _show(request, page, model_admin, is_asked="_show" not in request.POST)


def _save(request: HttpRequest, page: CreatePage) -> HttpResponse:
    publish = "_publish" in request.POST and page.may_list
    work = product_create.create_and_publish if publish else product_create.create
    made = work(page.new_product(), by=who(request))
    held_uploads.drop(page.owner, page.token)
    say_what_was_dropped(request, page.main)
    if made.is_queued and made.listing:
        shop = made.listing.shop
        nudge("publish_queued", shop.pk, label=f"Publish queued: {shop}")
        messages.success(request, f"“{made.product}” was saved and is queued for {shop}.")
        return HttpResponseRedirect(reverse("admin:catalog_listing_change", args=[made.listing.pk]))
    _say(request, made)
    return HttpResponseRedirect(reverse("admin:catalog_product_change", args=[made.product.pk]))


def _say(request: HttpRequest, made: Created) -> None:
    if not made.refusal:
        messages.success(request, f"“{made.product}” was saved.")
    elif made.listing and made.listing.missing:
        count = len(made.listing.missing)
        is_one = count == 1
        where = "It stands below" if is_one else "They stand below, each"
        messages.warning(
            request,
            f"“{made.product}” was saved, and not published: {count} "
            f"{'requirement is' if is_one else 'requirements are'} not met. "
            f"{where} with the place to meet it.",
        )
    else:
        messages.warning(request, f"“{made.product}” was saved, and not published. {made.refusal}")


def _show(
    request: HttpRequest, page: CreatePage, model_admin: BaseAdmin, *, is_asked: bool
) -> TemplateResponse:
    return model_admin.page(
        request,
        "admin/product_create.html",
        "New product",
        media=model_admin.media + page.main.media + page.channel.media,
        page=page,
        problems=page.problems() if is_asked and page.main.is_bound else [],
    )


@require_POST
def variants_view(request: HttpRequest) -> HttpResponse:
    """The table of variants for the options as they are typed now."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    page = CreatePage(request)
    page.main.is_valid()
    page.make_rows()
    return TemplateResponse(request, "admin/product_create_variants.html", {"page": page})


@require_POST
def channel_view(request: HttpRequest) -> HttpResponse:
    """Category and properties of the channel as it is chosen now; nothing is judged yet."""
    if not request.user.has_perms((ADD, *LIST)):
        raise PermissionDenied
    given = {
        name: values if len(values) > 1 else values[0] for name, values in request.POST.lists()
    }
    form = channel_form(request, given, is_asked=False)
    return TemplateResponse(
        request, "admin/product_create_channel.html", {"channel": form, "is_fragment": True}
    )
