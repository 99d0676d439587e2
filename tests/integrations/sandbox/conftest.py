"""What the sandbox's own tests call it with."""

from __future__ import annotations

import pytest

from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox


@pytest.fixture
def box(local_sandbox: Sandbox) -> Sandbox:
    """A sandbox in this process."""
    return local_sandbox


@pytest.fixture
def client(box: Sandbox) -> SignedClient:
    """An app that the first shop's seller has authorized."""
    return SignedClient(box)
