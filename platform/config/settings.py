"""Every setting of the platform. docs/operations.md documents the variables, and a test keeps it true."""

import re
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import kinds, reactions
from config.logs import logging_settings
from config.places import ROOT, kept_secret, origin_of_running, places_of
from config.version import VERSION  # noqa: F401  manifests of datasets say what they were made by

env = environ.Env()

# --- where and how this copy runs ----------
PLACES = places_of(Path(env("RAPPORT_HOME", default=str(ROOT / "var"))))
MODE = env("RAPPORT_MODE", default="local")
if MODE not in {"local", "production"}:
    raise ImproperlyConfigured(f"RAPPORT_MODE is {MODE!r}: use local or production")
IS_PRODUCTION = MODE == "production"
DEBUG = False

BIND = env("RAPPORT_BIND", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
SOCKET_PORT = PORT + 1
# A second shell need not be told on which port the pages are; production names its origin itself.
_running = "" if IS_PRODUCTION or "PORT" in env.ENVIRON else origin_of_running(PLACES.origin)
ORIGIN = env("RAPPORT_ORIGIN", default=_running or f"http://localhost:{PORT}").rstrip("/")
_origin = urlsplit(ORIGIN)
IS_HTTPS = _origin.scheme == "https"
if _origin.scheme not in {"http", "https"} or not _origin.hostname or _origin.path:
    raise ImproperlyConfigured(
        f"RAPPORT_ORIGIN is {ORIGIN!r}: use scheme and host only, such as https://study.example.org"
    )
if IS_PRODUCTION and not IS_HTTPS:
    raise ImproperlyConfigured("RAPPORT_ORIGIN must begin with https:// when RAPPORT_MODE=production")

if IS_PRODUCTION:
    SECRET_KEY = env("RAPPORT_SECRET_KEY")
else:
    SECRET_KEY = env("RAPPORT_SECRET_KEY", default="") or kept_secret(PLACES.secret_key)

_loopback = ["localhost", "127.0.0.1"]
ALLOWED_HOSTS = [_origin.hostname, *env.list("RAPPORT_ALLOWED_HOSTS", default=[]), *_loopback]

# With the first what people tell us of themselves is sealed; with each of them it is opened.
_identity = env.list("RAPPORT_IDENTITY_KEYS", default=[])
if any(len(key) < 20 for key in _identity):
    raise ImproperlyConfigured("RAPPORT_IDENTITY_KEYS has a key of less than 20 characters: draw longer ones")
IDENTITY_KEYS = _identity or [SECRET_KEY]

# --- applications ----------
OUR_APPS = [
    "events", "studies", "participants", "scheduling", "matching", "flow", "llm", "chat",
    "measures", "bots", "recruitment", "exports", "verification", "simulation", "console", "config",
]  # fmt: skip
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "rest_framework",
    *OUR_APPS,
]
MIDDLEWARE = [
    "config.middleware.RequestRecord",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentPolicy",
    "config.middleware.NoStore",
    "config.middleware.SoundSession",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.DenyByDefault",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
# The function (request) -> participant or None that `participant_only` views are guarded by.
PARTICIPANT_OF = "flow.access.participant_of"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studies"

EXPERIMENTS_DIR = ROOT / "experiments"
EXPERIMENT_PACKAGES = ["experiments"]  # where `studies.registry` looks for experiments by name; tests add their own
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates", *sorted(EXPERIMENTS_DIR.glob("*/templates"))],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.page_facts",
            ]
        },
    }
]

