"""Django's settings, each read from the environment by a typed reader of `glexia.env`."""

import secrets
from datetime import timedelta

from django.utils.csp import CSP

from glexia import env

BASE_DIR = env.BASE_DIR
DATA_DIR = env.data_dir()


def _kept_secret() -> str:
    """The secret key of this machine: made once, kept in the data directory for its owner only."""
    kept = DATA_DIR / "secret-key"
    try:
        if not kept.exists() or not kept.read_text():
            DATA_DIR.mkdir(parents=True, exist_ok=True)
            made = kept.with_suffix(f".{secrets.token_hex(4)}")
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(48))
            made.rename(kept)
        return kept.read_text()
    except OSError as error:
        raise env.SettingError(
            f"The data directory {DATA_DIR} cannot be used ({error.strerror}):"
            " set GLEXIA_DATA_DIR to a folder that you can write to."
        ) from None
    except UnicodeDecodeError:
        raise env.SettingError(f"{kept} is damaged: delete it, and a new one is made.") from None


DEBUG = env.flag("DEBUG")
PRODUCTION = env.flag("PRODUCTION")
SECRET_KEY = env.text("SECRET_KEY") or _kept_secret()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
# How many proxies stand before the web server, each of which says whom it heard from.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, most=10)
ATTACK_BUNDLES = env.directory("ATTACK_BUNDLES")
# Whether a Take must be approved by somebody other than its author; off for a team of one.
TAKES_NEED_SECOND_PERSON = env.flag("TAKES_NEED_SECOND_PERSON", default=True)
# Where readers report an error in a Take; the page, release and revision go with it.
TAKE_REPORT_URL = env.web_address("TAKE_REPORT_URL", "https://www.glexia.com/contact")
INCIDENT_URL = env.web_address("INCIDENT_URL", "https://www.glexia.com/incident-response")

INSTALLED_APPS = [
    "accounts.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "accounts",
    "library",
    "importer",
    "analysis",
]

MIDDLEWARE = [
    "glexia.middleware.without_body_for_head",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.actors.knowing_who_asks",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, as it answers in place of a view where somebody is locked out.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "glexia.urls"
WSGI_APPLICATION = "glexia.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        # Beside our own, those of the sitemaps.
        "APP_DIRS": True,
        "OPTIONS": {
            # Those that admin needs look at nothing until a template asks: pages set no cookie.
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# With no DATABASE_URL the engine below starts PostgreSQL in the data directory by itself.
_external = env.database("DATABASE_URL")
DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", **_external}
    if _external
    else {"ENGINE": "glexia.embedded", "NAME": "glexia", "USER": "glexia"}
}
# Who asks while the database is away is told so after a few seconds, not after half a minute.
_pool = {"min_size": 1, "max_size": 8, "timeout": 5}
# A library lies in memory: to fetch its pages in any order costs little more than one by one.
_planner = "-c random_page_cost=1.1"
DATABASES["default"]["OPTIONS"] = {"pool": _pool, "options": _planner}  # type: ignore[assignment]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# Pages that anybody may keep are asked for without a cookie, even by those who are signed in.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
# A sign-in ends with the browser, and after so many hours in any case.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 12, least=1, most=168) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
# Lax, not Strict: the way back from a provider's sign-in is a link from another site.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Sign-in of the staff (accounts); readers have none. See docs/accounts.md.
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
_validators = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validators}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_validators}.CommonPasswordValidator"},
    {"NAME": f"{_validators}.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Failed sign-ins are counted in the database, which all web processes share.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.number("LOCKOUT_FAILURES", 5, least=1, most=100)
AXES_COOLOFF_TIME = timedelta(minutes=env.number("LOCKOUT_MINUTES", 15, least=1, most=1440))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "accounts.lockouts.address_of"
AXES_WHITELIST_CALLABLE = "accounts.lockouts.is_exempt"
AXES_LOCKOUT_CALLABLE = "accounts.lockouts.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
# The audit log tells of sign-ins, and is read in the admin site.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# Whether all staff must give a code of a device beside the password, or only who has set one up.
REQUIRE_TOTP = env.flag("REQUIRE_TOTP")
OTP_TOTP_ISSUER = "Glexia ATT&CK Library"

# Sign-in by an OpenID Connect provider: off unless OIDC_CLIENT_ID is set, whole or not at all.
OIDC_RP_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_OP_AUTHORIZATION_ENDPOINT = env.provider_address("OIDC_AUTHORIZATION_URL")
OIDC_OP_TOKEN_ENDPOINT = env.provider_address("OIDC_TOKEN_URL")
OIDC_OP_USER_ENDPOINT = env.provider_address("OIDC_USERINFO_URL")
OIDC_OP_JWKS_ENDPOINT = env.provider_address("OIDC_JWKS_URL")
OIDC_RP_SIGN_ALGO = env.choice("OIDC_SIGN_ALGORITHM", "RS256", ("RS256", "RS512", "ES256"))
OIDC_ROLES_CLAIM = env.text("OIDC_ROLES_CLAIM")
OIDC_CREATE_USER = env.flag("OIDC_CREATE_USERS")
OIDC_NAME = env.text("OIDC_NAME", "your organisation")
OIDC_AUTHENTICATION_CALLBACK_URL = "admin:oidc-callback"
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
if OIDC_RP_CLIENT_ID:
    env.demand(
        *("OIDC_CLIENT_SECRET", "OIDC_ISSUER", "OIDC_AUTHORIZATION_URL"),
        *("OIDC_TOKEN_URL", "OIDC_USERINFO_URL", "OIDC_JWKS_URL"),
        because="OIDC_CLIENT_ID is set",
    )
    AUTHENTICATION_BACKENDS.append("accounts.oidc.StaffBackend")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"

# What other apps add to the library's pages: dotted paths of functions, in the order shown.
OBJECT_PANELS = ["analysis.panels.take_panel"]
RELEASE_PANELS = ["analysis.releases.takes_panel"]
# Their pages that sitemaps name beside the lists: names of addresses.
LISTED_PAGES = ["analysis:takes", "analysis:takes-brief"]
