"""Which category of the sandbox's tree each tag of the demo catalog belongs to."""

from __future__ import annotations

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
    # Toys need a safety certificate, which nobody uploads today: they stay in “Incomplete”.
    "Puzzles": "Puzzles",
    "Plush toys": "Plush Toys",
    "Building toys": "Building Blocks",
    "Toy vehicles": "Toy Vehicles",
}

#: What is filled in where a category asks for free text.
FREE_TEXT = "See the product's label"
