"""Identify: which domain and which release a bundle is, from what it and MITRE say of it.

A release is known by the bundle's published hash, else by its collection object, else by what the
admin says; anything that contradicts is refused, and a file's name never counts.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from importer.errors import BundleError
from importer.parse import Bundle, Properties, quoted
from importer.verify import Verified
from library.identifiers import (
    RELEASE_FORM,
    Domain,
    Provenance,
    attack_reference,
    is_sample,
    release_order,
    timestamp,
)

COLLECTION: Final = "x-mitre-collection"
PRE_ATTACK = "pre"
# What matrices and collections are called, and the kill chains of techniques, by domain.
KILL_CHAINS = {
    "mitre-attack": Domain.ENTERPRISE,
    "mitre-mobile-attack": Domain.MOBILE,
    "mitre-ics-attack": Domain.ICS,
    "mitre-pre-attack": PRE_ATTACK,
}
X_MITRE_DOMAINS = {
    "enterprise-attack": Domain.ENTERPRISE,
    "mobile-attack": Domain.MOBILE,
    "ics-attack": Domain.ICS,
    "pre-attack": PRE_ATTACK,
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Which release a bundle is."""

    domain: str
    attack_version: str
    provenance: str
    released_at: datetime | None
    release_date_stated: bool


def identify(
    bundle: Bundle, verified: Verified, domain: str | None, release: str | None
) -> Identity:
    """The identity of a bundle; raises BundleError where sources are silent or contradict.

    `domain` and `release` are what the admin says, which counts where the bundle is silent.
    """
    if domain is not None and domain not in Domain.values:
        raise BundleError(f"--domain {quoted(domain)} is not one of {', '.join(Domain.values)}.")
    if release is not None and not RELEASE_FORM.fullmatch(release):
        raise BundleError(f"--release {quoted(release)} is not a release such as 18.1.")
    collection = _collection(bundle.objects)
    found = _domain(bundle.objects, verified, domain)
    attack_version = _release(found, collection, verified, release)
    stated = timestamp(collection.get("modified"))
    return Identity(
        domain=found,
        attack_version=attack_version,
        provenance=_provenance(verified, attack_version),
        released_at=stated or _newest(bundle.objects),
        release_date_stated=stated is not None,
    )


def _collection(objects: list[Properties]) -> Properties:
    """The bundle's collection; of several, which must not contradict, one that says a release."""
    collections = [found for found in objects if found["type"] == COLLECTION]
    stating = [found for found in collections if "x_mitre_version" in found]
    for other in stating[1:]:
        releases = [found["x_mitre_version"] for found in (stating[0], other)]
        if releases[0] != releases[1]:
            named = " and ".join(map(quoted, releases))
            raise BundleError(f"the bundle's collections contradict: they say releases {named}.")
    return next(iter(stating or collections), {})


def _domain(objects: list[Properties], verified: Verified, said: str | None) -> str:
    published = {domain for domain, _ in verified.published}
    known: set[str | None] = {*published} or {_domain_of_content(objects)}
    if PRE_ATTACK in known:
        raise BundleError(
            "this is a PRE-ATT&CK bundle: the library holds enterprise, mobile and ics."
        )
    found = known.pop()
    if found is None:
        if said is None:
            raise BundleError("the bundle does not say its domain: say it with --domain.")
        return said
    if said is not None and said != found:
        raise BundleError(f"this is a bundle of the domain {found}, not {said}.")
    return found


def _domain_of_content(objects: list[Properties]) -> str | None:
    """By the matrix; else by the kill chains of most techniques; else by most `x_mitre_domains`.

    STIX 2.0 bundles have no `x_mitre_domains` and the oldest have no matrix. Matrices of several
    domains contradict each other: such a bundle was put together from several.
    """
    matrices = (o for o in objects if o["type"] == "x-mitre-matrix")
    names = {str(attack_reference(o).get("external_id")) for o in matrices}
    drawn = sorted(X_MITRE_DOMAINS[name] for name in names & X_MITRE_DOMAINS.keys())
    if len(drawn) > 1:
        raise BundleError(f"the bundle holds the matrices of several domains: {', '.join(drawn)}.")
    techniques = (o for o in objects if o["type"] == "attack-pattern")
    return (
        next(iter(drawn), None)
        or _most(
            KILL_CHAINS.get(str(phase.get("kill_chain_name")))
            for o in techniques
            for phase in _dicts(o.get("kill_chain_phases"))
        )
        or _most(
            X_MITRE_DOMAINS.get(name)
            for o in objects
            for name in _strings(o.get("x_mitre_domains"))
        )
    )


def _most(votes: Iterable[str | None]) -> str | None:
    counted = Counter(vote for vote in votes if vote is not None)
    return counted.most_common(1)[0][0] if counted else None


def _dicts(value: object) -> list[Properties]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _release(domain: str, collection: Properties, verified: Verified, said: str | None) -> str:
    published = [release for known, release in verified.published if known == domain]
    stated = collection.get("x_mitre_version")
    if published:
        return _published_release(published, stated, said)
    if isinstance(stated, str) and RELEASE_FORM.fullmatch(stated):
        if said not in {None, stated}:
            raise BundleError(f"the bundle's collection says release {stated}, not {said}.")
        return stated
    if said is not None and is_sample(said):
        raise BundleError("only the library's own sample is a sample: say another --release.")
    if said is not None:
        return said
    if stated is None:
        raise BundleError("the bundle does not say its release: say it with --release.")
    raise BundleError(
        f"the bundle's collection says {quoted(stated)}, which is not a release such as 18.1:"
        " say it with --release."
    )


def _published_release(published: list[str], stated: object, said: str | None) -> str:
    """The release of a file MITRE published: the newest, where unchanged under several."""
    for wanted, who in ((said, "--release"), (stated, "the bundle's collection")):
        if wanted in published:
            return str(wanted)
        if wanted is not None and who == "--release":
            names = " and ".join(published)
            raise BundleError(f"MITRE published this very file as release {names}, not {wanted}.")
    return max(published, key=release_order)


def _provenance(verified: Verified, attack_version: str) -> str:
    if verified.published:
        return Provenance.OFFICIAL
    return Provenance.SAMPLE if is_sample(attack_version) else Provenance.UNRECOGNISED


def _newest(objects: list[Properties]) -> datetime | None:
    moments = (timestamp(found.get("modified")) for found in objects)
    return max((moment for moment in moments if moment is not None), default=None)
