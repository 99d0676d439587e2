"""Every address: the admin, the merchants' pages, and what each integration adds."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("marketplace.pages.urls")),
    path("", include("catalog.pages.urls")),
    path("", include("orders.pages.urls")),
    path("", include("integrations.pages.urls")),
    *[path("", include(f"{name}.urls")) for name in settings.INTEGRATIONS],
]
