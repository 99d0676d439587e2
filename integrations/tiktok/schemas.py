"""What TikTok Shop says about authorization, categories and warehouses, as typed rows.

`parse` fails with the name of a missing field and ignores unknown ones. Products and orders have
their own modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from integrations.tiktok.fields import Fields


@dataclass(frozen=True, slots=True)
class TokenRow:
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    open_id: str
    seller_name: str
    region: str
    scopes: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> TokenRow:
        return cls(
            access_token=row.text("access_token"),
            access_expires_at=row.moment("access_token_expire_in"),
            refresh_token=row.text("refresh_token"),
            refresh_expires_at=row.moment("refresh_token_expire_in"),
            open_id=row.text("open_id", ""),
            seller_name=row.text("seller_name", ""),
            region=row.text("seller_base_region", ""),
            scopes=row.texts("granted_scopes"),
        )


@dataclass(frozen=True, slots=True)
class ShopRow:
    id: str
    name: str
    region: str
    seller_type: str
    cipher: str
    code: str

    @classmethod
    def parse(cls, row: Fields) -> ShopRow:
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            region=row.text("region"),
            seller_type=row.text("seller_type", ""),
            cipher=row.text("cipher"),
            code=row.text("code", ""),
        )


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """One item of a batch that was refused, though the call as a whole succeeded."""

    item_id: str
    code: str
    words: str
    details: tuple[ItemFailure, ...] = ()
    request_id: str = ""

    @classmethod
    def parse(cls, row: Fields, id_name: str, request_id: str = "") -> ItemFailure:
        detail = row.part_or_empty("detail")
        return cls(
            item_id=detail.text(id_name, ""),
            code=row.text("code", ""),
            words=row.text("message", ""),
            details=tuple(map(cls._parse_detail, detail.rows("extra_errors"))),
            request_id=request_id,
        )

    @classmethod
    def parse_all(cls, answer: Fields, id_name: str) -> list[ItemFailure]:
        return [cls.parse(row, id_name, answer.request_id) for row in answer.rows("errors")]

    @classmethod
    def _parse_detail(cls, row: Fields) -> ItemFailure:
        words = row.text("message", "")
        return cls(row.text("warehouse_id", ""), row.text("code", ""), words)


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: str
    parent_id: str  # "0" for a department
    name: str
    is_leaf: bool
    permissions: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> CategoryRow:
        return cls(
            id=row.text("id"),
            parent_id=row.text("parent_id", "0"),
            name=row.text("local_name", ""),
            is_leaf=row.flag("is_leaf"),
            permissions=row.texts("permission_statuses"),
        )


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """Something is required when another attribute has this value."""

    attribute_id: str
    value_id: str

    @classmethod
    def parse(cls, row: Fields) -> ConditionRow:
        return cls(row.text("attribute_id", ""), row.text("attribute_value_id", ""))


@dataclass(frozen=True, slots=True)
class CertificationRow:
    id: str
    name: str
    is_required: bool
    details: str
    sample_image_url: str
    needs_expiration: bool
    conditions: tuple[ConditionRow, ...]

    @classmethod
    def parse(cls, row: Fields) -> CertificationRow:
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            is_required=row.flag("is_required"),
            details=row.text("document_details", ""),
            sample_image_url=row.text("sample_image_url", ""),
            needs_expiration=row.part_or_empty("expiration_date").flag("is_required"),
            conditions=tuple(map(ConditionRow.parse, row.rows("requirement_conditions"))),
        )


@dataclass(frozen=True, slots=True)
class RulesRow:
    """What a category asks for beside its attributes."""

    certifications: tuple[CertificationRow, ...]
    size_chart_supported: bool
    size_chart_required: bool
    dimensions_required: bool
    manufacturer_required: bool
    responsible_person_required: bool
    seller_sku_required: bool
    special_product_types: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> RulesRow:
        size_chart = row.part_or_empty("size_chart")
        return cls(
            certifications=tuple(map(CertificationRow.parse, row.rows("product_certifications"))),
            size_chart_supported=size_chart.flag("is_supported"),
            size_chart_required=size_chart.flag("is_required"),
            dimensions_required=row.part_or_empty("package_dimension").flag("is_required"),
            manufacturer_required=row.part_or_empty("manufacturer").flag("is_required"),
            responsible_person_required=row.part_or_empty("responsible_person").flag("is_required"),
            seller_sku_required=row.part_or_empty("seller_sku").flag("is_required"),
            special_product_types=_listed(row.texts("allowed_special_product_types")),
        )


def _listed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names that may come as a list, or as one text that looks like a list."""
    return tuple(re.findall(r"\w+", " ".join(names)))


