from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from catalog.ports import picture_sources
        from integrations import tasks  # noqa: F401  (registers the job handlers)
        from integrations.http.pictures import WebPictures

        picture_sources.register("web", WebPictures())
