"""The raw endpoint: exactly the canonical bytes that were hashed."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from library.addresses import Addresses
from library.conditional import freshness
from library.identifiers import MATRIX, RELEASE_FORM, Domain, ObjectType
from library.models import Edition, ObjectVersion, SnapshotObject
from library.parameters import can_be_held
from library.querysets import SnapshotObjectQuerySet
from library.redirects import redirect

FOR_EVER = "public, max-age=31536000, immutable"
SHA256_FORM = re.compile("[0-9a-fA-F]{64}")


class NotHeldError(Exception):
    """The library has no such object; the text says what was asked for."""


@dataclass(frozen=True, slots=True)
class _Named:
    """How an address names an object: in words, among memberships, and among versions."""

    words: str
    members: Q
    versions: Q


@require_safe
def raw_object(
    request: HttpRequest, kind: ObjectType, attack_id: str, release: str = ""
) -> HttpResponse:
    """The canonical JSON of an object, tagged with its SHA-256; a 404 in JSON where not held.

    `?sha256=` names one content for ever, `?release=` a release, `?domain=` one of several; without
    any, the content that the page shows. One query. An ID in lower case leads to the upper one.
    """
    of_kind = Q(object__stix_type__in=kind.stix_types)
    # The object may have had another ID when it had the content that a hash names.
    ever = ObjectVersion.objects.filter(attack_id=attack_id).values("object")
    named = _Named(
        attack_id, of_kind & Q(version__attack_id=attack_id), of_kind & Q(object__in=ever)
    )
    if kind is not MATRIX and attack_id.isascii() and attack_id != attack_id.upper():
        listing = Addresses(release).listing(kind)
        return redirect(request, f"{listing}/{quote(attack_id.upper())}/raw", permanent=True)
    return _respond(request, named, release)


@require_safe
def raw_by_stix_id(request: HttpRequest, stix_id: str, release: str = "") -> HttpResponse:
    """The same as `raw_object` for the address that no other object shares."""
    named = Q(object__stix_id=stix_id)
    return _respond(request, _Named(stix_id, named, named), release)


def _respond(request: HttpRequest, named: _Named, pinned: str) -> HttpResponse:
    try:
        version = _asked_for(request.GET, named, pinned)
    except NotHeldError as error:
        return JsonResponse({"error": str(error)}, status=404)
    etag = f'"{version.sha256}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        version.content.canonical.encode(), content_type="application/json"
    )
    response["ETag"] = etag
    # The object's page is what search engines should find.
    response["X-Robots-Tag"] = "noindex"
    lasting = FOR_EVER if request.GET.get("sha256") else freshness(settings.SHARED_CACHE_SECONDS)
    response["Cache-Control"] = lasting
    return response


def _asked_for(query: QueryDict, named: _Named, pinned: str) -> ObjectVersion:
    if not can_be_held(named.words):
        raise NotHeldError("No object has an ID with such characters.")
    digest = _digest(query.get("sha256", "")) if "sha256" in query else None
    if digest and not ({"release", "domain"} & query.keys() or pinned):
        return _by_hash(named, digest)
    rows, where = _in_release(SnapshotObject.objects.all(), query.get("release", pinned or None))
    domain = query.get("domain")
    if domain is not None:
        if domain not in Domain.values:
            raise NotHeldError("domain is not one of enterprise, mobile and ics.")
        rows = rows.filter(snapshot__domain=domain)
        where = f"{where} of {domain}"
    if digest:
        rows = rows.filter(version__content_sha256=digest)
        where = f"{where} with this SHA-256"
    found = rows.filter(named.members).with_content().in_order_of_preference().first()
    if found is None:
        raise NotHeldError(f"{named.words} is not in {where}.")
    return found.version


def _digest(sha256: str) -> bytes:
    if not SHA256_FORM.fullmatch(sha256):
        raise NotHeldError("sha256 is not a hexadecimal SHA-256.")
    return bytes.fromhex(sha256)


def _by_hash(named: _Named, digest: bytes) -> ObjectVersion:
    found = ObjectVersion.objects.filter(named.versions, content_sha256=digest)
    version = found.select_related("content").first()
    if version is None:
        raise NotHeldError(f"{named.words} has no content with this SHA-256 here.")
    return version


def _in_release(
    rows: SnapshotObjectQuerySet, release: str | None
) -> tuple[SnapshotObjectQuerySet, str]:
    """The rows of a release, or of the edition where none is named, and what that is called."""
    if release is None:
        return rows.filter(_in_current_edition()), "the current edition"
    if not RELEASE_FORM.fullmatch(release):
        raise NotHeldError("release is not of the form 18.1.")
    return rows.filter(snapshot__attack_version=release), f"release {release}"


def _in_current_edition() -> Q:
    current = Edition.objects.order_by("-id")
    condition = Q()
    for domain in Domain.values:
        condition |= Q(snapshot=Subquery(current.values(domain)[:1]))
    return condition
