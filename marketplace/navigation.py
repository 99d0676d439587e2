"""The admin's navigation, by the words of the business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy

from marketplace.kernel.sheets.kinds import importable_by

Item = dict[str, Any]


def _may_view(permission: str) -> Callable[[HttpRequest], bool]:
    def allowed(request: HttpRequest) -> bool:
        return bool(request.user.has_perm(permission))

    return allowed


def _item(title: str, icon: str, app: str, model: str) -> Item:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": _may_view(f"{app}.view_{model}"),
    }


SIDEBAR: dict[str, Any] = {
    "show_search": False,
    "show_all_applications": False,
    "navigation": [
        {
            "title": "",
            "items": [
                {
                    "title": "What needs attention",
                    "icon": "notifications",
                    "link": reverse_lazy("admin:index"),
                }
            ],
        },
        {
            "title": "Catalog",
            "items": [
                _item("Products", "inventory_2", "catalog", "product"),
                _item("Variants & stock", "style", "catalog", "variant"),
                _item("Tags", "sell", "catalog", "tag"),
                {
                    "title": "Sheets",
                    "icon": "table_view",
                    "link": reverse_lazy("admin:kernel_sheetimport_changelist"),
                    "permission": lambda request: bool(importable_by(request.user)),
                },
                _item("Images", "image", "catalog", "image"),
                _item("Certificates", "verified", "catalog", "certificate"),
                _item("Manufacturers & persons", "badge", "catalog", "complianceperson"),
            ],
        },
        {
            "title": "Listings",
            "items": [
                _item("Listings", "storefront", "catalog", "listing"),
                _item("Listing templates", "auto_awesome_motion", "catalog", "listingtemplate"),
                _item("Unlinked listings", "link_off", "catalog", "unlinkedlisting"),
                _item("Differences on the channel", "difference", "catalog", "drift"),
                _item("Categories", "category", "catalog", "channelcategory"),
            ],
        },
        {
            "title": "Prices",
            "items": [
                _item("Price rules", "price_change", "catalog", "pricerule"),
                {
                    "title": "Repricing board",
                    "icon": "monitoring",
                    "link": reverse_lazy("admin:catalog_pricerun_board"),
                    "permission": _may_view("catalog.view_pricerule"),
                },
                _item("Prices on shops", "attach_money", "catalog", "offer"),
                _item("Price history", "history", "catalog", "pricechange"),
                _item("Exchange rates", "currency_exchange", "catalog", "exchangerate"),
                _item("Quantity rules", "rule", "catalog", "quantityrule"),
            ],
        },
        {
            "title": "Orders",
            "items": [
                _item("Orders", "receipt_long", "orders", "order"),
                _item("Shipments", "local_shipping", "orders", "shipment"),
                _item("Labels", "label", "orders", "label"),
                _item("Cancellations", "cancel", "orders", "cancellationrequest"),
                _item("Returns", "assignment_return", "orders", "returnrequest"),
                _item("Order routing", "alt_route", "orders", "routingpolicy"),
                _item("Intake problems", "error", "orders", "intakeproblem"),
                _item("Looks at addresses", "visibility", "orders", "addresslook"),
            ],
        },
        {
            "title": "Stock",
            "items": [
                _item("Stock levels", "warehouse", "catalog", "stocklevel"),
                _item("Ledger", "list_alt", "catalog", "stockmovement"),
                _item("Fulfillment centers", "home_work", "catalog", "fulfillmentcenter"),
            ],
        },
        {
            "title": "Shops",
            "items": [
                _item("Shops", "store", "catalog", "shop"),
                _item("Warehouse mappings", "swap_horiz", "catalog", "warehousemapping"),
                _item("Connections", "key", "integrations", "connection"),
                _item("Order reading", "sync", "orders", "intakecursor"),
                _item("Aftersale reading", "sync_problem", "orders", "aftersalecursor"),
                _item("Calls to channels", "swap_vert", "integrations", "exchange"),
                _item("Notices of channels", "campaign", "integrations", "webhookdelivery"),
            ],
        },
        {
            "title": "Merchants",
            "items": [_item("Merchants & members", "groups", "catalog", "merchant")],
        },
        {
            "title": "Background work",
            "collapsible": True,
            "items": [
                {
                    "title": "Background runs",
                    "icon": "rule",
                    "link": reverse_lazy("admin:kernel_bulkrun_changelist"),
                },
                _item("Jobs", "work_history", "kernel", "job"),
                _item("Schedules", "schedule", "django_q", "schedule"),
                _item("Queue", "queue", "django_q", "ormq"),
                _item("Finished tasks", "task_alt", "django_q", "success"),
                _item("Failed tasks", "report", "django_q", "failure"),
                _item("Signs of life", "monitor_heart", "kernel", "heartbeat"),
            ],
        },
        {
            "title": "People",
            "collapsible": True,
            "items": [
                _item("Users", "person", "auth", "user"),
                _item("Groups", "group", "auth", "group"),
                _item("Failed sign-ins", "lock", "axes", "accessattempt"),
            ],
        },
    ],
}

#: The tabs of a list carry counts, so each list brings its own (marketplace.kernel.admin_lists).
TABS: list[dict[str, Any]] = []
