"""Which hashes MITRE published for which releases, from mitreattack-python's list."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from importer.errors import BundleError
from library.identifiers import release_order

# MITRE's repository of STIX 2.1 releases; the only address the library downloads from.
ADDRESS = (
    "https://raw.githubusercontent.com/mitre-attack/attack-stix-data/master"
    "/{domain}-attack/{domain}-attack-{release}.json"
)


@cache
def _release_info() -> ModuleType:
    """The module `release_info` of mitreattack-python, loaded by itself.

    Importing it by name would run `mitreattack/__init__.py`, which loads pandas and drawing
    libraries: a second and 100 MB that no import needs.
    """
    package = importlib.util.find_spec("mitreattack")
    if package is None or package.origin is None:
        raise BundleError("mitreattack-python is not installed: run make setup.")
    path = Path(package.origin).parent / "release_info.py"
    spec = importlib.util.spec_from_file_location("mitreattack_release_info", path)
    if spec is None or spec.loader is None:
        raise BundleError(f"{path}: cannot be loaded: run make setup.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published_as(sha256: str) -> list[tuple[str, str]]:
    """The (domain, release) pairs that MITRE published with this SHA-256, oldest first.

    Usually one or none; a few files were published unchanged under two releases. The domain is
    "enterprise", "mobile", "ics" or "pre".
    """
    info = _release_info()
    return [
        (domain, release)
        for listing in (info.STIX20, info.STIX21)
        for domain, releases in listing.items()
        for release, digest in releases.items()
        if digest == sha256
    ]


def current_release() -> str:
    """The newest release that mitreattack-python knows of."""
    return str(_release_info().LATEST_VERSION)


def published_releases(domain: str) -> list[str]:
    """The releases of a domain that MITRE published in STIX 2.1, the newest first."""
    return sorted(_release_info().STIX21[domain], key=release_order, reverse=True)


def published_sha256(domain: str, release: str) -> str:
    """The SHA-256 of a release's STIX 2.1 bundle; KeyError where MITRE published none."""
    return str(_release_info().STIX21[domain][release])


def address(domain: str, release: str) -> str:
    """Where MITRE publishes a release's STIX 2.1 bundle."""
    return ADDRESS.format(domain=domain, release=release)
