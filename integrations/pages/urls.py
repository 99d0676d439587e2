from __future__ import annotations

from django.urls import path

from integrations.pages import connect, shop

urlpatterns = [
    path("integrations/", connect.integrations_page, name="integrations"),
    path("integrations/<str:channel>/connect/", connect.connect, name="connect"),
    path("integrations/<str:channel>/callback/", connect.oauth_callback, name="oauth_callback"),
    path("shops/<int:pk>/settings/", shop.shop_settings, name="shop_settings"),
    path("shops/<int:pk>/outbound/", shop.set_outbound, name="set_outbound"),
    path("shops/<int:pk>/quota/", shop.set_quota, name="set_quota"),
    path("shops/<int:pk>/pause/", shop.pause, name="pause_shop"),
    path("shops/<int:pk>/resume/", shop.resume, name="resume_shop"),
    path("shops/<int:pk>/disconnect/", shop.disconnect, name="disconnect"),
]
