"""`manage.py sandbox`: a TikTok Shop on this machine, for demos, development and tests."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from integrations.sandbox.core import Config
from integrations.sandbox.server import serve


class Command(BaseCommand):
    """Serves the sandbox until it is stopped; needs no database of ours."""

    help = "Serve a TikTok Shop sandbox on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say where to listen, where to keep the state, and which app is known."""
        known = Config()
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8100)
        parser.add_argument("--state", default=":memory:", help="file that keeps the state")
        parser.add_argument("--app-key", default=known.app_key)
        parser.add_argument("--app-secret", default=known.app_secret)
        parser.add_argument("--service-id", default=known.service_id)
        parser.add_argument("--redirect-url", default="", help="where a seller returns to")
        parser.add_argument("--existing", type=int, default=0, help="products already listed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve."""
        config = Config(
            app_key=options["app_key"],
            app_secret=options["app_secret"],
            service_id=options["service_id"],
            redirect_url=options["redirect_url"],
            state=options["state"],
            existing=options["existing"],
        )
        host, port = options["host"], options["port"]
        self.stdout.write(f"Sandbox: http://{host}:{port}  state: {config.state}")
        serve(config, host, port)
