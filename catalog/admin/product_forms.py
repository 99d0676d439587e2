"""The form of a product's page: what a buyer reads, and how the merchant sorts it."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.admin.rich_text import RichTextField
from catalog.admin.upload import PicturesField
from catalog.admin.variant_forms import WordsField
from catalog.models import Product, Video
from catalog.models.media import WEB_ADDRESS


class ProductForm(forms.ModelForm):
    description = RichTextField(
        help_text="Bold, italic, underline, headings, lists, tables and pictures are kept; "
        "anything else is taken out when it is saved."
    )
    option_names = WordsField(
        required=False, help_text="Names with “ / ” between them: Color / Size. Empty: no options."
    )
    video_url = forms.CharField(
        label="Video",
        required=False,
        max_length=1000,
        validators=[WEB_ADDRESS],
        widget=UnfoldAdminTextInputWidget,
        help_text="Its address, as a reference. A video that came with a listing from the channel "
        "is sent back by the id it has there.",
    )
    new_pictures = PicturesField(label="Add pictures")

    class Meta:
        model = Product
        fields = (
            "merchant", "sku", "title", "description", "brand", "product_type", "option_names",
            "tags", "manufacturer", "responsible_person",
        )  # fmt: skip
        help_texts = {"brand": "Some brands want resellers authorized in Seller Center."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        video = Video.objects.filter(product=self.instance.pk).first()
        self.initial["video_url"] = video.url if video else ""
        for name in ("manufacturer", "responsible_person"):
            if name in self.fields:
                people = self.fields[name].queryset  # type: ignore[attr-defined]
                self.fields[name].queryset = people.filter(  # type: ignore[attr-defined]
                    merchant=self.instance.merchant_id
                )

    def clean_tags(self) -> Any:
        tags = self.cleaned_data["tags"]
        foreign = [tag.name for tag in tags if tag.merchant_id != self.instance.merchant_id]
        if foreign:
            raise forms.ValidationError(
                f"{', '.join(foreign)}: this tag belongs to another merchant. Each merchant has "
                "its own tags; choose one of theirs, or make one under Tags."
            )
        return tags
