"""The sandbox as a process of its own, on loopback."""

from __future__ import annotations

import logging
import threading

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from integrations.sandbox.core import Config, Sandbox
from integrations.sandbox.wsgi import create_app, sandbox_of

logger = logging.getLogger(__name__)


class _Quiet(WSGIRequestHandler):
    """Answers without a line per request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing unless something went wrong."""
        if type == "error":
            logger.error(message, *args)

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """Close the connection when an answer is lost on demand, so that the client notices."""
        self.close_connection = True


class Server:
    """A sandbox that answers on a port."""

    def __init__(self, config: Config, host: str = "127.0.0.1", port: int = 0) -> None:
        app = create_app(config)
        self.sandbox: Sandbox = sandbox_of(app)
        self._server: BaseWSGIServer = make_server(
            host, port, app, threaded=True, request_handler=_Quiet
        )
        # Answering threads must not hold the process when it is told to stop.
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.host, self.port = host, self._server.server_port
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the origin to call."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Answer in a thread."""
        self.sandbox.run_in_background()
        # The default look for a stop comes twice a second, which a suite of tests would feel.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and close the state."""
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.sandbox.stop()


def serve(config: Config, host: str = "127.0.0.1", port: int = 8100) -> None:
    """Answer until the process ends."""
    server = Server(config, host, port)
    server.sandbox.run_in_background()
    server._server.serve_forever()