# --- the database: the only truth ----------
DATABASE_IS_OURS = not env("DATABASE_URL", default="")
DATABASES: dict[str, Any] = {"default": env.db_url_config(env("DATABASE_URL", default="") or PLACES.database_url)}
_database = DATABASES["default"]
_database["HOST"] = _database.get("OPTIONS", {}).pop("host", "") or _database["HOST"]
_database["ENGINE"] = "config.postgresql"
_database["ATOMIC_REQUESTS"] = False
_database["CONN_MAX_AGE"] = 0
_database["CONN_HEALTH_CHECKS"] = True
_database.setdefault("OPTIONS", {})["options"] = " ".join(
    [
        "-c lock_timeout=3s",
        f"-c statement_timeout={env.int('RAPPORT_DB_STATEMENT_SECONDS', default=10)}s",
        "-c idle_in_transaction_session_timeout=15s",
        # What a web host held that has lost its power is given back by PostgreSQL. Means nothing on a unix socket.
        "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    ]
)
# A host that loses its power takes no leave: we ask whether it lives, or would wait for its answer for hours.
_patience = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
_database["OPTIONS"] = {"connect_timeout": 5, **_patience, **_database["OPTIONS"]}
DB_POOL = env("RAPPORT_DB_POOL", default="none")
if DB_POOL == "pool":  # processes with an event loop or many threads; persistent connections would leak there
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 5, "max_waiting": 50}
elif DB_POOL == "persistent":  # the pages' few threads, the jobs' processes, the sweeper's threads
    _database["CONN_MAX_AGE"] = 600
elif DB_POOL != "none":
    raise ImproperlyConfigured(f"RAPPORT_DB_POOL is {DB_POOL!r}: use pool, persistent or none")
PLANS = " ".join(
    [
        # What pages and workers ask goes by keys (what does not says so: `exports`). In an installation's first
        # minutes PostgreSQL has no statistics, takes every table for a tiny one, and keeps plans that read it all
        # (decision 0003).
        "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off",
        # A kept statement is planned once. Left to itself, PostgreSQL planned the commonest ones anew each time.
        "-c plan_cache_mode=force_generic_plan",
        # Before PostgreSQL 18 a plan that cannot do without what is off seems so dear that it would be compiled.
        "-c jit=off",
    ]
)
if DB_POOL != "none":
    _database["OPTIONS"]["options"] += f" {PLANS}"

# --- backups: made by a sweeper, each day at one hour ----------
_hour = env("RAPPORT_BACKUP_HOUR", default="3" if IS_PRODUCTION else "off")
if _hour != "off" and (not _hour.isdecimal() or int(_hour) > 23):
    raise ImproperlyConfigured(f"RAPPORT_BACKUP_HOUR is {_hour!r}: use 0 to 23, an hour in UTC, or off")
BACKUP_HOUR = None if _hour == "off" else int(_hour)
BACKUP_FOLDER = Path(env("RAPPORT_BACKUP_FOLDER", default="") or PLACES.backups)
BACKUP_DAYS = env.int("RAPPORT_BACKUP_DAYS", default=30)

# --- Redis: hints only ----------
REDIS_IS_OURS = not env("REDIS_URL", default="")
REDIS_URL = env("REDIS_URL", default="") or PLACES.redis_url
_alive: dict[str, Any] = {}
if not REDIS_URL.startswith("unix://"):  # as with PostgreSQL, seconds; what is not taken in, milliseconds
    _asking = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 25_000}
    _alive = {"socket_keepalive": True, "socket_keepalive_options": _asking}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # Pub/sub ignores database numbers: the number goes into the prefix, or two test workers hear each other.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, **_alive}],
            "prefix": f"rapport{urlsplit(REDIS_URL).query or urlsplit(REDIS_URL).path}",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "config.redis_cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rapport",
        # Only hints are kept here: whoever asks goes on without Redis sooner than a person would notice.
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, **_alive}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"

# --- the two tables of the composition root, and who sends task messages ----------
KINDS = kinds.KINDS
REACTIONS = reactions.REACTIONS
TASK_APP = "config.celery.app"

# --- pictures of pages, for `study screens` ----------
CHROMIUM = env("RAPPORT_CHROMIUM", default="")

# --- people ----------
# New participants by one open link from one address within an hour; a lab's computers may share one. 0: no limit.
MOST_ENTRIES_PER_ADDRESS = env.int("RAPPORT_MOST_ENTRIES_PER_ADDRESS", default=100)

# --- messages to people ----------
_email_url = env("RAPPORT_EMAIL_URL", default="")
_email = env.email_url_config(_email_url or "filemail://")
_email_backend = env("RAPPORT_EMAIL_BACKEND", default="")
EMAIL_BACKEND = _email_backend or _email["EMAIL_BACKEND"]
if EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend":
    EMAIL_BACKEND = "flow.mail_files.EmailBackend"  # whose files nobody else can read
