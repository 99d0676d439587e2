from __future__ import annotations

from django.urls import path

from integrations.tiktok import webhooks

app_name = "tiktok"
urlpatterns = [path("webhooks/tiktok/", webhooks.receive, name="webhook")]
