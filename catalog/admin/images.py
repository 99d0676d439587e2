"""Pictures: the “Images” tab of a product, and all pictures that channels would not accept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter

from catalog.admin.image_verbs import VERBS
from catalog.admin.upload import content_of
from catalog.media_rules import check_image
from catalog.models import Image
from catalog.services import images, products
from marketplace.kernel.admin import BaseAdmin, link_to, thumbnail
from marketplace.kernel.admin_verbs import who
from marketplace.kernel.errors import Refused

#: Where a picture stands that was given no number.
LAST = 1_000_000
ROW_WORDS = {
    "position": "Order",
    "file": "Another file in its place",
    "source_url": "Address on the web",
    "alt_text": "Text for people who do not see it",
}


class ImageForm(forms.ModelForm):
    """A picture by file or by address; a file is measured at once, an address is fetched later."""

    content: bytes = b""

    class Meta:
        model = Image
        fields = ("position", "file", "source_url", "alt_text", "variant")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not isinstance(upload, UploadedFile):
            return upload
        try:
            self.content = content_of(upload)
            images.inspect_picture(self.content)
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return self.initial.get("file")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        has_any = self.content or cleaned.get("file") or cleaned.get("source_url")
        if not has_any and "file" not in self.errors:
            raise forms.ValidationError("Choose a file, or give the picture's address.")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        image = super().save(commit=False)
        if self.content:
            images.store_picture(image, self.content)
        if commit:
            image.save()
        return image


class ImageRowForm(ImageForm):
    """A picture as a row of its product's table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget = forms.FileInput({"accept": "image/*"})
        for name, words in ROW_WORDS.items():
            self.fields[name].widget.attrs.update(
                {"class": "desk-cell", "placeholder": words, "aria-label": words, "title": words}
            )

        # People count from one; `put_in_order` makes any ascending numbers 0, 1, 2 again.
        self.initial["position"] = self.instance.position + 1 if self.instance.pk else None
        self.fields["position"].required = False

    def clean_position(self) -> int:
        place: int | None = self.cleaned_data["position"]
        return LAST if place is None else place

    def preview(self) -> object:
        """The picture, small."""
        return preview(self.instance, size=88)

    def finding(self) -> object:
        """What is known of it."""
        return finding(self.instance)


class ImageInline(TabularInline):
    model = Image
    form = ImageRowForm
    extra = 0
    hide_title = True
    fields = ("position", "preview", "finding", "file", "source_url", "alt_text")
    readonly_fields = ("preview", "finding")
    verbose_name_plural = "Images"
    template = "admin/product_pictures.html"
    tab = True

    @admin.display(description="Picture")
    def preview(self, row: Image) -> object:
        return preview(row, size=88)

    @admin.display(description="What was found")
    def finding(self, row: Image) -> object:
        return finding(row)


@admin.register(Image)
class ImageAdmin(BaseAdmin):
    """Pictures over all products, to find those that channels would not accept."""

    list_display = ("small", "product_link", "merchant", "place", "finding")
    list_display_links = ("small",)
    list_filter = (("product__merchant", AutocompleteSelectFilter), ("format", FieldTextFilter))
    search_fields = ("product__sku", "product__title")
    autocomplete_fields = ("product", "variant")
    form = ImageForm
    fields = ("product_link", "preview", "finding", "file", "source_url", "alt_text")
    readonly_fields = ("product_link", "preview", "finding")
    verbs = VERBS

    class Media:
        css = {"all": ("desk/product.css",)}

    empty_hint = "No image yet. They come with products, by file or by address."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return super().get_queryset(request).select_related("product__merchant")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        products.changed([obj.product_id], by=who(request))

    @admin.display(description="Picture")
    def small(self, row: Image) -> object:
        return thumbnail(row.file.url if row.file else "", size=48)

    @admin.display(description="Picture")
    def preview(self, row: Image) -> object:
        return preview(row, size=160)

    @admin.display(description="Product")
    def product_link(self, row: Image) -> object:
        return link_to(row.product)

    @admin.display(description="Merchant")
    def merchant(self, row: Image) -> str:
        return str(row.product.merchant)

    @admin.display(description="Place", ordering="position")
    def place(self, row: Image) -> str:
        return "Primary" if row.position == 0 else str(row.position + 1)

    @admin.display(description="What was found")
    def finding(self, row: Image) -> object:
        return finding(row)


def order_of(formsets: Iterable[Any]) -> dict[int, int]:
    """The numbers that were given to the pictures (by id) on their product's page."""
    return {
        form.instance.pk: form.cleaned_data["position"]
        for formset in formsets
        if formset.model is Image
        for form in formset.forms
        if form.instance.pk and "position" in form.cleaned_data
    }


def preview(row: Image, *, size: int) -> object:
    """A small picture that leads to the whole one."""
    small = thumbnail(row.file.url if row.file else "", size=size)
    return (
        format_html('<a href="{}" target="_blank">{}</a>', row.file.url, small)
        if row.file
        else small
    )


def finding(row: Image) -> object:
    """A picture's measures, each rule it breaks with the found value, and its original if fixed."""
    lines = [format_html("{}", line) for line in _finding_lines(row)]
    if row.original:
        lines.append(
            format_html(
                'Fixed: {} <a class="text-primary-600 hover:underline" href="{}" target="_blank">'
                "See the original</a>",
                row.fixed_as,
                row.original.url,
            )
        )
    return format_html(
        '<span class="desk-finding">{}</span>',
        format_html_join("", '<span class="block">{}</span>', ((line,) for line in lines)),
    )


def _finding_lines(row: Image) -> list[str]:
    if row.problem:
        return [row.problem]
    if not row.sha256:
        return ["Not fetched yet" if row.source_url else "–"]
    width, height, size = row.width or 0, row.height or 0, row.size or 0
    problems = [item.sentence for item in check_image(width, height, size, row.format)]
    return [
        f"{width:,} × {height:,} px, {size / 1024:,.0f} KB, {row.format}.",
        *(problems or ["Good."]),
    ]
