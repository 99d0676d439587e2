"""Settings of the measurements: the real ones, with keys, caches and files of their own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-benchmarks")
os.environ["TOKEN_KEYS"] = "b25seS1mb3ItYmVuY2htYXJrcy1ub3RoaW5nLWVsc2U="
os.environ.setdefault("LOG_LEVEL", "WARNING")

from marketplace.settings import *  # noqa: F403

DEBUG = False
ALLOWED_HOSTS = ["testserver"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MEDIA_ROOT = tempfile.gettempdir()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The channel's budget of calls per second would hide what the work itself costs.
TIKTOK_SHOP_READS_PER_SECOND = 100_000
TIKTOK_SHOP_WRITES_PER_SECOND = 100_000
