"""The forms of a product's page: options as words, pictures checked before they are stored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.models import Image, Product, Variant
from catalog.services import images
from marketplace.kernel.errors import Refused

SEPARATOR = " / "


class WordsField(forms.CharField):
    """A list of words, edited as one text: “Red / Large”."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return SEPARATOR.join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [part.strip() for part in str(value or "").split(SEPARATOR) if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class ProductForm(forms.ModelForm):
    option_names = WordsField(
        required=False, help_text="Names with “ / ” between them: Color / Size. Empty: no options."
    )

    class Meta:
        model = Product
        fields = (
            "merchant", "sku", "title", "description", "brand", "product_type", "option_names",
            "tags",
        )  # fmt: skip


class VariantForm(forms.ModelForm):
    options = WordsField(required=False, help_text="Red / Large")

    class Meta:
        model = Variant
        fields = (
            "sku", "options", "price", "compare_at_price", "currency", "weight", "weight_unit",
            "length", "width", "height", "dimension_unit", "position",
        )  # fmt: skip

    def save(self, commit: bool = True) -> Any:
        self.instance.merchant_id = self.instance.product.merchant_id
        return super().save(commit)


class VariantFormSet(PaginationInlineFormSet):
    """The variants of a product; a SKU belongs to one variant of the merchant."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            sku = form.cleaned_data.get("sku") if hasattr(form, "cleaned_data") else ""
            if not sku or not self.instance.merchant_id:
                continue
            taken = Variant.objects.filter(merchant=self.instance.merchant_id, sku=sku)
            if taken.exclude(pk=form.instance.pk).exists():
                form.add_error("sku", "Another variant of this merchant has this SKU.")


class ImageForm(forms.ModelForm):
    """A picture by file or by address; a file is measured at once, an address is fetched later."""

    content: bytes = b""

    class Meta:
        model = Image
        fields = ("position", "file", "source_url", "alt_text", "variant")

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not isinstance(upload, UploadedFile):
            return upload
        self.content = upload.read()
        try:
            images.inspect_picture(self.content)
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return self.initial.get("file")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (self.content or cleaned.get("file") or cleaned.get("source_url")):
            raise forms.ValidationError("Choose a file, or give the picture's address.")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        image = super().save(commit=False)
        if self.content:
            images.store_picture(image, self.content)
        if commit:
            image.save()
        return image
