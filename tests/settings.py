"""Settings of the tests: the real ones, with keys of their own and no worker."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("TOKEN_KEYS", "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMhISE=")
os.environ.setdefault("TIKTOK_SHOP_APP_KEY", "test-app-key")
os.environ.setdefault("TIKTOK_SHOP_APP_SECRET", "test-app-secret")
os.environ.setdefault("TIKTOK_SHOP_SERVICE_ID", "test-service")

from marketplace.settings import *  # noqa: F403
from marketplace.settings import DATABASES

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MEDIA_ROOT = tempfile.mkdtemp(prefix="mm-test-media-")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
TIKTOK_SHOP_READS_PER_SECOND = 10_000
TIKTOK_SHOP_WRITES_PER_SECOND = 10_000
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Processes and threads of a test must see one database, which memory cannot give.
    DATABASES["default"]["TEST"] = {
        "NAME": os.path.join(tempfile.gettempdir(), f"mm-test-{os.getpid()}.sqlite3")
    }
else:
    # Nothing here outlives the server, so nobody need wait for its disk.
    DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=off"}
