"""Who sees what on the merchants' pages: a person sees the merchants they work for, and no other.

Every view is decorated with `merchant_required` or `may_change_required` and starts its queries
at `request.access.merchant`, so another merchant's row is simply not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import Membership, Merchant

SESSION_KEY = "merchant"
#: Operations staff with this right may look at a merchant's pages, as support does.
STAFF_MAY_SEE, STAFF_MAY_CHANGE = "catalog.view_merchant", "catalog.change_shop"

P = ParamSpec("P")


@dataclass(frozen=True)
class Access:
    """One person at one merchant, and whether they may change things there."""

    user: User
    merchant: Merchant
    role: str
    may_change: bool

    @cached_property
    def has_choice(self) -> bool:
        """Whether there is another merchant to switch to."""
        return visible_merchants(self.user).exclude(pk=self.merchant.pk).exists()


class MerchantRequest(HttpRequest):
    """A request that passed `merchant_required`."""

    access: Access
    user: User


View = Callable[Concatenate[MerchantRequest, P], HttpResponse]


def visible_merchants(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Merchant]:
    """The merchants whose pages a person may open."""
    if not isinstance(user, User):
        return Merchant.objects.none()
    if user.is_staff and user.has_perm(STAFF_MAY_SEE):
        return Merchant.objects.all()
    return Merchant.objects.filter(memberships__user=user)


def access_to(user: User, merchant: Merchant) -> Access | None:
    """What this person is at this merchant, or None for a stranger."""
    membership = Membership.objects.filter(user=user, merchant=merchant).first()
    if membership:
        return Access(user, merchant, membership.get_role_display(), membership.may_change)
    if user.is_staff and user.has_perm(STAFF_MAY_SEE):
        return Access(user, merchant, "Operations staff", user.has_perm(STAFF_MAY_CHANGE))
    return None


def merchant_required(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in whoever works for the current merchant, and show times in that merchant's zone."""

    @login_required
    @wraps(view)
    def guarded(request: MerchantRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        access = _current(request)
        if access is None:
            return render(request, "pages/no_merchant.html", status=403)
        request.access = access
        with timezone.override(zone_of(access.merchant)):
            return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)


def may_change_required(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in only whoever may change things at the current merchant."""

    @wraps(view)
    def guarded(request: MerchantRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        require_change(request.access)
        return view(request, *args, **kwargs)

    return merchant_required(cast("View[P]", guarded))


def require_change(access: Access) -> None:
    """Refuse a viewer with a sentence that says whom to ask."""
    if not access.may_change:
        raise PermissionDenied(
            f"Your role at {access.merchant} is “{access.role}”, which may look but not change. "
            "Ask an owner or a manager to do this, or to change your role."
        )


def choose_merchant(request: HttpRequest, merchant: Merchant) -> None:
    """Remember which merchant a person wants to see."""
    request.session[SESSION_KEY] = merchant.pk


def zone_of(merchant: Merchant) -> ZoneInfo:
    """The merchant's time zone; UTC if its name is not one."""
    try:
        return ZoneInfo(merchant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _current(request: MerchantRequest) -> Access | None:
    """The merchant that was chosen, else the one joined first, else (staff) the first of all."""
    user = request.user
    merchants = visible_merchants(user)
    if user.is_staff and (asked := merchants.filter(slug=request.GET.get("merchant", "")).first()):
        choose_merchant(request, asked)  # a link from the admin says whose page it is
    chosen = merchants.filter(pk=int(request.session.get(SESSION_KEY, 0))).first()
    own = Merchant.objects.filter(memberships__user=user).order_by("memberships__pk")
    merchant = chosen or own.first() or merchants.first()
    return access_to(user, merchant) if merchant else None
