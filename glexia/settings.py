"""Django's settings, each read from the environment by a typed reader of `glexia.env`."""

import secrets

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
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django_htmx",
    "library",
    # Before the queue: its `db_worker` takes the place of the queue's own.
    "importer",
    "analysis",
    "django_tasks_db",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
# And what they say, in the dry run of an import, that a snapshot would mean to them.
IMPORT_PREVIEWS: list[str] = []
# Their pages that sitemaps name beside the lists: names of addresses.
LISTED_PAGES = ["analysis:takes", "analysis:takes-brief"]
