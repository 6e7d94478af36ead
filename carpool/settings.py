"""All settings, in one file. Values come from the environment and fail loudly when wrong.

A secret may be given as a file: ``SECRET_KEY_FILE=/run/secrets/key`` stands for ``SECRET_KEY``.
What an organization decides (policies) is in the database, not here.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from carpool.kernel.rates import Limit
from carpool.native import gis_libraries, kernel_cache

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- Core --------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The demo city with people that anyone may sign in as. Never set it where real people are.
DEMO = env.bool("DEMO", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
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
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
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
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
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
        engine="django.contrib.gis.db.backends.postgis",
    )
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}"}
# A pool for the web process, which serves each request in a thread of its own; 0 switches it off.
if pool_size := env.int("DATABASE_POOL_SIZE", default=0):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": 10,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=0)

GDAL_LIBRARY_PATH, GEOS_LIBRARY_PATH = gis_libraries()

# --- Redis: cache, sockets, tasks --------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "carpool.kernel.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "carpool",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "carpool-live"},
    }
}


def _broker(url: str) -> str:
    """Spell a Redis address as Celery's transport wants it; a socket has a scheme of its own."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host=0"
    if parts.scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured(f"REDIS_URL: unknown scheme {parts.scheme!r}")
    return url


CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "carpool-celery:",
    "socket_connect_timeout": 2,
    "visibility_timeout": 600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "kernel.relay_outbox": {"queue": "outbox"},
    # What computes for minutes has workers of its own, so that no search waits for it.
    "matching.begin_run": {"queue": "batch"},
    "matching.solve_part": {"queue": "batch"},
    "matching.run_study": {"queue": "batch"},
    "matching.*": {"queue": "matching"},
    # A mail server that thinks for a minute holds up nothing but mails.
    "chat.send_deliveries": {"queue": "deliveries"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
# Messages that nobody fetched in time are dropped: the next sweep finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "relay-outbox": {
        "task": "kernel.relay_outbox",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "heartbeat": {"task": "kernel.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    "watch-rides": {"task": "rides.watch_rides", "schedule": 15.0, "options": {"expires": 15}},
    "watch-proposals": {
        "task": "matching.watch_proposals",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "watch-studies": {
        "task": "matching.watch_studies",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "send-deliveries": {
        "task": "chat.send_deliveries",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "tell-of-messages": {
        "task": "chat.tell_of_messages",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "flag-messages": {
        "task": "chat.flag_messages",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "forget-live": {
        "task": "chat.forget_live",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget-notifications": {
        "task": "chat.forget_notifications",
        "schedule": 86400.0,
        "options": {"expires": 3600},
    },
    "forget": {"task": "kernel.forget", "schedule": 3600.0, "options": {"expires": 3600}},
    "keep-terms-of-people": {
        "task": "accounts.keep_terms",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    "keep-terms-of-rides": {
        "task": "rides.keep_terms",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

# --- Sign-in: django-allauth, one-time codes by e-mail -----------------------------------------
# https://docs.allauth.org/en/latest/account/configuration.html
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
# Ours come first (LIMITS below). These count what only allauth knows: a second look at codes.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/h/ip,5/h/key",
    "confirm_email": "1/10s/key,5/h/key",
    "login_failed": "20/h/ip,10/15m/key",
    "reset_password": "20/h/ip,5/h/key",
    "signup": "20/h/ip",
    "login": "20/h/ip",
}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "rides:today"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL

# --- Sign-in with accounts from elsewhere ------------------------------------------------------
# Organizations set up their own issuers in the browser. Google and Kakao are shown once their
# client ID is given. https://docs.allauth.org/en/latest/socialaccount/configuration.html
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
for _provider in ("google", "kakao"):
    if client_id := env.str(f"{_provider.upper()}_CLIENT_ID", default=""):
        SOCIALACCOUNT_PROVIDERS[_provider] = {
            "APPS": [
                {
                    "client_id": client_id,
                    "secret": env.str(f"{_provider.upper()}_CLIENT_SECRET"),
                }
            ],
            "OAUTH_PKCE_ENABLED": True,
        }
# Kakao's own hosts; a local stand-in's in tests.
KAKAO_AUTH_URL = env.str("KAKAO_AUTH_URL", default="https://kauth.kakao.com")
KAKAO_API_URL = env.str("KAKAO_API_URL", default="https://kapi.kakao.com")
# Providers on this machine itself, by plain http: the demo's.
LOOPBACK_PROVIDERS = env.bool("LOOPBACK_PROVIDERS", default=DEMO or DEBUG)

# --- Passkeys, second step ---------------------------------------------------------------------
# https://docs.allauth.org/en/latest/mfa/configuration.html
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Carpool"
MFA_TOTP_TOLERANCE = 1  # clocks of phones may be half a minute off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or DEMO  # browsers take http://localhost for secure

# --- Sign-in of the mobile app: the same accounts, with tokens ---------------------------------
# https://docs.allauth.org/en/latest/headless/token-strategies/jwt-tokens.html
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.api.tokens.TokenStrategy"  # noqa: S105 (a class)
# A PEM key lets others check our tokens; without one they are signed with SECRET_KEY.
HEADLESS_JWT_PRIVATE_KEY = env.str("JWT_PRIVATE_KEY", default="", multiline=True)
HEADLESS_JWT_ALGORITHM = "RS256" if HEADLESS_JWT_PRIVATE_KEY else "HS256"
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 14 * 86400
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True  # a token dies with its session

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

# --- REST API ----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["carpool.kernel.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "carpool.kernel.api.Page",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "carpool.kernel.api.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.UserRateThrottle",
        "carpool.kernel.limits.LimitsThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="600/min")},
    "DEFAULT_VERSIONING_CLASS": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Carpool API",
    "DESCRIPTION": (
        "Rides that colleagues share: offer, find, book, travel. Errors are RFC 9457 problems; "
        "lists are paged by cursor; a POST that moves seats takes an Idempotency-Key."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "MemberRole": "accounts.models.MemberRole",
        "RideState": "rides.models.RideState",
        "BookingState": "rides.models.BookingState",
        "RequestState": "rides.models.RequestState",
        "NotificationKind": "chat.models.Kind",
        # Of assignment runs and of launch studies: they walk through the same states.
        "ComputationState": "matching.models.StudyState",
    },
}

# --- How often ---------------------------------------------------------------------------------
_APP = "headless:app:account:"
_MAILS = frozenset(
    {
        "account_login",  # nobody has a password here: it sends a code, too
        "account_request_login_code",
        "account_signup",
        "account_reset_password",
        _APP + "request_login_code",
        _APP + "signup",
        _APP + "request_password_reset",
    }
)
_PASSWORDS = frozenset({_APP + "login"})  # allauth offers it to apps; whoever has one are operators
_OTHER_DOORS = frozenset({"mfa_login_webauthn", "headless:app:mfa:login_webauthn"})
LIMITS = [
    Limit(
        name="sign-in",
        rate=env.str("LIMIT_SIGN_IN", default="20/h"),
        per="ip",
        views=_MAILS | _PASSWORDS | _OTHER_DOORS,
        closed=True,
    ),
    Limit(
        name="account",
        rate=env.str("LIMIT_ACCOUNT", default="10/15min"),
        per="account",
        views=_PASSWORDS,
        closed=True,
        is_growing=True,
    ),
    Limit(
        name="mails",
        rate=env.str("LIMIT_MAILS", default="5/h"),
        per="account",
        views=_MAILS,
        closed=True,
    ),
    Limit(
        name="search",
        rate=env.str("LIMIT_SEARCH", default="60/min"),
        per="person",
        views=frozenset({"matching:find", "matching-api:search"}),
    ),
    Limit(
        name="join",
        rate=env.str("LIMIT_JOIN", default="10/min"),
        per="person",
        views=frozenset({"matching:book", "matching-api:book"}),
    ),
]

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
RETENTION_DAYS = {
    # Exact private ends of past rides and bookings; then the middle of a cell and a street remain.
    "exact_places": env.int("RETENTION_EXACT_PLACES_DAYS", default=90),
    # Who read whose position. Korea's location act asks for six months.
    "position_read": env.int("RETENTION_POSITION_READ_DAYS", default=183),
    "export": env.int("RETENTION_EXPORT_DAYS", default=7),
    # Reports that were decided.
    "report": env.int("RETENTION_REPORT_DAYS", default=365),
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
HTTPS = env.bool("HTTPS", default=False)
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
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Logs, errors ------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
if sentry_dsn := env.str("SENTRY_DSN", default=""):
    import sentry_sdk

    sentry_sdk.init(dsn=sentry_dsn, send_default_pii=False)
