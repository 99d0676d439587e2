"""People of operations, signed in to the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from catalog.models import AttributeKind, CategoryAttribute, ChannelCategory, Shop
from tests import factories


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member_of(group: str) -> Client:
    """A person of operations who is in one group."""
    call_command("sync_groups", verbosity=0)
    user = factories.make_user(f"{group} person", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return signed_in(user)


@pytest.fixture
def admin(db: None) -> Client:
    return signed_in(User.objects.create_superuser("Ada"))


@pytest.fixture
def viewer(db: None) -> Client:
    return member_of("Viewer")


@pytest.fixture
def lister(db: None) -> Client:
    return member_of("Lister")


@pytest.fixture
def clerk(db: None) -> Client:
    return member_of("Order clerk")


@pytest.fixture
def category(shop: Shop) -> ChannelCategory:
    """Dog toys: “Material” is required and takes the channel's options only."""
    category = factories.make_category(shop, name="Dog toys", path="Pets > Dog toys")
    CategoryAttribute.objects.create(
        category=category,
        external_id="100",
        name="Material",
        kind=AttributeKind.PRODUCT,
        is_required=True,
        values=[{"id": "1", "name": "Cotton"}, {"id": "2", "name": "Nylon"}],
    )
    return category
