"""What `PRODUCTION=1` asks for: a public site starts with all of it, or says what is missing."""

from glexia import env

# As Django's own check of a deployment counts.
LEAST_KEY = 50
LEAST_DIFFERENT = 5


def wanted() -> bool:
    """Whether this is a public site; raises SettingError with a sentence for each thing missing."""
    if not env.flag("PRODUCTION"):
        return False
    missing = [*_secret_key(), *_database(), *_hosts(), *_debug()]
    if missing:
        raise env.SettingError("\n".join(missing))
    return True


def _secret_key() -> list[str]:
    key = env.text("SECRET_KEY")
    if not key:
        return [f"PRODUCTION=1 needs SECRET_KEY: set it to {LEAST_KEY} random characters or more."]
    if len(key) < LEAST_KEY or len(set(key)) < LEAST_DIFFERENT:
        return [f"SECRET_KEY is too easily guessed: use {LEAST_KEY} random characters or more."]
    return []


def _database() -> list[str]:
    if env.text("DATABASE_URL"):
        return []
    return [
        "PRODUCTION=1 needs DATABASE_URL: name the PostgreSQL server, as in"
        " postgresql://user:password@host:5432/name."
    ]


def _hosts() -> list[str]:
    hosts = env.words("ALLOWED_HOSTS", ())
    if not hosts:
        return [
            "PRODUCTION=1 needs ALLOWED_HOSTS: name the site's host names, with commas between."
        ]
    if "*" in hosts:
        return ["ALLOWED_HOSTS holds *, which is any host: name the site's own hosts."]
    return []


def _debug() -> list[str]:
    if not env.flag("DEBUG"):
        return []
    return ["DEBUG=1 shows the inside of the product to everybody: unset it, or PRODUCTION."]
