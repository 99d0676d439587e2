"""Rows of one shop: a new one begins with the choice of its shop."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from catalog.models import Shop
from marketplace.kernel.admin import BaseAdmin


class ShopFirstAdmin(BaseAdmin):
    """Adding asks for the shop first, unless there is only one; the address names it after."""

    #: Why it must be known, for who has to choose.
    why_shop_first = ""

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if shop_of(request) is not None:
            return super().add_view(request, *args, **kwargs)
        shops = list(
            Shop.objects.connected().select_related("merchant").order_by("merchant", "name")
        )
        if len(shops) == 1:
            return HttpResponseRedirect(f"{request.path}?shop={shops[0].pk}")
        return self.page(
            request,
            "admin/choose_shop.html",
            f"Add {self.model._meta.verbose_name}",
            shops=shops,
            why=self.why_shop_first,
        )


def shop_of(request: HttpRequest) -> Shop | None:
    """The shop that a form or the address names, with its merchant."""
    wanted = request.POST.get("shop") or request.GET.get("shop", "")
    is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    shops = Shop.objects.select_related("merchant")
    return shops.filter(pk=int(wanted)).first() if is_number else None
