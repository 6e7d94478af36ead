"""All settings. Values come from the environment and fail loudly when wrong.

A secret may be given as a file: ``SECRET_KEY_FILE=/run/secrets/key`` stands for ``SECRET_KEY``.
What an organization decides (policies) is in the database, not here.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from carpool.kernel.tenancy import clean
from carpool.native import gis_libraries, kernel_cache
from carpool.settings.environment import *  # noqa: F403
from carpool.settings.environment import BASE_DIR, HTTPS, VAR_DIR, env
from carpool.settings.interfaces import *  # noqa: F403
from carpool.settings.payments import *  # noqa: F403
from carpool.settings.payments import PAYMENT_ACCESS
from carpool.settings.sign_in import *  # noqa: F403
from carpool.settings.tasks import *  # noqa: F403
from carpool.settings.taxis import *  # noqa: F403

# --- Core --------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
NETWORKS_DIR = Path(env.str("NETWORKS_DIR", default=str(VAR_DIR / "networks")))
os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache(VAR_DIR, BASE_DIR)))

ROOT_URLCONF = "carpool.urls"
ASGI_APPLICATION = "carpool.asgi.application"
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.kakao",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "leaflet",
    "rest_framework",
    "carpool.kernel",
    "maps",
    "accounts",
    "rides",
    "matching",
    "payments",
    "tracking",
    "chat",
    "carpool.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "carpool.kernel.logs.AccessLogMiddleware",
    "carpool.kernel.tenancy.WallMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.CurrentMemberMiddleware",
    "carpool.kernel.limits.LimitsMiddleware",
    "accounts.middleware.DoorsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "chat.middleware.LivePageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "carpool.kernel.web.DomainErrorMiddleware",
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
                "carpool.kernel.web.interface",
                "matching.views.context.waiting_proposals",
                "chat.views.context.unread_notifications",
            ],
        },
    },
]

# --- Database: PostgreSQL with PostGIS ---------------------------------------------------------
# https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-notes
DATABASES = {
    "default": env.db_url(
        "DATABASE_URL",
        default="postgis://carpool@localhost:5432/carpool",
        engine="carpool.kernel.database",
    )
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
# Compiling a statement takes PostgreSQL seconds, running ours milliseconds.
DATABASES["default"]["OPTIONS"].setdefault("options", "-c jit=off")
DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}"}
# A pool for the web process, which serves each request in a thread of its own; 0 switches it off.
if pool_size := env.int("DATABASE_POOL_SIZE", default=0):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": 10,
        "reset": clean,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=0)

GDAL_LIBRARY_PATH, GEOS_LIBRARY_PATH = gis_libraries()

# --- E-mail ------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Carpool <carpool@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)

# --- Notifications -----------------------------------------------------------------------------
# Where people reach us from outside: links in mails, pushes and calendars begin with it.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000")
# Web push: the key that `manage.py make_vapid_key` prints. Without it browsers get no pushes.
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="").strip()
VAPID_SUBJECT = env.str("VAPID_SUBJECT", default="mailto:carpool@localhost")
# The mobile app: a service account's JSON. The address is Google's, unless a proxy stands between.
FCM_CREDENTIALS = env.str("FCM_CREDENTIALS", default="")
FCM_URL = env.str("FCM_URL", default="https://fcm.googleapis.com")
# Text messages: a gateway that takes {"to", "from", "text"}, see chat/services/channels/sms.py.
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
SMS_SENDER = env.str("SMS_SENDER", default="Carpool")

# --- Languages, time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["carpool.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- Files -------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Photos of conversations. They are served by a view that looks who asks, never from an address.
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "carpool.kernel.storage.StaticStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# --- Privacy: how long what is kept ------------------------------------------------------------
# After this long, a member who wants to be forgotten is. Until then they can think again.
ERASURE_GRACE_HOURS = env.int("ERASURE_GRACE_HOURS", default=24)
# Who was forgotten, outside of the database: see manage.py reapply_erasures.
ERASURE_LIST = env.str("ERASURE_LIST", default=str(VAR_DIR / "erasures.txt"))
RETENTION_DAYS = {
    # Exact private ends of past rides and bookings; then the middle of a cell and a street remain.
    "exact_places": env.int("RETENTION_EXACT_PLACES_DAYS", default=90),
    # Who read whose position. Korea's location act asks for six months.
    "position_read": env.int("RETENTION_POSITION_READ_DAYS", default=183),
    # Positions of a settled ride, and so many days more when somebody objected.
    "raw_trace": env.int("RETENTION_RAW_TRACE_DAYS", default=7),
    "raw_trace_dispute": env.int("RETENTION_RAW_TRACE_DISPUTE_DAYS", default=30),
    "export": env.int("RETENTION_EXPORT_DAYS", default=7),
    # How somebody kept their promises, and how they were rated: longer ago says little of today.
    "reliability": env.int("RETENTION_RELIABILITY_DAYS", default=365),
    # Reports that were decided.
    "report": env.int("RETENTION_REPORT_DAYS", default=365),
    # Where somebody worked on a day: this year's and last year's sheets.
    "work_day": env.int("RETENTION_WORK_DAY_DAYS", default=730),
}

# --- Maps --------------------------------------------------------------------------------------
# "local" asks the imported data; "nominatim:HOST" or "photon:HOST" ask a server of yours.
GEOCODER = env.str("GEOCODER", default="local")
# Where import_map downloads a place from that is given by name; empty: OSMnx's own defaults.
OVERPASS_URL = env.str("OVERPASS_URL", default="")
NOMINATIM_URL = env.str("NOMINATIM_URL", default="")
# Empty: the basemap is drawn from our own tiles, and no home position reaches a tile server.
BASEMAP_TILE_URL = env.str("BASEMAP_TILE_URL", default="")
BASEMAP_ATTRIBUTION = env.str("BASEMAP_ATTRIBUTION", default="© OpenStreetMap contributors")
LEAFLET_CONFIG: dict[str, Any] = {
    "TILES": [],
    "SRID": None,
    "RESET_VIEW": False,
    "MINIMAP": False,
    "SCALE": "metric",
    "NO_GLOBALS": False,
}

# --- Security ----------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
# How many proxies of ours stand before us, whose word about a client's address counts. With too
# few, everybody shares the proxy's address and its limits; with too many, clients choose their own.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if HTTPS else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Our own pages may ask for the position and for passkeys; nobody for anything else.
PERMISSIONS_POLICY: dict[str, str | list[str]] = {
    "geolocation": "self",
    "publickey-credentials-create": "self",
    "publickey-credentials-get": "self",
    **{
        power: [] for power in ("camera", "display-capture", "microphone", "midi", "payment", "usb")
    },
}
_TILE_HOST = [f"https://{host}"] if (host := urlsplit(BASEMAP_TILE_URL).hostname) else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_TILE_HOST],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        # Browsers also ask this when a form's answer leads on: to where a payment is approved.
        "form-action": [SELF, *(page for one in PAYMENT_ACCESS.values() for page in one.pages)],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Logs, errors ------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"secrets": {"()": "carpool.kernel.logs.SecretsFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["secrets"],
        }
    },
    # It would write down what it sends: addresses by which payers come back.
    "loggers": {"stripe": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
if sentry_dsn := env.str("SENTRY_DSN", default=""):
    import sentry_sdk

    sentry_sdk.init(dsn=sentry_dsn, send_default_pii=False)
