"""Files of products, shown only to those who may see the product."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from catalog.models import Certificate, Image, Product, SizeChart
from catalog.pages.access import visible_merchants


@login_required
@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Send a picture or document if the signed-in person may see the product it belongs to.

    Pictures as they were before a fix, size charts and certificates too.
    """
    if not request.user.is_authenticated:  # `login_required` saw to it; this tells the type checker
        raise Http404
    products = Product.objects.filter(merchant__in=visible_merchants(request.user))
    is_theirs = (
        Image.objects.filter(Q(file=path) | Q(original=path), product__in=products).exists()
        or Certificate.objects.filter(file=path, product__in=products).exists()
        or SizeChart.objects.filter(file=path, product__in=products).exists()
    )
    if not is_theirs:
        raise Http404("There is no such file.")
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    # A document that a merchant uploaded must never act as a page of ours.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