@dataclass(frozen=True, slots=True)
class ValueRow:
    id: str
    name: str

    @classmethod
    def parse(cls, row: Fields) -> ValueRow:
        return cls(row.text("id", ""), row.text("name", ""))


@dataclass(frozen=True, slots=True)
class AttributeRow:
    id: str
    name: str
    is_sales_property: bool
    is_required: bool
    is_customizable: bool
    is_multiple: bool
    values: tuple[ValueRow, ...]
    value_format: str
    conditions: tuple[ConditionRow, ...]

    @classmethod
    def parse(cls, row: Fields) -> AttributeRow:
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            is_sales_property=row.text("type", "") == "SALES_PROPERTY",
            # The channel misspells this name; the right spelling is read in case it mends it.
            is_required=row.flag("is_requried", row.flag("is_required")),
            is_customizable=row.flag("is_customizable"),
            is_multiple=row.flag("is_multiple_selection"),
            values=tuple(map(ValueRow.parse, row.rows("values"))),
            value_format=row.text("value_data_format", ""),
            conditions=tuple(map(ConditionRow.parse, row.rows("requirement_conditions"))),
        )


@dataclass(frozen=True, slots=True)
class BrandRow:
    id: str
    name: str
    is_authorized: bool
    is_top: bool  # a brand that may be sold with an authorization only

    @classmethod
    def parse(cls, row: Fields) -> BrandRow:
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            is_authorized=row.text("authorized_status", "") == "AUTHORIZED",
            is_top=row.flag("is_t1_brand"),
        )


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A category the channel thinks fits a title."""

    id: str
    name: str
    is_leaf: bool

    @classmethod
    def parse(cls, row: Fields) -> SuggestionRow:
        return cls(row.text("id"), row.text("name", ""), row.flag("is_leaf"))


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    id: str
    name: str
    kind: str  # SALES_WAREHOUSE or RETURN_WAREHOUSE
    status: str  # ENABLED, DISABLED or RESTRICTED
    is_default: bool
    region: str
    state: str
    city: str

    @classmethod
    def parse(cls, row: Fields) -> WarehouseRow:
        address = row.part_or_empty("address")
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            kind=row.text("type"),
            status=row.text("effect_status", ""),
            is_default=row.flag("is_default"),
            region=address.text("region_code", address.text("region", "")),
            state=address.text("state", ""),
            city=address.text("city", ""),
        )


@dataclass(frozen=True, slots=True)
class FbtWarehouseRow:
    """A site of Fulfilled by TikTok, and the ids it has as a warehouse of the shop."""

    id: str
    name: str
    warehouse_ids: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> FbtWarehouseRow:
        return cls(row.text("fbt_warehouse_id"), row.text("name", ""), row.texts("warehouse_ids"))


@dataclass(frozen=True, slots=True)
class DeliveryOptionRow:
    id: str
    name: str
    kind: str

    @classmethod
    def parse(cls, row: Fields) -> DeliveryOptionRow:
        return cls(row.text("id"), row.text("name", ""), row.text("type", ""))


@dataclass(frozen=True, slots=True)
class ShippingProviderRow:
    id: str
    name: str

    @classmethod
    def parse(cls, row: Fields) -> ShippingProviderRow:
        return cls(row.text("id"), row.text("name"))
