"""The REST API, and how often anything may be asked."""

from carpool.kernel.rates import Limit
from carpool.settings.environment import env

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
        "BudgetState": "payments.selectors.budgets.BudgetState",
        "BudgetFor": "payments.models.BudgetFor",
        "IncentiveState": "payments.models.IncentiveState",
        "IncentiveSwitch": "payments.api.serializers_incentives.SWITCHES",
        "IncentiveFor": "payments.models.GivenTo",
        "IncentiveCap": "payments.selectors.incentives.Cap",
        "DayKind": "tracking.models.DayKind",
        "ProofClass": "rides.models.ProofClass",
        "DeedKind": "rides.models.DeedKind",
        "DeedRole": "rides.models.DeedRole",
        "ObjectionState": "rides.models.ObjectionState",
        "ReportReason": "accounts.models.ReportReason",
        "TripRole": "rides.models.Role",
        "TopUpReason": "payments.models.TopUpReason",
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
        "accounts:merge",
        "accounts-api:merges",
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
    Limit(
        name="code",
        rate=env.str("LIMIT_CODE", default="60/h"),
        per="person",
        views=frozenset(
            {
                "rides:instant-join",
                "rides:board",
                "rides-api:instant-code",
                "rides-api:instant-join",
                "rides-api:ride-board",
            }
        ),
        looks=True,
    ),
]
