"""Who the demo's people are; passwords are made at each run, and shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from catalog.models import (
    CenterKind,
    FulfillmentCenter,
    Membership,
    Merchant,
    Provider,
    Role,
    Shop,
)
from integrations import connections

STAFF, OWNER = "operations", "harbor-owner"


@dataclass(frozen=True)
class People:
    """The merchant of this run and the two people who work for it today."""

    merchant: Merchant
    staff_password: str
    owner_password: str


@transaction.atomic
def arrive() -> People:
    """Make a merchant for this run. In a database that is kept, each run has one of its own.

    The sandbox is new each time and its shop has the same id, so an earlier run lets go of it.
    """
    earlier = Shop.objects.connected().filter(merchant__slug__startswith="harbor")
    for shop in earlier:
        connections.disconnect(shop, by=None)
    number = Merchant.objects.filter(slug__startswith="harbor").count() + 1
    suffix = f"-{number}" if number > 1 else ""
    merchant = Merchant.objects.create(
        name=f"Harbor & Home{suffix.replace('-', ' ')}",
        slug=f"harbor{suffix}",
        currency="USD",
        time_zone="America/Los_Angeles",
    )
    staff_password, owner_password = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    staff, _ = User.objects.get_or_create(
        username=STAFF, defaults={"is_staff": True, "is_superuser": True}
    )
    staff.set_password(staff_password)
    staff.save()
    owner, _ = User.objects.get_or_create(username=OWNER)
    owner.set_password(owner_password)
    owner.save()
    Membership.objects.filter(user=owner).delete()
    Membership.objects.create(merchant=merchant, user=owner, role=Role.OWNER)
    FulfillmentCenter.objects.create(
        merchant=merchant, code="reno-warehouse", name="Reno Warehouse", city="Reno", state="NV"
    )
    FulfillmentCenter.objects.create(
        merchant=merchant,
        code="amazon-mcf-east",
        name="Amazon MCF East",
        kind=CenterKind.THIRD_PARTY,
        provider=Provider.AMAZON_MCF,
        city="Allentown",
        state="PA",
    )
    return People(merchant, staff_password, owner_password)
