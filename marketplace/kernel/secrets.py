"""Text that is encrypted at rest with keys from the environment."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    keys = tuple(settings.TOKEN_KEYS)
    if not keys:
        raise ImproperlyConfigured("TOKEN_KEYS is empty: tokens cannot be stored without a key.")
    return _fernet(keys)


class EncryptedTextField(models.TextField[str, str]):
    """A text column whose database value is ciphertext.

    The first of `TOKEN_KEYS` encrypts, every one of them decrypts: to rotate, put a new key in
    front, save the rows again, then drop the old key.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return _current().encrypt(text.encode()).decode() if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        try:
            return _current().decrypt(value.encode()).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                "A stored secret cannot be read: the key it was written with is not in TOKEN_KEYS."
            ) from None
