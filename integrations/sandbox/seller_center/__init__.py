"""Seller Center: the sandbox's pages for a person."""

from __future__ import annotations

from integrations.sandbox.seller_center import orders, pages, products
from integrations.sandbox.seller_center.base import blueprint

__all__ = ["blueprint", "orders", "pages", "products"]
