"""The database of a new installation is the one that the models describe."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

OWN = ("kernel", "catalog", "orders", "integrations")


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration() -> None:
    out = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=out)
    assert "No changes detected" in out.getvalue()


@pytest.mark.django_db
def test_every_table_of_ours_is_there_after_migrating() -> None:
    wanted = {
        model._meta.db_table
        for label in OWN
        for model in apps.get_app_config(label).get_models()
        if model._meta.managed
    }
    assert len(wanted) > 30
    assert wanted - set(connection.introspection.table_names()) == set()


def test_every_constraint_has_a_name_that_says_what_it_holds() -> None:
    """It is what the log says at three in the morning."""
    names = [
        constraint.name
        for label in OWN
        for model in apps.get_app_config(label).get_models()
        for constraint in model._meta.constraints
    ]
    assert len(names) > 15
    assert [name for name in names if name.count("_") < 2 or name != name.lower()] == []
