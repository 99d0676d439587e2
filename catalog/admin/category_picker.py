"""A field that chooses one category of a shop: browsed level by level, or searched by words.

For any form of the admin:

    class MyForm(forms.Form):
        category = CategoryField(shop=shop)             # the shop is known, or
        category = CategoryField()                      # it is set in __init__:

        def __init__(self, ...):
            self.fields["category"].shop = shop

The cleaned value is a `ChannelCategory` that listings of that shop may be put into. What is posted
is its primary key; without scripts it is a path, or words that fit one category only. The page must
print `{{ form.media }}`. When a category is chosen or cleared in the browser, the field's hidden
input fires “change”, which bubbles. A picker that is put into the page later (htmx) starts by
itself. Without a shop the field says that one must be chosen first.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import INPUT_CLASSES

from catalog.models import ChannelCategory, Shop
from catalog.services import category_tree
from marketplace.kernel.errors import Refused

URL_NAME = "catalog_channelcategory_picker"


class CategoryPicker(forms.TextInput):
    """The widget of `CategoryField`; a plain text field until its script takes over."""

    template_name = "admin/category_picker.html"
    shop: Shop | None = None

    class Media:
        css = {"all": ("desk/category_picker.css",)}
        js = ("desk/category_picker.js",)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        classes = " ".join(INPUT_CLASSES)
        context = super().get_context(name, value, {"class": classes, **(attrs or {})})
        chosen = self._chosen(value)
        context["shop"] = self.shop
        context["chosen"] = chosen
        context["note"] = category_tree.node_of(chosen).note if chosen else ""
        if self.shop is not None:
            context["url"] = reverse(f"admin:{URL_NAME}", args=[self.shop.pk])
        return context

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: Any = None
    ) -> SafeString:
        # A form's own renderer knows only the templates of Django itself.
        return render_to_string(template_name, context)

    def _chosen(self, value: Any) -> ChannelCategory | None:
        if self.shop is None or not str(value or "").isdecimal():
            return None
        return ChannelCategory.objects.filter(shop=self.shop, pk=int(value)).first()


class CategoryField(forms.Field):
    """One category of the lowest level that the shop may use. See the module's text."""

    widget = CategoryPicker
    default_error_messages = {
        "required": "Choose a category.",
        "no_shop": "Choose a shop first: each has its own categories.",
        "gone": "This category is not in the shop's tree any more. Choose another.",
    }

    def __init__(self, *, shop: Shop | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shop = shop

    @property
    def shop(self) -> Shop | None:
        return self._shop

    @shop.setter
    def shop(self, shop: Shop | None) -> None:
        self._shop = self.widget.shop = shop

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, ChannelCategory) else value

    def to_python(self, value: Any) -> ChannelCategory | None:
        text = str(self.prepare_value(value) or "").strip()
        if not text:
            return None
        if self.shop is None:
            raise ValidationError(self.error_messages["no_shop"], code="no_shop")
        try:
            return self._find(self.shop, text)
        except Refused as refusal:
            raise ValidationError(refusal.message, code="refused") from refusal

    def _find(self, shop: Shop, text: str) -> ChannelCategory:
        if text.isdecimal():
            row = ChannelCategory.objects.filter(shop=shop, pk=int(text)).first()
            if row is None:
                raise ValidationError(self.error_messages["gone"], code="gone")
        else:
            row = category_tree.find(shop, text)
        if reason := category_tree.why_closed(row):
            raise Refused(reason)
        return row

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "")


def picker_view(request: HttpRequest, shop: int) -> JsonResponse:
    """What a picker shows: `?under=` an id on the channel, or `?q=` words."""
    if not request.user.has_perm("catalog.view_channelcategory"):
        raise PermissionDenied
    found = Shop.objects.filter(pk=shop).first()
    if found is None:
        raise Http404
    if words := request.GET.get("q", "").strip():
        shown = category_tree.search(found, words[:200])
    else:
        shown = category_tree.level(found, request.GET.get("under", "")[:60])
    return JsonResponse(asdict(shown))
