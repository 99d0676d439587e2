"""Who the demo's people are; passwords are made at each run, and shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

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

STAFF, OWNER, NEWCOMER = "operations", "harbor-owner", "tidepool-owner"


@dataclass(frozen=True)
class People:
    """The two merchants of this run and the people who work for them today."""

    merchant: Merchant
    newcomer: Merchant
    staff_password: str
    owner_password: str
    newcomer_password: str


@transaction.atomic
def arrive() -> People:
    """Make merchants for this run. In a database that is kept, each run has its own.

    The sandbox is new each time and its shops have the same ids, so an earlier run lets go of them.
    """
    ours = Q(merchant__slug__startswith="harbor") | Q(merchant__slug__startswith="tidepool")
    for shop in Shop.objects.connected().filter(ours):
        connections.disconnect(shop, by=None)
    number = Merchant.objects.filter(slug__startswith="harbor").count() + 1
    suffix = f"-{number}" if number > 1 else ""
    merchant = _merchant("Harbor & Home", f"harbor{suffix}")
    newcomer = _merchant("Tidepool Pottery", f"tidepool{suffix}")
    staff_password, owner_password, newcomer_password = (secrets.token_urlsafe(9) for _ in range(3))
    staff, _ = User.objects.get_or_create(
        username=STAFF, defaults={"is_staff": True, "is_superuser": True}
    )
    staff.set_password(staff_password)
    staff.save()
    _owner(merchant, OWNER, owner_password)
    _owner(newcomer, NEWCOMER, newcomer_password)
    _centers(merchant)
    for code, name, city, state in (
        ("bay-warehouse", "Bay Warehouse", "Oakland", "CA"),
        ("gulf-warehouse", "Gulf Warehouse", "Mobile", "AL"),
    ):
        FulfillmentCenter.objects.create(
            merchant=newcomer, code=code, name=name, city=city, state=state
        )
    return People(merchant, newcomer, staff_password, owner_password, newcomer_password)


def _merchant(name: str, slug: str) -> Merchant:
    _, _, number = slug.partition("-")
    return Merchant.objects.create(
        name=f"{name} {number}".strip(),
        slug=slug,
        currency="USD",
        time_zone="America/Los_Angeles",
    )


def _owner(merchant: Merchant, name: str, password: str) -> None:
    owner, _ = User.objects.get_or_create(username=name)
    owner.set_password(password)
    owner.save()
    Membership.objects.filter(user=owner).delete()
    Membership.objects.create(merchant=merchant, user=owner, role=Role.OWNER)


def _centers(merchant: Merchant) -> None:
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
