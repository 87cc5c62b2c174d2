"""Settings: the only reader of the environment. `.env.example` lists every variable."""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from hub.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(str(BASE_DIR / ".env"))  # what the environment already holds wins


def _host_name(url: str) -> str:
    """As Django compares it: an IPv6 address in brackets."""
    name = urlsplit(url).hostname or "127.0.0.1"
    return f"[{name}]" if ":" in name else name


# Secrets: no defaults, refused at start rather than at use.
SECRET_KEY = env.str("HUB_SECRET_KEY", default="")
HUB_FERNET_KEYS: list[str] = env.list("HUB_FERNET_KEYS", default=[])
if not SECRET_KEY or not HUB_FERNET_KEYS:
    raise ImproperlyConfigured(
        "HUB_SECRET_KEY and HUB_FERNET_KEYS are not set: scripts/run makes a .env with both, "
        "or copy .env.example to .env and fill them in"
    )

DEBUG = env.bool("HUB_DEBUG", default=False)
HUB_BASE_URL = env.str("HUB_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
HUB_IS_HTTPS = HUB_BASE_URL.startswith("https://")
ALLOWED_HOSTS: list[str] = env.list(
    "HUB_ALLOWED_HOSTS",
    default=[_host_name(HUB_BASE_URL), "127.0.0.1", "localhost"],
)
HUB_DATA_DIR = Path(env.str("HUB_DATA_DIR", default=str(BASE_DIR / "var")))
HUB_TRUSTED_PROXY_COUNT = env.int("HUB_TRUSTED_PROXY_COUNT", default=0)
HUB_MAX_BODY_BYTES = env.int("HUB_MAX_BODY_BYTES", default=1024 * 1024)
HUB_TOKEN_CACHE_SECONDS = env.float("HUB_TOKEN_CACHE_SECONDS", default=5.0)
HUB_UNKNOWN_TOKENS_PER_MINUTE = env.int("HUB_UNKNOWN_TOKENS_PER_MINUTE", default=60)
HUB_REQUESTS_PER_MINUTE = env.int("HUB_REQUESTS_PER_MINUTE", default=0)
HUB_RETENTION_DAYS = env.int("HUB_RETENTION_DAYS", default=90)
HUB_BODY_RETENTION_DAYS = env.int("HUB_BODY_RETENTION_DAYS", default=30)
HUB_DRAINS = env.int("HUB_DRAINS", default=2)
HUB_SEND_THREADS = env.int("HUB_SEND_THREADS", default=16)
HUB_PRESS_SECONDS = env.float("HUB_PRESS_SECONDS", default=8.0)
HUB_WORKER_NAME = env.str("HUB_WORKER_NAME", default=socket.gethostname())[:60]
HUB_METRICS_TOKEN = env.str("HUB_METRICS_TOKEN", default="")
HUB_READY_MAX_AGE_SECONDS = env.int("HUB_READY_MAX_AGE_SECONDS", default=120)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "simple_history",
    "axes",
    "django_q",
    "hub",
    "integrations",
]

# What /hooks does not need is skipped there: see hub.middleware.
MIDDLEWARE = [
    "hub.middleware.machine_paths",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
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


def _database() -> dict[str, Any]:
    """SQLite in HUB_DATA_DIR unless HUB_DATABASE_URL names a PostgreSQL."""
    address = env.str("HUB_DATABASE_URL", default="") or f"sqlite:///{HUB_DATA_DIR / 'hub.sqlite3'}"
    if address.partition("://")[0] not in ("postgres", "postgresql", "sqlite"):
        raise ImproperlyConfigured(
            "HUB_DATABASE_URL is not of the form postgres://user:password@host/database; "
            "without it the hub keeps everything in a SQLite file in HUB_DATA_DIR"
        )
    config: dict[str, Any] = env.db_url_config(address)
    config["ATOMIC_REQUESTS"] = False
    if config["ENGINE"] == "django.db.backends.sqlite3":
        synchronous = env.str("HUB_SQLITE_SYNCHRONOUS", default="FULL")
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL;"
                # FULL: an accepted webhook survives a power cut, not only a crash.
                f"PRAGMA synchronous={'NORMAL' if synchronous.upper() == 'NORMAL' else 'FULL'};"
                "PRAGMA busy_timeout=20000;"
            ),
        }
        config["CONN_MAX_AGE"] = None
        # A file, which real workers can share; one per process, so that two runs do not meet.
        config["TEST"] = {"NAME": str(HUB_DATA_DIR / f"test-{os.getpid()}.sqlite3")}
        HUB_DATA_DIR.mkdir(parents=True, exist_ok=True)
    else:
        config["CONN_MAX_AGE"] = None
        # The health check would cost a query in every request; hub.storing tries again instead.
        config["CONN_HEALTH_CHECKS"] = False
        # A connection that the network has forgotten is given up within a minute.
        config["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,  # ms
        } | config.get("OPTIONS", {})
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

HUB_REDIS_URL = env.str("HUB_REDIS_URL", default="")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": HUB_REDIS_URL}
    if HUB_REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# See hub.checks for why these figures and no others. Drains occupy HUB_DRAINS workers for good,
# two are left for everything else.
Q_CLUSTER: dict[str, Any] = {
    "name": "hub",
    "cluster_name": HUB_WORKER_NAME,
    "workers": HUB_DRAINS + 2,
    "queue_limit": HUB_DRAINS + 2,
    "timeout": 90,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.2,
    "label": "Queue",
    "log_level": "WARNING",
} | ({"redis": HUB_REDIS_URL} if HUB_REDIS_URL else {"orm": "default"})

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "hub.api.requests.client_address"
AXES_VERBOSE = False

LANGUAGE_CODE = env.str("HUB_LANGUAGE", default="en")
LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
LOCALE_PATHS = [BASE_DIR / "hub" / "locale"]
TIME_ZONE = env.str("HUB_TIME_ZONE", default="Europe/Amsterdam")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # straight from the packages: nothing to collect
WHITENOISE_MAX_AGE = 3600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HUB_IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [HUB_BASE_URL]
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if HUB_TRUSTED_PROXY_COUNT and HUB_IS_HTTPS else None
)
SECURE_HSTS_SECONDS = 31_536_000 if HUB_IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # the reverse proxy redirects to https

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "hub.logs.JSONFormatter"},
    },
    "filters": {"mask": {"()": "hub.logs.MaskSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("HUB_LOG_FORMAT", default="text"),
            "filters": ["mask"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "hub": {"level": env.str("HUB_LOG_LEVEL", default="INFO")},
        "integrations": {"level": env.str("HUB_LOG_LEVEL", default="INFO")},
        "django-q": {"handlers": ["console"], "propagate": False, "level": "ERROR"},
    },
}
