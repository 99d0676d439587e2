"""A server that behaves badly in exactly one way."""

from __future__ import annotations

import socket
import threading


class Peer:
    """A server that says these bytes to whoever connects, once, then hangs up or keeps silent."""

    def __init__(self, answer: bytes, *, silent: bool = False) -> None:
        self.answer = answer
        self.silent = silent
        self.heard = b""
        self.done = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        try:
            connection, _address = self.socket.accept()
        except OSError:
            return
        with connection:
            self.heard = connection.recv(65536)
            if self.silent:
                self.done.wait(5)
            connection.sendall(self.answer)

    def close(self) -> None:
        self.done.set()
        self.socket.close()
        self.thread.join(5)
