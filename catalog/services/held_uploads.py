"""Uploads of a form that was not accepted yet, kept for a day: nobody chooses them again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.text import get_valid_filename

ROOT = "held"
KEPT = timedelta(days=1)
TOKEN = re.compile(r"[0-9a-f]{32}")


def hold(owner: int, token: str, uploads: Iterable[tuple[str, bytes]]) -> None:
    """Keep files (name, bytes) for this person's form behind those it has."""
    _forget_old()
    folder = _folder(owner, token)
    first = len(names(owner, token))
    for place, (name, content) in enumerate(uploads, start=first):
        default_storage.save(
            f"{folder}/{place:03}-{get_valid_filename(name)}", ContentFile(content)
        )


def names(owner: int, token: str) -> list[str]:
    """What is kept for this form, in order; empty for a token of another person or none."""
    if not TOKEN.fullmatch(token):
        return []
    return sorted(_list(_folder(owner, token))[1])


def read(owner: int, token: str, name: str) -> bytes:
    """The bytes of one of `names`."""
    with default_storage.open(f"{_folder(owner, token)}/{PurePosixPath(name).name}", "rb") as file:
        return bytes(file.read())


def drop(owner: int, token: str, chosen: Iterable[str] | None = None) -> None:
    """Forget some of the files of a form, or all."""
    kept = names(owner, token)
    for name in kept if chosen is None else set(kept) & set(chosen):
        default_storage.delete(f"{_folder(owner, token)}/{name}")


def _forget_old() -> None:
    for owner in _list(ROOT)[0]:
        for token in _list(f"{ROOT}/{owner}")[0]:
            folder = f"{ROOT}/{owner}/{token}"
            paths = [f"{folder}/{name}" for name in _list(folder)[1]]
            old = [path for path in paths if _is_old(path)]
            for path in old:
                default_storage.delete(path)
            if len(old) == len(paths):
                default_storage.delete(folder)


def _is_old(path: str) -> bool:
    return default_storage.get_modified_time(path) < timezone.now() - KEPT


def _folder(owner: int, token: str) -> str:
    return f"{ROOT}/{owner}/{token}"


def _list(folder: str) -> tuple[list[str], list[str]]:
    try:
        found = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return found
