"""One settings file; whatever differs between places comes from the environment or `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy

from marketplace.navigation import SIDEBAR, TABS

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

# Core
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])
if BASE_URL.startswith("https:"):
    # A proxy ends TLS in front of us; it must set this header itself and drop a client's own.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Each adapter is one folder; this tuple is the list of them.
INTEGRATIONS = ("integrations.tiktok",)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
    "marketplace.kernel",
    "marketplace",
    "catalog",
    "orders",
    "integrations",
    *INTEGRATIONS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database: SQLite with no server, or PostgreSQL when DATABASE_URL says so
(BASE_DIR / "var").mkdir(exist_ok=True)
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'db.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Deferred transactions fail half the time under a web server and a worker; these wait.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # django-q would otherwise open a connection per poll, at a quarter of the speed.
    DATABASES["default"]["CONN_MAX_AGE"] = 60

# Cache: shared by all processes, so that the rate budget is one budget
CACHES: dict[str, dict[str, Any]] = {
    "default": env.cache_url("REDIS_URL", default=f"filecache://{BASE_DIR / 'var' / 'cache'}"),
}

# People
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("login")
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https:")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="support@example.com")

# Secrets of shops are encrypted with the first of these keys and read with any of them.
TOKEN_KEYS = env.list("TOKEN_KEYS", default=[])

# Pages of merchants load nothing from elsewhere and run no inline script; the admin has its own
# policy (marketplace.middleware), because its components need more.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    },
}
MIDDLEWARE.append("marketplace.middleware.AdminContentSecurityPolicy")

# Time and words
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media")))
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
#: Pictures may be fetched from private addresses only where a developer says so.
IMAGE_FETCH_ALLOW_PRIVATE = env.bool("IMAGE_FETCH_ALLOW_PRIVATE", default=False)

# Background work: the queue is in the business database, so a job commits with its reason.
# retry > timeout x (1 + ceil((queue_limit + 1) / workers)) + 60, or jobs run twice.
Q_CLUSTER = {
    "name": "marketplace",
    "orm": "default",
    "workers": env.int("Q_WORKERS", default=2),
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 120,
    "retry": 500,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 0,
    "recycle": 200,
    "max_rss": 400_000,
    "poll": 0.2,
    "label": "Background queue",
}
JOB_MAX_ATTEMPTS = 5

# TikTok Shop
TIKTOK_SHOP_APP_KEY = env.str("TIKTOK_SHOP_APP_KEY", default="")
TIKTOK_SHOP_APP_SECRET = env.str("TIKTOK_SHOP_APP_SECRET", default="")
TIKTOK_SHOP_SERVICE_ID = env.str("TIKTOK_SHOP_SERVICE_ID", default="")
TIKTOK_SHOP_API_URL = env.str(
    "TIKTOK_SHOP_API_URL", default="https://open-api.tiktokglobalshop.com"
)
TIKTOK_SHOP_AUTH_URL = env.str("TIKTOK_SHOP_AUTH_URL", default="https://auth.tiktok-shops.com")
TIKTOK_SHOP_AUTHORIZE_URL = env.str(
    "TIKTOK_SHOP_AUTHORIZE_URL", default="https://services.us.tiktokshop.com/open/authorize"
)
TIKTOK_SHOP_READS_PER_SECOND = env.int("TIKTOK_SHOP_READS_PER_SECOND", default=20)
TIKTOK_SHOP_WRITES_PER_SECOND = env.int("TIKTOK_SHOP_WRITES_PER_SECOND", default=10)

#: So many listings of one shop are published at the same time; on SQLite always one.
PUBLISHING_THREADS = env.int("PUBLISHING_THREADS", default=4)

# Admin
UNFOLD = {
    "SITE_TITLE": "Marketplace Management",
    "SITE_HEADER": "Marketplace Management",
    "SITE_SUBHEADER": "Operations",
    "SITE_SYMBOL": "storefront",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("app/icon.svg")}
    ],
    "LOGIN": {"redirect_after": reverse_lazy("admin:index")},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "marketplace.pages.dashboard.dashboard_context",
    "STYLES": [],
    "SIDEBAR": SIDEBAR,
    "TABS": TABS,
}

# Logs: one line per event, no secrets
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
