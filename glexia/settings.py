"""Django's settings, each read from the environment by a typed reader of `glexia.env`."""

import secrets
from datetime import timedelta
from typing import Any

from django.utils.csp import CSP

from glexia import env, logs, mail, production
from glexia.caches import caches
from glexia.databases import replica

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


# A public site: what it needs must be there, and what follows from it stands below.
PRODUCTION = production.wanted()
DEBUG = env.flag("DEBUG")
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

# Mail to administrators (glexia.mail): how, from whom, to whom, and the site that it leads to.
MAILERS = {"default": {"OPTIONS": mail.server()}}
SERVER_EMAIL = DEFAULT_FROM_EMAIL = mail.sender("MAIL_FROM", "glexia@localhost")
ADMINS = mail.addresses("ADMIN_EMAILS")
EMAIL_SUBJECT_PREFIX = "[Glexia ATT&CK Library] "
SITE_ADDRESS = mail.site("SITE_ADDRESS")
# Users are told of what is done to their accounts, where there is a server to send it by.
TELL_USERS = bool(env.text("MAIL_SERVER"))

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
    # Before the queue: its `db_worker` takes the place of the queue's own.
    "importer",
    "analysis",
    "django_tasks_db",
]

MIDDLEWARE = [
    "glexia.middleware.with_every_header",
    "glexia.request_ids.with_request_id",
    "glexia.metrics.counted",
    "glexia.middleware.without_body_for_head",
    "glexia.replicas.choose_database",
    "glexia.kept_pages.kept_pages",
    # The headers of every answer, those of probes and static files among them.
    "glexia.middleware.with_closed_doors",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "glexia.probes.probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "glexia.limits.RateLimits",
    "accounts.sessions.StaffSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.actors.knowing_who_asks",
    "accounts.sessions.bounded",
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
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.postgresql", **_external}
    if _external
    else {"ENGINE": "glexia.embedded", "NAME": "glexia", "USER": "glexia"}
}
# Who asks while the database is away is told so after a few seconds, not after half a minute.
# Web processes have as many connections as threads (glexia.wsgi), others no more than these.
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=64)
_pool = {"min_size": 1, "max_size": 8, "timeout": 5}
# A library lies in memory: to fetch its pages in any order costs little more than one by one.
_planner = "-c random_page_cost=1.1"
DATABASES["default"].setdefault("OPTIONS", {}).update(pool=_pool, options=_planner)
# The pool tries a connection before it gives it away: those that it held while the database was
# started again are dead, and each would be somebody's 503.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A copy that follows the first database, for public pages to read from; see glexia.replicas.
if _replica := env.database("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = replica(_replica, DATABASES["default"])
    DATABASE_ROUTERS = ["glexia.replicas.Router"]
# What a web process waits for at most, in seconds: an answer of the database, a lock in it. Other
# processes, which import, migrate and save, take as long as it takes.
STATEMENT_SECONDS = env.number("STATEMENT_SECONDS", 15, most=600)
LOCK_SECONDS = 5
# How long migrations wait for a lock, in whose queue readers stand behind them.
MIGRATION_LOCK_SECONDS = env.number("MIGRATION_LOCK_SECONDS", 5, least=1, most=600)
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

# Pages that are finished, and counters; in each process by itself, or shared: `database`, the
# library's own PostgreSQL, or redis://host:port/0.
CACHES = caches(
    env.text("CACHE_URL"),
    pages=env.number("PAGE_CACHE_ENTRIES", 1000),
    # Of each process, where pages are kept there.
    megabytes=env.number("PAGE_CACHE_MB", 64, least=1, most=16_384),
)
# How long a process may go by what it last read of the edition and of Takes.
EPOCH_SECONDS = 1.0
# How long shared caches may hold pages that they are told to purge; 0 where none are told.
SHARED_CACHE_SECONDS = env.number("SHARED_CACHE_SECONDS", 0)
# Whom to tell, by a POST with the surrogate key of all pages, and the header by which the cache
# knows who asks: `Fastly-Key: …`.
PURGE_URL = env.purge_address("PURGE_URL")
PURGE_HEADER = env.secret_header("PURGE_HEADER")

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# How many requests a minute an address may make of what costs much; 0 for any number, which is
# what they are where nobody but this machine asks. Counted in each web process, or by all of them
# in Redis; an address more is some 200 bytes.
RATE_LIMITS = {
    "searches": env.number("SEARCHES_A_MINUTE", 300 if PRODUCTION else 0),
    "files": env.number("FILES_A_MINUTE", 120 if PRODUCTION else 0),
    "workbooks": env.number("WORKBOOKS_A_MINUTE", 12 if PRODUCTION else 0),
    # Pages with parameters, of which there is no end, that are not kept already.
    "variants": env.number("VARIANTS_A_MINUTE", 300 if PRODUCTION else 0),
    "comparisons": env.number("COMPARISONS_A_MINUTE", 120 if PRODUCTION else 0),
    "checks": env.number("CHECKS_A_MINUTE", 30 if PRODUCTION else 0),
    "sign-ins": env.number("SIGN_INS_A_MINUTE", 30 if PRODUCTION else 0),
    "missing": env.number("MISSING_A_MINUTE", 60 if PRODUCTION else 0),
}

# What a form may hold. Files come only to pages that say how much they take.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = ["glexia.uploads.NoFiles"]

# Pages that anybody may keep are asked for without a cookie, even by those who are signed in.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
# A sign-in ends with the browser, when nobody uses it, and after so many hours in any case.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_IDLE_SECONDS = env.number("SESSION_IDLE_MINUTES", 60, most=10_080) * 60
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 12, least=1, most=168) * 3600
CSRF_COOKIE_HTTPONLY = True
# Lax, not Strict: the way back from a provider's sign-in is a link from another site.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# What the next page says of an act: a cookie of their own would go with readers' requests too.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Sign-in of the staff (accounts); readers have none. See docs/accounts.md.
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
_validators = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validators}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_validators}.CommonPasswordValidator"},
    {"NAME": f"{_validators}.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.LongestPassword"},
]
# How long a password that somebody else has given opens the page where another is chosen.
FIRST_PASSWORD_HOURS = env.number("FIRST_PASSWORD_HOURS", 72, least=1, most=8760)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Failed sign-ins are counted in the database, which all web processes share.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.number("LOCKOUT_FAILURES", 5, least=1, most=100)
# Of one name from all addresses together.
LOCKOUT_NAME_FAILURES = env.number("LOCKOUT_NAME_FAILURES", 50, least=1, most=10_000)
AXES_HANDLER = "accounts.lockouts.Handler"
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

