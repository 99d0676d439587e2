"""How orders move a SKU's quantities: what is available, what is promised."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.product_store import product_of_sku, save_stock


def _cells(sandbox: Sandbox, sku_id: str) -> tuple[Doc, Doc]:
    found = product_of_sku(sandbox, sku_id)
    if found is None:
        raise ValueError(f"no SKU {sku_id}")
    doc = found[0]
    cells: Doc = doc["stock"].setdefault(sku_id, {})
    return doc, cells


def available(sandbox: Sandbox, sku_id: str) -> dict[str, int]:
    """Return what can be sold, by warehouse."""
    return {key: cell["available"] for key, cell in _cells(sandbox, sku_id)[1].items()}


def _move(sandbox: Sandbox, sku_id: str, warehouse_id: str, available: int, committed: int) -> None:
    with sandbox.store.transaction():
        doc, cells = _cells(sandbox, sku_id)
        cell = cells.setdefault(warehouse_id, {"available": 0, "committed": 0})
        # An order may be forced for more than there is; TikTok never shows less than nothing.
        cell["available"] = max(cell["available"] + available, 0)
        cell["committed"] = max(cell["committed"] + committed, 0)
        save_stock(sandbox, doc)


def reserve(sandbox: Sandbox, sku_id: str, warehouse_id: str, quantity: int) -> None:
    """An order was placed: its units are promised and no longer available."""
    _move(sandbox, sku_id, warehouse_id, -quantity, quantity)


def release(sandbox: Sandbox, sku_id: str, warehouse_id: str, quantity: int) -> None:
    """An order was canceled: its units are available again."""
    _move(sandbox, sku_id, warehouse_id, quantity, -quantity)


def ship(sandbox: Sandbox, sku_id: str, warehouse_id: str, quantity: int) -> None:
    """An order was shipped: its units are gone."""
    _move(sandbox, sku_id, warehouse_id, 0, -quantity)


def set_zero(sandbox: Sandbox, sku_id: str) -> None:
    """A seller canceled for lack of stock: TikTok takes the SKU's word for it, everywhere."""
    with sandbox.store.transaction():
        doc, cells = _cells(sandbox, sku_id)
        for cell in cells.values():
            cell["available"] = 0
        save_stock(sandbox, doc)
