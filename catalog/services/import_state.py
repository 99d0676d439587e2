"""What the catalog holds already of the products that a chunk of a file describes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.models import Identifier, Image, Merchant, Product, Tag, Variant
from catalog.sheets import ProductDraft, VariantDraft


@dataclass
class Stored:
    """The stored rows that a chunk may touch, looked up without further queries."""

    products: Mapping[int, Product]
    by_sku: Mapping[str, Product]
    owners: Mapping[str, Product]
    tags: dict[str, Tag]
    variants: Mapping[int, dict[str, Variant]]
    identifiers: Mapping[int, dict[str, Identifier]]
    images: Mapping[int, dict[str, Image]]
    tag_names: Mapping[int, set[str]] = field(default_factory=dict)

    def find(self, draft: ProductDraft) -> Product | None:
        """Return the product that a draft describes, if the catalog has it.

        A product that had one variant and now has several changes its own SKU in the file; then
        a variant it shares, under the same title, tells who it is.
        """
        known = self.by_sku.get(draft.sku)
        if known is not None:
            return known
        sharing = {
            owner.pk: owner
            for item in draft.variants
            if not item.sku_was_generated and (owner := self.owners.get(item.sku)) is not None
        }
        if len(sharing) != 1:
            return None
        candidate = next(iter(sharing.values()))
        return candidate if candidate.title == draft.title else None

    def owner_of(self, sku: str) -> Product | None:
        """Return the product that has a variant of this SKU."""
        return self.owners.get(sku)

    def same_options(self, product: Product, item: VariantDraft) -> Variant | None:
        """Return a product's variant with the options of a row."""
        wanted = [value.casefold() for value in item.option_values]
        for variant in self.variants_of(product).values():
            if [str(value).casefold() for value in variant.options] == wanted:
                return variant
        return None

    def options_clash(self, draft: ProductDraft, product: Product) -> bool:
        """Tell whether stored variants that the file does not name have other options than it."""
        named = {item.sku for item in draft.variants}
        count = len(draft.variants[0].options)
        return any(
            len(variant.options) != count
            for sku, variant in self.variants_of(product).items()
            if sku not in named
        )

    def variants_of(self, product: Product) -> dict[str, Variant]:
        """Return a product's stored variants by SKU."""
        return self.variants.get(product.pk, {})

    def identifiers_of(self, variant: Variant) -> dict[str, Identifier]:
        """Return a variant's stored identifiers by kind."""
        return self.identifiers.get(variant.pk, {})

    def images_of(self, product: Product) -> dict[str, Image]:
        """Return a product's stored pictures by address; uploaded ones count by their id."""
        return self.images.get(product.pk, {})

    def tags_of(self, product: Product) -> set[str]:
        """Return the names of a product's stored tags."""
        return self.tag_names.get(product.pk, set())


def load_stored(merchant: Merchant, drafts: Sequence[ProductDraft]) -> Stored:
    """Read everything a chunk will be compared with, in a fixed number of queries."""
    product_skus = {draft.sku for draft in drafts}
    variant_skus = {item.sku for draft in drafts for item in draft.variants}
    sharing = dict(
        Variant.objects.filter(merchant=merchant, sku__in=variant_skus).values_list(
            "sku", "product_id"
        )
    )
    mine = Product.objects.filter(merchant=merchant)
    products = mine.in_bulk(list(set(sharing.values())))
    named = {product.sku: product for product in mine.filter(sku__in=product_skus)}
    products |= {product.pk: product for product in named.values()}
    variants: dict[int, dict[str, Variant]] = defaultdict(dict)
    for variant in Variant.objects.filter(product__in=products):
        variants[variant.product_id][variant.sku] = variant
    identifiers: dict[int, dict[str, Identifier]] = defaultdict(dict)
    for identifier in Identifier.objects.filter(variant__product__in=products):
        identifiers[identifier.variant_id][identifier.kind] = identifier
    images: dict[int, dict[str, Image]] = defaultdict(dict)
    for image in Image.objects.filter(product__in=products).select_related("variant"):
        images[image.product_id][image.source_url or f"#{image.pk}"] = image
    tag_names: dict[int, set[str]] = defaultdict(set)
    for tag in Tag.objects.filter(merchant=merchant, products__in=products).values_list(
        "products", "name"
    ):
        tag_names[tag[0]].add(tag[1].casefold())
    return Stored(
        products=products,
        by_sku={sku: products[product.pk] for sku, product in named.items()},
        owners={sku: products[pk] for sku, pk in sharing.items()},
        tags={tag.name.casefold(): tag for tag in Tag.objects.filter(merchant=merchant)},
        variants=variants,
        identifiers=identifiers,
        images=images,
        tag_names=tag_names,
    )
