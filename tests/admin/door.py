"""Using the admin as a browser does: select rows, choose a verb, fill in its form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def list_url(model: type[Model], query: str = "") -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist") + query


def page_url(row: Model) -> str:
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])


def select(
    client: Client, verb: str, rows: Iterable[Model], *, query: str = "", across: bool = False
) -> Any:
    """Choose a verb for selected rows, or for all that the list shows."""
    rows = list(rows)
    return client.post(
        list_url(type(rows[0]), query),
        {
            "action": verb,
            "_selected_action": [row.pk for row in rows],
            "select_across": "1" if across else "0",
            "index": "0",
        },
    )


def do(client: Client, verb: str, rows: Iterable[Model], /, **given: Any) -> list[str]:
    """Choose a verb, fill in its form if it asks, and return what the person is told."""
    response = select(client, verb, rows)
    if "/verb/" in response.url:
        response = client.post(response.url, given)
    return said(response)


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]
