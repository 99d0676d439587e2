"""The admin's navigation, by the words of the business."""

from __future__ import annotations

from typing import Any

from django.urls import reverse_lazy


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(name)}


SIDEBAR: dict[str, Any] = {
    "show_search": True,
    "show_all_applications": False,
    "navigation": [
        {
            "title": "",
            "items": [_item("What needs attention", "dashboard", "admin:index")],
        },
    ],
}

TABS: list[dict[str, Any]] = []
