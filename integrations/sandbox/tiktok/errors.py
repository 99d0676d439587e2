"""The ways TikTok Shop says no."""

from __future__ import annotations


class ApiError(Exception):
    """An answer with a code other than zero. What the call wrote is undone, unless kept."""

    def __init__(self, code: int, message: str, *, http: int = 200, keep: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http = http
        self.keep = keep


def bad_request(message: str) -> ApiError:
    """Return the gateway's refusal of a malformed request."""
    return ApiError(36009004, message, http=400)
