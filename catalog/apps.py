from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        from catalog import bulk, bulk_calls, bulk_prices, bulk_templates, resources, tasks  # noqa: F401