if EMAIL_BACKEND.endswith(".console.EmailBackend"):
    raise ImproperlyConfigured(
        "RAPPORT_EMAIL_URL would write people's addresses and links into the logs: use filemail://"
    )
SENDS_EMAIL = bool(_email_url or _email_backend)
"""Whether somebody said how; otherwise messages become files, and in production none."""
EMAIL_FILE_PATH = str(PLACES.mail)
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"] or "", _email["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"] or "", _email["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20  # a server that does not answer keeps one worker for so long, and its row is then unknown
DEFAULT_FROM_EMAIL = env("RAPPORT_EMAIL_FROM", default="") or f"reminders@{_origin.hostname}"
MESSAGES_FOLDER = PLACES.messages

# --- language models: variables RAPPORT_LLM_* ----------
_scripted, _real = "llm.providers.scripted.ask", "llm.providers.litellm.ask"
LLM_PROVIDERS = {"scripted": _scripted, "*": _scripted if env.bool("RAPPORT_LLM_SCRIPTED", default=False) else _real}
"""The part of a model's name before its first slash -> who answers; "*" for every other."""
LLM_BASE = env("RAPPORT_LLM_BASE", default="")
LLM_KEY = env("RAPPORT_LLM_KEY", default="")
LLM_PROVIDER = env("RAPPORT_LLM_PROVIDER", default="")
"""Which provider LLM_KEY is of, as models' names begin: it is sent to no other, whatever a study file names."""
LLM_BASES = env.list("RAPPORT_LLM_BASES", default=[])
"""Beginnings of the addresses that may be asked; the providers' own, where none is set, need not be listed."""


def _by_provider(prefix: str) -> dict[str, str]:
    """Of RAPPORT_LLM_KEY_OPENAI and the like: the provider, as a model's name begins with it, and what is set."""
    named = {name: value for name, value in env.ENVIRON.items() if name.startswith(prefix) and value}
    return {name.removeprefix(prefix).lower(): value for name, value in named.items()}


LLM_PROVIDER_KEYS, LLM_PROVIDER_BASES = _by_provider("RAPPORT_LLM_KEY_"), _by_provider("RAPPORT_LLM_BASE_")
"""Go before LLM_KEY and LLM_BASE."""
_daily = env("RAPPORT_LLM_DAILY_USD", default="")
if not re.fullmatch(r"|\d{1,6}(\.\d{1,4})?", _daily, re.ASCII):
    raise ImproperlyConfigured(f"RAPPORT_LLM_DAILY_USD is {_daily!r}: write an amount such as 25.00, or leave it empty")
LLM_DAILY_USD = Decimal(_daily) if _daily else None
"""What all studies together may spend in a day, UTC, whatever their files allow; None: as much as those do."""

# --- language and time ----------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files: only our own folder, so nothing of a library is served ----------
STATIC_URL = "/static/"
STATIC_ROOT = PLACES.static
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
HAS_HASHED_STATIC = env.bool("RAPPORT_HASHED_STATIC", default=False)
_hashed = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": _hashed if HAS_HASHED_STATIC else _plain},
}
WHITENOISE_USE_FINDERS = not HAS_HASHED_STATIC

# --- safety ----------
SOCKET_ORIGIN = env("RAPPORT_SOCKET_ORIGIN", default="") or (ORIGIN.replace("https://", "wss://") if IS_HTTPS else "")
"""Where browsers reach the sockets; empty: the host that the page was asked from, on SOCKET_PORT."""
PAGE_ORIGINS = sorted({ORIGIN, *([] if IS_HTTPS else [f"http://{host}:{PORT}" for host in _loopback])})
_socket_sources = (
    [SOCKET_ORIGIN] if SOCKET_ORIGIN else [f"ws://{host}:{SOCKET_PORT}" for host in sorted({*ALLOWED_HOSTS} - {"*"})]
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *_socket_sources],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_prefix = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}researcher"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.forgery"
CSRF_TRUSTED_ORIGINS = [ORIGIN]
if IS_HTTPS:  # a proxy ends TLS: it must remove X-Forwarded-Proto from what clients send and set its own
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the HSTS preload list is the domain owner's decision, not ours
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 0
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}

# --- logs ----------
LOGGING = logging_settings(level=env("RAPPORT_LOG_LEVEL", default="INFO"))
