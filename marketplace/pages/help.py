"""The guide: how to start, and what the words of the channel mean."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.pages.access import MerchantRequest, merchant_required


@merchant_required
@require_safe
def help_page(request: MerchantRequest) -> HttpResponse:
    """Show the guide and whom to write to."""
    return render(request, "pages/help.html", {"support_email": settings.SUPPORT_EMAIL})
