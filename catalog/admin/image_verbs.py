"""Making pictures acceptable from the lists of images, products and listings."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from catalog.media_rules import check_image
from catalog.models import Image
from catalog.services import image_fixer
from catalog.services.image_editing import Mode, Ratio, Wish
from catalog.services.image_fixer import Look
from marketplace.kernel.admin_verbs import InBulk, Verb, VerbForm

#: More than these are fixed in the background, not while a person waits.
AT_ONCE = 20
LOOKS_SHOWN = 6
LOOK_SIDE = 176  # pixels
CHANGE = "catalog.change_image"
#: Shows through where a picture is transparent.
SQUARES = "repeating-conic-gradient(#d1d5db 0% 25%, #fff 0% 50%) 50% / 16px 16px"
Pictures = Callable[[list[int]], QuerySet[Image]]


def of_images(ids: list[int]) -> QuerySet[Image]:
    return Image.objects.filter(pk__in=ids)


def of_products(ids: list[int]) -> QuerySet[Image]:
    return Image.objects.filter(product__in=ids)


def of_listings(ids: list[int]) -> QuerySet[Image]:
    return Image.objects.filter(product__listings__in=ids).distinct()


PICTURES: dict[str, Pictures] = {
    "image": of_images,
    "product": of_products,
    "listing": of_listings,
}


class FixForm(VerbForm):
    """How pictures are to be made acceptable, with a look at what comes of it."""

    look_button = "Show preview"

    ratio = forms.ChoiceField(
        label="Shape",
        choices=Ratio.choices,
        initial=Ratio.NEAREST,
        widget=UnfoldAdminSelectWidget,
    )
    mode = forms.ChoiceField(
        label="How",
        choices=Mode.choices,
        initial=Mode.WHITE_BORDER,
        widget=UnfoldAdminSelectWidget,
    )
    enlarge = forms.BooleanField(
        label="Enlarge pictures that are too small",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="An enlarged picture is less sharp; a larger original is better.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            cleaned["wish"] = Wish(
                Ratio(cleaned["ratio"]), Mode(cleaned["mode"]), cleaned["enlarge"]
            )
        return cleaned

    def preview(self) -> list[str]:
        ids = list(self.rows.order_by().values_list("pk", flat=True))
        found = PICTURES[str(self.rows.model._meta.model_name)](ids).order_by("pk")
        measures = list(found.values_list("pk", "width", "height", "size", "format"))
        if not measures:
            return ["There is no picture among them."]
        wrong = [
            row[0]
            for row in measures
            if row[1] and check_image(row[1], row[2] or 0, row[3] or 0, row[4])
        ]
        words = [f"Pictures: {len(measures):,}. Not acceptable as they are: {len(wrong):,}."]
        if len(measures) > AT_ONCE:
            words.append(f"More than {AT_ONCE} pictures are fixed in the background.")
        first = list(dict.fromkeys([*wrong, *(row[0] for row in measures)]))[:LOOKS_SHOWN]
        images = Image.objects.select_related("product").in_bulk(first)
        wish = (
            self.cleaned_data.get("wish", Wish()) if self.is_bound and not self.errors else Wish()
        )
        looks = [image_fixer.look(images[pk], wish, side=LOOK_SIDE) for pk in first]
        return [*words, _table(looks)]


def ids_of(pictures: Pictures) -> Callable[[list[int]], list[int]]:
    """The pictures that rows of a list lead to, by their ids."""
    return lambda ids: list(pictures(ids).order_by("pk").values_list("pk", flat=True))


def _table(looks: list[Look]) -> SafeString:
    """Before and after, side by side; all inside one paragraph, hence spans."""
    rows = format_html_join(
        "",
        '<span class="border-b border-base-200 flex flex-wrap gap-3 items-center py-3 '
        'dark:border-base-800">{}{}<span class="text-sm" style="flex:1 1 200px">{}'
        '<span class="block text-base-500 dark:text-base-400">{}</span></span></span>',
        (
            (
                _picture(look.before, "Before"),
                _picture(look.after, "After"),
                look.words,
                look.image.product,
            )
            for look in looks
        ),
    )
    return format_html('<span class="block">{}</span>', rows)


def _picture(content: bytes, title: str) -> SafeString:
    shown: str | SafeString = "–"
    if content:
        data = base64.b64encode(content).decode()
        shown = format_html(
            '<img src="data:image/png;base64,{}" alt="{}" '
            'style="max-width:120px;max-height:120px;border:1px solid #d1d5db;background:{}">',
            data,
            title,
            SQUARES,
        )
    return format_html(
        '<span class="text-base-500 text-xs dark:text-base-400" style="width:124px">'
        '{}<span class="flex items-center justify-center" style="height:124px">{}</span></span>',
        title,
        shown,
    )


def _verb(label: str, pictures: Pictures) -> Verb:
    return Verb(
        name="fix_images",
        label=label,
        in_bulk=InBulk(
            "fix_images",
            at_once=AT_ONCE,
            given=lambda cleaned: {"wish": cleaned["wish"].as_text()},
            rows=ids_of(pictures),
        ),
        permission=CHANGE,
        form=FixForm,
        button="Fix images",
        explanation="Each picture gets an accepted shape, size and file type; transparent parts "
        "become white. The original is kept: “Restore the original” in the list of images brings "
        "it back. On shops, a fixed picture shows as “Changes not published” until you publish.",
    )


FIX_OF_PRODUCTS = _verb("Fix images", of_products)
FIX_OF_LISTINGS = _verb("More actions: Fix images", of_listings)

VERBS = (
    _verb("Fix images", of_images),
    Verb(
        name="restore_original",
        label="Restore the original",
        in_bulk=InBulk("restore_original", at_once=AT_ONCE),
        permission=CHANGE,
        button="Restore the original",
        applies=lambda row: bool(row.original),
    ),
)
