"""Which category of the sandbox's tree each tag of the demo catalog belongs to."""

from __future__ import annotations

from typing import Any

from catalog.models import CategoryAttribute, ChannelCategory

LEAF_BY_TAG = {
    "Dog toys": "Dog Toys",
    "Dog collars and leashes": "Dog Collars & Leashes",
    "Dog beds": "Dog Beds",
    "Dog grooming": "Dog Grooming",
    "Drinkware": "Mugs",
    "Cookware": "Frying Pans",
    "Kitchen utensils": "Kitchen Utensils",
    "Food storage": "Food Storage",
    "T-shirts": "T-shirts",
    "Hoodies": "Hoodies",
    "Socks": "Socks",
    "Hats": "Hats",
    "Lip makeup": "Lipstick",
    "Face care": "Face Serums",
    "Hair care": "Shampoo",
    "Bath and body": "Body Wash",
    # Toys need a safety certificate: those for whom none is uploaded stay in “Incomplete”.
    "Puzzles": "Puzzles",
    "Plush toys": "Plush Toys",
    "Building toys": "Building Blocks",
    "Toy vehicles": "Toy Vehicles",
}

#: Products with this tag are categorized and filled in by a listing template.
TEMPLATE_TAG = "Dog toys"

#: What is filled in where a category asks for free text.
FREE_TEXT = "See the product's label"


def required_values(category: ChannelCategory) -> dict[str, Any]:
    """A value for each property that the category requires, by the name of its form field."""
    values: dict[str, Any] = {}
    for field in CategoryAttribute.objects.filter(
        category=category, is_required=True, kind="product"
    ):
        names = [choice["name"] for choice in field.values] or [FREE_TEXT]
        first = "No" if "No" in names else names[0]
        values[f"attribute_{field.pk}"] = [first] if field.is_multiple else first
    return values
