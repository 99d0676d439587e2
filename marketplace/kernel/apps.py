from __future__ import annotations

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "marketplace.kernel"
    label = "kernel"
    verbose_name = "Background work"
    default_auto_field = "django.db.models.BigAutoField"
