"""Write some hundred products of a file in one transaction, touching only what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone

from catalog.html import sanitize
from catalog.models import Identifier, Image, Merchant, Product, Tag, Variant
from catalog.services import products
from catalog.services.import_report import ImportReport
from catalog.services.import_state import Stored, load_stored
from catalog.sheets import ProductDraft, RowNote, RowProblem, VariantDraft
from catalog.sheets.values import make_sku
from marketplace.kernel import many

PRODUCT_FIELDS = ["title", "description", "brand", "product_type", "option_names"]
VARIANT_FIELDS = [
    "options", "price", "currency", "compare_at_price", "cost", "weight", "weight_unit",
    "length", "width", "height", "dimension_unit",
]  # fmt: skip
IMAGE_FIELDS = ["alt_text", "variant"]


@dataclass
class ChunkResult:
    """What a chunk did, and the variants of its rows for whoever sets quantities."""

    report: ImportReport = field(default_factory=ImportReport)
    variants: list[tuple[VariantDraft, Variant]] = field(default_factory=list)


@dataclass
class _Plan:
    """Rows to write; nothing is written until the whole chunk has been compared."""

    merchant: Merchant
    stored: Stored
    source: str
    result: ChunkResult
    new_products: list[Product] = field(default_factory=list)
    new_variants: list[Variant] = field(default_factory=list)
    new_identifiers: list[Identifier] = field(default_factory=list)
    new_images: list[Image] = field(default_factory=list)
    new_tags: list[tuple[Product, str]] = field(default_factory=list)
    changed_products: list[Product] = field(default_factory=list)
    changed_variants: list[Variant] = field(default_factory=list)
    changed_identifiers: list[Identifier] = field(default_factory=list)
    changed_images: list[Image] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Return how many rows are to be written so far."""
        return (
            len(self.new_variants)
            + len(self.new_identifiers)
            + len(self.new_images)
            + len(self.new_tags)
            + len(self.changed_products)
            + len(self.changed_variants)
            + len(self.changed_identifiers)
            + len(self.changed_images)
        )


@transaction.atomic
def write_chunk(merchant: Merchant, drafts: Sequence[ProductDraft], source: str) -> ChunkResult:
    """Create and update the products of a chunk, and whatever depends on them."""
    stored = load_stored(merchant, drafts)
    plan = _Plan(merchant, stored, source[:60], ChunkResult())
    touched: list[Product] = []
    updated: list[Product] = []
    for draft in drafts:
        product = stored.find(draft)
        accepted = _settle_skus(draft, product, plan)
        if accepted is None:
            continue
        before = plan.size
        row = _plan_product(accepted, product, plan)
        if product is None:
            plan.result.report.products_created += 1
        elif plan.size > before:
            plan.result.report.products_updated += 1
            updated.append(row)
        else:
            plan.result.report.products_unchanged += 1
            continue
        touched.append(row)
    _save(plan)
    plan.result.report.changed_products += [row.pk for row in touched]
    if updated:
        products.changed([row.pk for row in updated], by="import")
    return plan.result


def _settle_skus(draft: ProductDraft, product: Product | None, plan: _Plan) -> ProductDraft | None:
    """Drop variants whose SKU another product has; keep a made SKU the same as last time."""
    stored, report = plan.stored, plan.result.report
    if product is not None and stored.options_clash(draft, product):
        _refuse_product(
            draft, report, f"{product.sku} has variants with other options in the catalog."
        )
        return None
    kept = []
    for variant in draft.variants:
        settled = _settle_sku(variant, draft, product, plan)
        if settled is not None:
            kept.append(settled)
    if not kept:
        refused = {variant.row for variant in draft.variants}
        for row in draft.rows:
            if row not in refused:
                report.problems.append(
                    RowProblem(row, "", "", "No variant of this product can be used.")
                )
        return None
    return replace(draft, variants=tuple(kept))


def _settle_sku(
    variant: VariantDraft, draft: ProductDraft, product: Product | None, plan: _Plan
) -> VariantDraft | None:
    stored, report = plan.stored, plan.result.report
    if variant.sku_was_generated and product is not None:
        known = stored.same_options(product, variant)
        if known is not None:
            return replace(variant, sku=known.sku)
    owner = stored.owner_of(variant.sku)
    if owner is None or (product is not None and owner.pk == product.pk):
        return variant
    if variant.sku_was_generated:
        sku = make_sku(draft.key, variant.option_values, stored.owners)
        report.notes.append(
            RowNote(variant.row, "sku", variant.sku, f"“{owner}” has this SKU; {sku} is used.")
        )
        return replace(variant, sku=sku)
    report.problems.append(
        RowProblem(
            variant.row,
            "sku",
            variant.sku,
            f"Another product has this SKU: “{owner}” ({owner.sku}).",
        )
    )
    return None


def _refuse_product(draft: ProductDraft, report: ImportReport, reason: str) -> None:
    report.problems += [RowProblem(row, "", "", reason) for row in draft.rows]


