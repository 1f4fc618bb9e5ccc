"""All settings. Most come from the environment. A wrong value stops the start."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from labeler import oidc
from labeler.api import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("LABELER_DATA", default=str(BASE_DIR / "var")))

# A command beside `make run` uses its servers.
if not env.str("LABELER_SECRET_KEY", default="") and not env.str(
    "DATABASE_URL", default=""
):
    env.read_env(DATA_DIR / "environment")

DEBUG = env.bool("LABELER_DEBUG", default=False)
SECRET_KEY = env.str("LABELER_SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "LABELER_SECRET_KEY is not set, and no `make run` is running with the data folder "
        f"{DATA_DIR} (LABELER_DATA). Start it, or set the key to 50 random characters."
    )
ALLOWED_HOSTS = env.list("LABELER_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("LABELER_TRUSTED_ORIGINS", default=[])

# The embedded server uses plain HTTP on loopback. All others are behind TLS.
EMBEDDED = env.bool("LABELER_EMBEDDED", default=False)

INSTALLED_APPS = [
    "annotations",
    "frontend",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "knox",
    "axes",
    "pgtrigger",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "labeler.urls"
WSGI_APPLICATION = "labeler.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

# --- Database: PostgreSQL and nothing else -------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///labeler")}
if not DATABASES["default"]["ENGINE"].startswith("django.db.backends.postgresql"):
    raise ImproperlyConfigured(
        "DATABASE_URL must be the address of a PostgreSQL database."
    )
DATABASES["default"]["CONN_MAX_AGE"] = env.int("LABELER_CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PGTRIGGER_SCHEMA = None  # the schema of the tables, also where that is not "public"

# --- Cache and broker ----------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "labeler",
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# After the visibility timeout, the broker delivers the task of a killed worker again. kombu
# never renews the timeout, so every task must be shorter (docs/adr/0007-short-tasks.md).
CELERY_TASK_TIME_LIMIT = 30
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 40,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
}

# --- Pictures and uploads ------------------------------------------------------------

# True after `collectstatic`, as in the container. Otherwise files are served in place.
COLLECTED_STATIC = env.bool("LABELER_COLLECTED_STATIC", default=False)
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "store")},
    },
    "staticfiles": {
        "BACKEND": "labeler.staticfiles.Collected"
        if COLLECTED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_MAX_BYTES = 2 * 1024**3
IMAGE_MAX_BYTES = 32 * 1024 * 1024
IMAGE_MAX_PIXELS = 100_000_000
THUMBNAIL_SIDE = 320
RENDITION_SIDE = 2560

STATIC_URL = "static/"
STATIC_ROOT = (
    env.str("LABELER_STATIC_ROOT", default=str(DATA_DIR / "static"))
    if COLLECTED_STATIC
    else None
)
WHITENOISE_USE_FINDERS = not COLLECTED_STATIC

# --- Labelling -----------------------------------------------------------------------

LEASE_MINUTES = env.int("LABELER_LEASE_MINUTES", default=10)
# Tombstones are HMACs with this key. Without the key, erased data could be imported again.
TOMBSTONE_KEY = env.str("LABELER_TOMBSTONE_KEY", default=SECRET_KEY)

# --- Scoring -------------------------------------------------------------------------

# The first one is the default scorer of a batch.
SCORERS = env.list(
    "LABELER_SCORERS",
    default=[
        "annotations.scoring.faces.Faces",
        "annotations.scoring.pixels.WholePicture",
    ],
)
SCORING_DEVICE = env.str("LABELER_SCORING_DEVICE", default="cpu")
if SCORING_DEVICE not in ("cpu", "cuda"):
    raise ImproperlyConfigured("LABELER_SCORING_DEVICE must be cpu or cuda.")
# Embeddings are biometric data. Except for `make run`, an operator must turn them on.
# Without them only scores are stored.
EMBEDDINGS = env.bool("EMBEDDINGS", default=EMBEDDED)

# --- People --------------------------------------------------------------------------

AUTH_USER_MODEL = "annotations.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = env.int("LABELER_SIGN_IN_ATTEMPTS", default=10)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
INVITATION_DAYS = env.int("LABELER_INVITATION_DAYS", default=7)
PASSWORD_RESET_TIMEOUT = 24 * 3600
# allauth is used only for signing in with one provider, if the environment names one.
OIDC = oidc.read(env)
SOCIALACCOUNT_ADAPTER = "frontend.views.oidc.Adapter"
SOCIALACCOUNT_PROVIDERS = oidc.providers(OIDC)
AXES_VERBOSE = False
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.int("LABELER_TOKEN_DAYS", default=90)),
    "AUTH_HEADER_PREFIX": "Token",
    "TOKEN_LIMIT_PER_USER": None,
}

# --- Mail ----------------------------------------------------------------------------

vars().update(env.email("LABELER_EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("LABELER_FROM_EMAIL", default="labeler@localhost")

# --- Security ------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not EMBEDDED:
    SECURE_SSL_REDIRECT = env.bool("LABELER_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz/"]  # health checks use plain HTTP inside
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.str("LABELER_LOG_LEVEL", default="INFO"),
    },
}
