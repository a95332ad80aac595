"""The raw endpoint: exactly the canonical bytes that were hashed."""

from dataclasses import dataclass

from django.db.models import Q, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from library.identifiers import RELEASE_FORM, Domain, ObjectType
from library.models import Edition, ObjectVersion, SnapshotObject
from library.parameters import can_be_held

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


class NotHeldError(Exception):
    """The library has no such object; the text says what was asked for."""


@dataclass(frozen=True, slots=True)
class _Named:
    """How an address names an object: in words, among memberships, and among versions."""

    words: str
    members: Q
    versions: Q


@require_safe
def raw_object(request: HttpRequest, kind: ObjectType, attack_id: str) -> HttpResponse:
    """The canonical JSON of an object, tagged with its SHA-256; a 404 in JSON where not held.

    `?sha256=` names one content for ever, `?release=` a release, `?domain=` one of several; without
    any, the content that the page shows. One query.
    """
    of_kind = Q(object__stix_type__in=kind.stix_types)
    # The object may have had another ID when it had the content that a hash names.
    ever = ObjectVersion.objects.filter(attack_id=attack_id).values("object")
    named = _Named(
        attack_id, of_kind & Q(version__attack_id=attack_id), of_kind & Q(object__in=ever)
    )
    return _respond(request, named)


@require_safe
def raw_by_stix_id(request: HttpRequest, stix_id: str) -> HttpResponse:
    """The same as `raw_object` for the address that no other object shares."""
    named = Q(object__stix_id=stix_id)
    return _respond(request, _Named(stix_id, named, named))


def _respond(request: HttpRequest, named: _Named) -> HttpResponse:
    try:
        version = _asked_for(request, named)
    except NotHeldError as error:
        return JsonResponse({"error": str(error)}, status=404)
    etag = f'"{version.sha256}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        version.content.canonical.encode(), content_type="application/json"
    )
    response["ETag"] = etag
    response["Cache-Control"] = FOR_EVER if request.GET.get("sha256") else ASK_AGAIN
    return response


def _asked_for(request: HttpRequest, named: _Named) -> ObjectVersion:
    sha256, release = request.GET.get("sha256"), request.GET.get("release")
    domain = request.GET.get("domain")
    if domain is not None and domain not in Domain.values:
        raise NotHeldError("domain is not one of enterprise, mobile and ics.")
    if not can_be_held(named.words):
        raise NotHeldError("No object has an ID with such characters.")
    if sha256 is not None:
        return _by_hash(named, sha256)
    rows = SnapshotObject.objects.filter(named.members).with_content()
    if domain is not None:
        rows = rows.filter(snapshot__domain=domain)
    if release is not None:
        if not RELEASE_FORM.fullmatch(release):
            raise NotHeldError("release is not of the form 18.1.")
        rows = rows.filter(snapshot__attack_version=release)
        where = f"release {release}"
    else:
        rows = rows.filter(_in_current_edition())
        where = "the current edition"
    found = rows.in_order_of_preference().first()
    if found is None:
        raise NotHeldError(f"{named.words} is not in {where}{f' of {domain}' if domain else ''}.")
    return found.version


def _by_hash(named: _Named, sha256: str) -> ObjectVersion:
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        raise NotHeldError("sha256 is not a hexadecimal SHA-256.") from None
    found = ObjectVersion.objects.filter(named.versions, content_sha256=digest)
    version = found.select_related("content").first()
    if version is None:
        raise NotHeldError(f"{named.words} has no content with this SHA-256 here.")
    return version


def _in_current_edition() -> Q:
    current = Edition.objects.order_by("-id")
    condition = Q()
    for domain in Domain.values:
        condition |= Q(snapshot=Subquery(current.values(domain)[:1]))
    return condition