# The queue of background work is in PostgreSQL; `manage.py db_worker` takes from it.
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default", "imports"],
    }
}

# Bundles that come in by the import console: how large they may be, compressed or not, from which
# directory of the server they may be chosen, where they lie while they are needed (web processes
# and workers share the folder), and how long once a run waits for somebody or has failed.
IMPORT_MAX_BYTES = env.number("IMPORT_MAX_MB", 200, least=1, most=2000) * 1024 * 1024
IMPORT_DIR = env.directory("IMPORT_DIR")
IMPORT_SPOOL = env.path("IMPORT_SPOOL") or DATA_DIR / "imports"
IMPORT_KEEP_HOURS = env.number("IMPORT_KEEP_HOURS", 24, least=1, most=8760)

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("STATIC_ROOT") or DATA_DIR / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# What browsers are told of every page. Nothing inline, nothing from elsewhere, no part of it in
# other sites' pages, and nothing that a reader's device has.
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
FEATURES_OFF = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)

# A public site is read over TLS alone, which ends at a proxy: that proxy says so in a header, which
# it must set itself on every request. HSTS_SECONDS=0 where the proxy sends HSTS.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=PRODUCTION)
if _said_by := env.header("SECURE_PROXY_SSL_HEADER"):
    SECURE_PROXY_SSL_HEADER = (f"HTTP_{_said_by.upper().replace('-', '_')}", "https")
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", default=PRODUCTION)
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", default=PRODUCTION)
# Whom to tell of a weakness (security.txt).
SECURITY_CONTACT = env.contact("SECURITY_CONTACT", "https://www.glexia.com/contact")

# Probes are asked inside, without TLS. /metrics is off without a token or a port of its own.
PROBES = ("/healthz", "/readyz", "/metrics")
SECURE_REDIRECT_EXEMPT = [rf"^{path.removeprefix('/')}$" for path in PROBES]
METRICS_TOKEN = env.token("METRICS_TOKEN", least=16)
METRICS_PORT = env.port("METRICS_PORT", 0)

# LOG_FORMAT, LOG_LEVEL and ACCESS_LOG.
LOGGING = logs.from_environment(production=PRODUCTION)

# What other apps add to the library's pages: dotted paths of functions, in the order shown.
OBJECT_PANELS = ["analysis.panels.take_panel"]
RELEASE_PANELS = ["analysis.releases.takes_panel"]
# Whom a process tells when readers see other pages by what it has done.
EPOCH_LISTENERS = ["library.conditional.forget_shelf", "glexia.purging.purge"]
# And what they say, in the dry run of an import, that a snapshot would mean to them.
IMPORT_PREVIEWS = ["analysis.import_preview.takes_preview"]
# Their pages that sitemaps name beside the lists: names of addresses.
LISTED_PAGES = ["analysis:takes", "analysis:takes-brief"]
