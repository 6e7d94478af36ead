"""How people sign in: django-allauth with codes, accounts from elsewhere, passkeys, tokens."""

from typing import Any

from carpool.settings.environment import DEBUG, DEMO, env

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
