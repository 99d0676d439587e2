"""Applying a template to selected listings, and taking it off."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.admin.category_forms import only_shop
from catalog.models import ListingTemplate
from catalog.services import taxonomy, templates
from marketplace.kernel.admin_verbs import InBulk, Verb, VerbForm
from marketplace.kernel.errors import Refused

CHANGE = "catalog.change_listing"
LOOKED_AT = 3
KEEP, REMOVE = "keep", "remove"


class ApplyForm(VerbForm):
    """Asks for a template of the shop, and shows what it makes of three of the listings."""

    look_button = "Show preview"

    template = forms.ModelChoiceField(
        ListingTemplate.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    replace = forms.BooleanField(
        label="Also replace what was filled in by hand",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Else titles, descriptions and properties that a person gave one listing stay.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop = only_shop(self)
        rows = ListingTemplate.objects.filter(shop=shop, is_active=True)
        if not rows.exists():
            raise Refused(
                f"{shop} has no active template. Make one under “Listing templates” first."
            )
        field: Any = self.fields["template"]
        field.queryset = rows.select_related("category", "shop")
        field.label_from_instance = lambda row: f"{row.name} ({row.category.path})"

    def preview(self) -> list[str]:
        """Before and after of a few listings."""
        given = self.cleaned_data if self.is_bound and not self.errors else {}
        field: Any = self.fields["template"]
        template = given.get("template") or field.queryset.first()
        rows = self.rows.order_by("pk")[:LOOKED_AT]
        found = templates.outlook(template, rows, replace=bool(given.get("replace")))
        which = "it" if self.rows.count() == 1 else f"the first {len(found)}"
        lines = [f"What “{template}” makes of {which}:"]
        return lines + [_words(one, template) for one in found]


def _words(one: templates.Outlook, template: ListingTemplate) -> str:
    names = {row.attribute_id: row.attribute.name for row in template.attributes.all()}
    after = one.made.title or one.listing.product.title
    if one.is_title_by_hand:
        title = f"the title “{one.title}” was set by hand and stays"
    elif after == one.title:
        title = f"the title “{after}” stays"
    else:
        title = f"“{one.title}” → “{after}”"
    parts = [f"{one.listing.product.sku}: {title}"]
    parts += [f"{names[pk]}: {', '.join(values)}" for pk, values in one.made.values.items()]
    parts += [f"{names[pk]}: {', '.join(values)} (by hand)" for pk, values in one.kept.items()]
    if one.is_other_category:
        parts.append(f"category {one.listing.category or 'none'} → {template.category}")
    return " ".join(["; ".join(parts) + ".", *one.made.remarks])


def template_given(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The template's id; its category's form is fetched once, before any listing is treated."""
    taxonomy.ensure_form(cleaned["template"].category)
    return {"template": cleaned["template"].pk, "replace": cleaned["replace"]}


class TakeOffForm(VerbForm):
    """Asks what becomes of the texts and values that the template gave."""

    what = forms.ChoiceField(
        label="What the template filled in",
        choices=[
            (REMOVE, "Remove it: the product's own title and description count again"),
            (KEEP, "Keep it as the listing's own"),
        ],
        initial=REMOVE,
        widget=UnfoldAdminRadioSelectWidget,
    )


VERBS = (
    Verb(
        name="apply_template",
        label="More actions: Apply a template",
        in_bulk=InBulk(
            "apply_template", given=template_given, about=lambda cleaned: str(cleaned["template"])
        ),
        permission=CHANGE,
        form=ApplyForm,
        button="Apply a template",
        explanation="Sets the template's category, makes title and description, and fills in "
        "properties. The listings follow the template from then on.",
    ),
    Verb(
        name="take_template_off",
        label="More actions: Take the template off",
        in_bulk=InBulk(
            "take_template_off", given=lambda cleaned: {"keep": cleaned["what"] == KEEP}
        ),
        permission=CHANGE,
        form=TakeOffForm,
        button="Take the template off",
        applies=lambda row: row.template_id is not None,
        explanation="The category stays. A listing with a category gets no template by itself.",
    ),
)