def _plan_product(draft: ProductDraft, product: Product | None, plan: _Plan) -> Product:
    wanted: dict[str, object] = {
        "title": draft.title,
        "description": sanitize(draft.description),
        "brand": draft.brand,
        "product_type": draft.product_type,
        "option_names": [name for name, _ in draft.variants[0].options],
    }
    if product is None:
        product = Product(merchant=plan.merchant, sku=draft.sku, source=plan.source, **wanted)
        plan.new_products.append(product)
    elif _change(product, wanted):
        plan.changed_products.append(product)
    rows = _plan_variants(draft, product, plan)
    _plan_images(draft, product, rows, plan)
    have = plan.stored.tags_of(product)
    plan.new_tags += [(product, name) for name in draft.tags if name.casefold() not in have]
    return product


def _plan_variants(draft: ProductDraft, product: Product, plan: _Plan) -> list[Variant]:
    known = plan.stored.variants_of(product)
    position = max((variant.position for variant in known.values()), default=-1) + 1
    report = plan.result.report
    rows = []
    for item in draft.variants:
        before = plan.size
        row = known.get(item.sku)
        if row is None:
            row = Variant(merchant=plan.merchant, product=product, sku=item.sku, position=position)
            position += 1
            _change(row, _variant_values(item))
            plan.new_variants.append(row)
            report.variants_created += 1
        elif _change(row, _variant_values(item)):
            plan.changed_variants.append(row)
        _plan_identifiers(item, row, plan)
        if row.pk is not None:
            report.variants_updated += plan.size > before
            report.variants_unchanged += plan.size == before
        plan.result.variants.append((item, row))
        rows.append(row)
    return rows


def _variant_values(item: VariantDraft) -> dict[str, object]:
    """Return what the row says; price and weight travel with their units or not at all."""
    return {
        "options": list(item.option_values),
        "price": item.price,
        "currency": item.currency if item.price is not None else "",
        "compare_at_price": item.compare_at_price,
        "cost": item.cost,
        "weight": item.weight,
        "weight_unit": item.weight_unit if item.weight is not None else "",
        "length": item.length,
        "width": item.width,
        "height": item.height,
        "dimension_unit": item.dimension_unit,
    }


def _plan_identifiers(item: VariantDraft, row: Variant, plan: _Plan) -> None:
    known = plan.stored.identifiers_of(row)
    for kind, value in item.identifiers:
        identifier = known.get(kind)
        if identifier is None:
            plan.new_identifiers.append(Identifier(variant=row, kind=kind, value=value))
        elif _change(identifier, {"value": value}):
            plan.changed_identifiers.append(identifier)


def _plan_images(
    draft: ProductDraft, product: Product, rows: Sequence[Variant], plan: _Plan
) -> None:
    known = plan.stored.images_of(product)
    position = max((image.position for image in known.values()), default=-1) + 1
    by_address: dict[str, Variant] = {}
    for item, row in zip(draft.variants, rows, strict=True):
        if item.image_url:
            by_address.setdefault(item.image_url, row)
    alt_texts = dict.fromkeys(by_address, "") | {
        image.url: image.alt_text for image in draft.images
    }
    ordered = dict.fromkeys([*(image.url for image in draft.images), *by_address])
    for address in ordered:
        image = known.get(address)
        wanted = {"alt_text": alt_texts[address], "variant": by_address.get(address)}
        if image is None:
            image = Image(product=product, source_url=address, position=position, **wanted)
            position += 1
            plan.new_images.append(image)
            plan.result.report.images_added += 1
        elif _change(image, wanted):
            plan.changed_images.append(image)


def _change(row: Product | Variant | Identifier | Image, wanted: Mapping[str, object]) -> bool:
    """Set what differs; an empty cell of a file never erases what is there."""
    changed = False
    for name, value in wanted.items():
        if value in (None, "", []) or getattr(row, name) == value:
            continue
        setattr(row, name, value)
        changed = True
    if changed:
        row.updated_at = timezone.now()
    return changed


def _save(plan: _Plan) -> None:
    many.insert(plan.new_products)
    many.insert(plan.new_variants)
    many.insert(plan.new_identifiers)
    many.insert(plan.new_images)
    stamped = ["updated_at"]
    Product.objects.bulk_update(plan.changed_products, PRODUCT_FIELDS + stamped, batch_size=100)
    Variant.objects.bulk_update(plan.changed_variants, VARIANT_FIELDS + stamped, batch_size=100)
    Identifier.objects.bulk_update(plan.changed_identifiers, ["value", *stamped], batch_size=100)
    Image.objects.bulk_update(plan.changed_images, IMAGE_FIELDS + stamped, batch_size=100)
    _save_tags(plan)


def _save_tags(plan: _Plan) -> None:
    tags = plan.stored.tags
    missing = {name.casefold(): name for _, name in plan.new_tags if name.casefold() not in tags}
    created = Tag.objects.bulk_create(
        [Tag(merchant=plan.merchant, name=name) for name in missing.values()]
    )
    tags |= {tag.name.casefold(): tag for tag in created}
    link = Product.tags.through
    link._default_manager.bulk_create(
        [
            link(product_id=product.pk, tag_id=tags[name.casefold()].pk)
            for product, name in plan.new_tags
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
