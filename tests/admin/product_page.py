"""A product's page as a browser sends it back: everything it shows, but for what is changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.test import Client
from django.utils.html import strip_tags

from tests.admin.door import page_url


def shown(client: Client, product: Model) -> dict[str, Any]:
    """Every field of the page with its value."""
    response = client.get(page_url(product))
    assert response.status_code == 200
    context = response.context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    return {
        field.html_name: value
        for form in forms
        for field in form
        if (value := _sent(field.value())) is not None and field.html_initial_name
    }


def save(client: Client, product: Model, **changes: Any) -> Any:
    """Save the page with these fields changed; `__` in a name stands for `-`."""
    given = {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(page_url(product), {**shown(client, product), **given, "_continue": "1"})


def words(response: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(strip_tags(response.content.decode()).split())


def _sent(value: Any) -> Any:
    if value is None or hasattr(value, "open"):
        return None
    if isinstance(value, list | tuple):
        return [getattr(one, "pk", one) for one in value]
    if value is True:
        return "on"
    return None if value is False else str(value)
