from __future__ import annotations

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "marketplace.kernel"
    label = "kernel"
    verbose_name = "Background work"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from marketplace.kernel import bulk_tasks  # noqa: F401  (registers the job handler)
        from marketplace.kernel.sheets import tasks  # noqa: F401  (registers the job handlers)
