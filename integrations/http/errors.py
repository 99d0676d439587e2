"""What a remote system's failure becomes: one of the kernel's three kinds, with its particulars.

RemoteRefused   (Refused)     a person must change something first
RemoteBusy      (TryLater)    the same request may work in a while
RemoteDenied    (Reconnect)   the merchant must authorize again
"""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.kernel.errors import Reconnect, Refused, TryLater


@dataclass(frozen=True, slots=True)
class RemoteFault:
    """Where and how a call failed: what a person quotes to the remote system's support."""

    method: str
    path: str
    http_status: int = 0  # 0: no answer at all
    code: str = ""
    request_id: str = ""
    words: str = ""  # the remote system's own message

    @property
    def reference(self) -> str:
        """Return the part in brackets at the end of a message: code and request id, if any."""
        parts = [f"code {self.code}"] if self.code else []
        parts += [f"request {self.request_id}"] if self.request_id else []
        return f" ({', '.join(parts)})" if parts else ""


class Referenced(Exception):
    """A failure that ends, when read by a person, with what to quote to the remote's support."""

    fault: RemoteFault

    def __str__(self) -> str:
        return f"{super().__str__()}{self.fault.reference}"


class RemoteRefused(Referenced, Refused):
    """The remote system said no, and will say no again until somebody changes something."""

    def __init__(self, message: str, fault: RemoteFault) -> None:
        super().__init__(message, code=fault.code, request_id=fault.request_id)
        self.fault = fault


class RemoteBusy(Referenced, TryLater):
    """The remote system could not answer now.

    For a write, `outcome_unknown` says that it may have acted all the same.
    """

    def __init__(
        self,
        message: str,
        fault: RemoteFault,
        *,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(
            message,
            code=fault.code,
            request_id=fault.request_id,
            retry_after=retry_after,
            outcome_unknown=outcome_unknown,
        )
        self.fault = fault


class RemoteDenied(Referenced, Reconnect):
    """The remote system no longer accepts our credentials."""

    def __init__(self, message: str, fault: RemoteFault) -> None:
        super().__init__(message, code=fault.code, request_id=fault.request_id)
        self.fault = fault


RemoteError = RemoteRefused | RemoteBusy | RemoteDenied
