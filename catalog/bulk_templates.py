"""Bulk runs of listing templates: applying one, taking it off."""

from __future__ import annotations

from catalog.bulk import CHANGE, Given
from catalog.models import ListingTemplate
from catalog.services import templates
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.bulk import by_chunks
from marketplace.kernel.errors import Refused


@by_chunks("apply_template", permission=CHANGE)
def apply(ids: list[int], given: Given, by: str) -> BatchReport:
    """Put the template `given` by id on listings; its category's form is here already."""
    rows = ListingTemplate.objects.select_related("category", "shop")
    template = rows.filter(pk=given["template"]).first()
    if template is None:
        raise Refused("The template is gone. Choose another one.")
    return templates.apply(ids, template, by=by, replace=given["replace"])


@by_chunks("take_template_off", permission=CHANGE)
def take_off(ids: list[int], given: Given, by: str) -> BatchReport:
    """Take their templates off listings, with or without what these gave."""
    return templates.take_off(ids, keep=given["keep"], by=by)
