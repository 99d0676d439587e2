from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from marketplace.pages import checklist, help, home

urlpatterns = [
    path("", home.home, name="home"),
    path("setup/", checklist.checklist, name="checklist"),
    path("help/", help.help_page, name="help"),
    path("merchants/", home.merchants, name="merchants"),
    path("merchants/<slug:slug>/", home.switch_merchant, name="switch_merchant"),
    path("sign-in/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
]
