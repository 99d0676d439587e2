"""Rows of SKUs that are not known yet: new variants, of products that exist or come with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.models import Merchant, Product, Variant
from catalog.resources.common import at_most
from catalog.resources.product_columns import (
    OPTION_NUMBERS,
    PART_OF_A_PRODUCT,
    PART_OF_A_VARIANT,
    PRODUCT_COLUMNS,
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    field_value,
    identifiers_in,
)
from catalog.resources.tags import read_tags
from catalog.services import bulk_edits
from catalog.sheets.values import LONGEST_SKU
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Conflict,
    FileRow,
    Run,
    Target,
    Write,
)


@dataclass(slots=True)
class Family:
    """The product that a new variant joins: one that exists, or one that its first row makes."""

    merchant: Merchant
    sku: str
    product: Product | None = None
    first_row: int = 0
    names: list[str] = field(default_factory=list)
    taken: set[tuple[str, ...]] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


def targets(rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
    """What rows of unknown SKUs would add, or why they cannot."""
    merchants = check.memory.setdefault(
        "merchants", {merchant.slug: merchant for merchant in Merchant.objects.all()}
    )
    found: list[Target | CellRefused] = []
    for row in rows:
        try:
            merchant = _merchant(row, merchants)
            sku = at_most("sku", row.get("sku"), LONGEST_SKU)
            found.append(Target(sku, "", {}, merchant, f"new:{merchant.pk}:{sku}"))
        except CellRefused as refused:
            found.append(refused)
    _load_families([row for row in found if isinstance(row, Target)], rows, check)
    return found


def _merchant(row: FileRow, merchants: Mapping[str, Merchant]) -> Merchant:
    slug = row.get("merchant")
    if slug in merchants:
        return merchants[slug]
    if slug:
        raise CellRefused("merchant", f"There is no merchant “{slug}”.")
    if len(merchants) == 1:
        return next(iter(merchants.values()))
    raise CellRefused(
        "merchant",
        f"There is no variant with the SKU “{row.get('sku')}”. To add it, say in the column "
        "“merchant” whose it is.",
    )


def _load_families(found: Sequence[Target], rows: Sequence[FileRow], check: Check) -> None:
    """Products that the new variants would join, or whose SKU they would take."""
    skus = {row.get("parent_sku") or row.get("sku") for row in rows}
    merchants = {target.row.pk for target in found}
    stored = Product.objects.filter(merchant__in=merchants, sku__in=skus)
    families: dict[tuple[int, str], Family] = check.memory.setdefault("families", {})
    for product in stored.select_related("merchant").prefetch_related("variants", "tags"):
        taken = {_folded(variant.options) for variant in product.variants.all()}
        families[product.merchant_id, product.sku] = Family(
            product.merchant, product.sku, product, 0, list(product.option_names), taken
        )


def review(
    row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
) -> dict[str, Any]:
    """See that a new variant fits its product; return what is needed to create it."""
    after = {name: pair[1] for name, pair in changes.items()}
    parent = after.get("parent_sku", "")
    options = [after.get(f"option{n}_value", "") for n in OPTION_NUMBERS]
    names = [after.get(f"option{n}_name", "") for n in OPTION_NUMBERS]
    families: dict[tuple[int, str], Family] = check.memory["families"]
    family = families.get((target.row.pk, parent or target.key))
    if not parent:
        _check_simple(family, options, after, target.key)
        family = Family(target.row, target.key, None, row.number)
    elif family is None:
        family = _new_family(row, target, parent, names, after)
    else:
        _check_joins(family, names, after)
    values = _check_options(family, options, row.number)
    if family.product is not None or family.first_row != row.number:
        for name in PRODUCT_COLUMNS:
            changes.pop(name, None)
    families[target.row.pk, family.sku] = family
    if parent:
        family.taken.add(_folded(values))
    changes.setdefault("currency", ("", target.row.currency))
    return {
        "merchant": target.row.pk,
        "product": family.product.pk if family.product else 0,
        "product_sku": family.sku,
        "names": family.names,
        "options": values,
    }


def _check_simple(
    family: Family | None, options: Sequence[str], after: Mapping[str, str], sku: str
) -> None:
    if family is not None:
        raise CellRefused("sku", f"“{sku}” is the SKU of a product already: “{_words(family)}”.")
    if any(options):
        raise CellRefused(
            "parent_sku", "A variant with options names the parent_sku of its product."
        )
    if not after.get("title"):
        raise CellRefused(
            "title", f"There is no variant with the SKU “{sku}”. To add it, fill in its title."
        )


def _new_family(
    row: FileRow, target: Target, parent: str, names: list[str], after: Mapping[str, str]
) -> Family:
    if not after.get("title"):
        raise CellRefused(
            "title", f"There is no product with the SKU “{parent}”. To add it, fill in its title."
        )
    if not names[0]:
        raise CellRefused("option1_name", "A product with variants names its first option.")
    texts = {name: after[name] for name in PRODUCT_COLUMNS if name in after}
    filled = [name for name in names if name]
    return Family(target.row, parent, None, row.number, filled, set(), texts)


def _check_joins(family: Family, names: Sequence[str], after: Mapping[str, str]) -> None:
    given = [name for name in names if name]
    if not family.names:
        raise CellRefused(
            "parent_sku", f"“{family.sku}” is a product without options: it has one variant."
        )
    if given and [one.casefold() for one in given] != [one.casefold() for one in family.names]:
        raise CellRefused(
            "option1_name", f"The options of “{family.sku}” are {', '.join(family.names)}."
        )
    for name in PRODUCT_COLUMNS:
        if after.get(name) and after[name] != _text_of(family, name):
            raise CellRefused(
                name,
                f"The product “{family.sku}” says otherwise. Leave it empty here, or say the same.",
            )


def _text_of(family: Family, name: str) -> str:
    if family.product is None:
        return family.texts.get(name, "")
    if name == "tags":
        return ", ".join(sorted(tag.name for tag in family.product.tags.all()))
    return str(getattr(family.product, name))


def _check_options(family: Family, options: Sequence[str], number: int) -> list[str]:
    values = list(options[: len(family.names)])
    if any(options[len(family.names) :]) or not all(values):
        raise CellRefused(
            "option1_value",
            f"“{family.sku}” has {len(family.names)} options ({', '.join(family.names)}); give a "
            "value for each.",
        )
    if values and _folded(values) in family.taken:
        raise CellRefused(
            "option1_value", f"“{family.sku}” has a variant {' / '.join(values)} already."
        )
    return values


def _folded(options: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(option).casefold() for option in options)


def _words(family: Family) -> str:
    return family.product.title if family.product else family.sku


# -- writing -----------------------------------------------------------------------------------


def source_of(run: Run) -> str:
    """How a product says that a sheet added it, which its undo may delete."""
    return f"Sheet {run.sheet_id}"


def add(rows: Sequence[Write], run: Run) -> tuple[dict[int, str], list[Conflict]]:
    """Create the variants of these rows, and the products that come with them."""
    wanted = {(row.kept["merchant"], row.kept["product_sku"]) for row in rows}
    known = {
        (product.merchant_id, product.sku): product
        for product in Product.objects.filter(
            merchant__in={pair[0] for pair in wanted}, sku__in={pair[1] for pair in wanted}
        )
    }
    taken = set(
        Variant.objects.filter(
            merchant__in={pair[0] for pair in wanted}, sku__in={row.key for row in rows}
        ).values_list("merchant", "sku")
    )
    if conflicts := [found for row in rows if (found := _conflict(row, known, taken, run))]:
        return {}, conflicts
    products, tags = _make_products(rows, known, run)
    variants = [_make_variant(row, products) for row in rows]
    bulk_edits.add_variants(variants)
    bulk_edits.set_tags(tags)
    numbers = {
        variant.pk: identifiers_in({name: pair[1] for name, pair in row.values.items()})
        for row, variant in zip(rows, variants, strict=True)
    }
    bulk_edits.set_identifiers({pk: found for pk, found in numbers.items() if found})
    return {row.number: str(one.pk) for row, one in zip(rows, variants, strict=True)}, []


def _conflict(
    row: Write,
    known: Mapping[tuple[int, str], Product],
    taken: set[tuple[int, str]],
    run: Run,
) -> Conflict | None:
    product = known.get((row.kept["merchant"], row.kept["product_sku"]))
    if (row.kept["merchant"], row.key) in taken:
        return Conflict(row.number, row.key, "a variant with this SKU is there by now")
    if row.kept["product"] and (product is None or product.option_names != row.kept["names"]):
        return Conflict(row.number, row.key, "its product is no longer as it was")
    if not row.kept["product"] and product is not None and product.source != source_of(run):
        return Conflict(row.number, row.key, "a product with this SKU is there by now")
    return None


def _make_products(
    rows: Sequence[Write], known: Mapping[tuple[int, str], Product], run: Run
) -> tuple[dict[tuple[int, str], Product], dict[int, list[str]]]:
    products = dict(known)
    new: list[tuple[Product, list[str]]] = []
    for row in rows:
        place = (row.kept["merchant"], row.kept["product_sku"])
        if place in products:
            continue
        texts = {name: row.values[name][1] for name in PRODUCT_COLUMNS if name in row.values}
        product = Product(
            merchant_id=place[0],
            sku=place[1],
            option_names=row.kept["names"],
            source=source_of(run),
            **{name: texts[name] for name in PRODUCT_FIELDS if name in texts},
        )
        products[place] = product
        new.append((product, read_tags(texts.get("tags", ""))))
    Product.objects.bulk_create([product for product, _ in new], batch_size=bulk_edits.BATCH)
    return products, {product.pk: names for product, names in new if names}


def _make_variant(row: Write, products: Mapping[tuple[int, str], Product]) -> Variant:
    given = {name: pair[1] for name, pair in row.values.items() if name in VARIANT_FIELDS}
    return Variant(
        merchant_id=row.kept["merchant"],
        product=products[row.kept["merchant"], row.kept["product_sku"]],
        sku=row.key,
        options=row.kept["options"],
        **{name: field_value(name, text) for name, text in given.items()},
    )


def remove(rows: Sequence[Write], variants: Mapping[int, Variant], run: Run) -> list[Conflict]:
    """Delete added variants that nothing uses, and the products that came with them."""
    used = bulk_edits.used_by(Variant, list(variants), apart_from=PART_OF_A_VARIANT)
    mine = {
        variant.product_id
        for variant in variants.values()
        if variant.product.source == source_of(run)
    }
    used_products = bulk_edits.used_by(Product, sorted(mine), apart_from=PART_OF_A_PRODUCT)
    conflicts = []
    for row in rows:
        variant = variants[int(row.subject)]
        what = used.get(variant.pk) or used_products.get(variant.product_id)
        if what:
            conflicts.append(Conflict(row.number, row.key, f"it is in use ({what})"))
    if conflicts:
        return conflicts
    Variant.objects.filter(pk__in=list(variants)).delete()
    Product.objects.filter(pk__in=mine, variants__isnull=True).delete()
    return []
