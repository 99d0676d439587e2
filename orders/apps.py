from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from catalog.ports_sales import sales_histories
        from orders import bulk, resources, tasks  # noqa: F401  (registers kinds of work)
        from orders.services.sales_history import OrderSales

        sales_histories.register("orders", OrderSales())
