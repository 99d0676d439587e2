"""Writes `.env` with fresh keys, once; an existing file is left alone."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / ".env"

LINES = f"""\
# Made on this machine. Keep it: without TOKEN_KEYS the stored shop tokens cannot be read.
DEBUG=false
SECRET_KEY={secrets.token_urlsafe(48)}
TOKEN_KEYS={base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}
"""

if not TARGET.exists():
    TARGET.write_text(LINES)
    TARGET.chmod(0o600)
