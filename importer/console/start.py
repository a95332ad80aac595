"""How an import is started: what MITRE published, a file that is uploaded, one on the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from importer import acts
from importer.acts import Asked
from importer.console.page import actor_of, demand, shown
from importer.console.upload import SpoolHandler
from importer.errors import RefusedError
from importer.models import ImportRun, SourceKind
from importer.published import published_releases
from importer.roles import START
from importer.runs import directory
from library.identifiers import RELEASE_FORM, Domain, release_order

# What a request has around the file: field names, boundaries, the other fields.
AROUND_FILE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with what was sent: which form it was, and a sentence."""

    form: str
    said: str
    sent: QueryDict = field(default_factory=QueryDict)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The forms; sent, a run for each bundle that is asked for."""
    demand(request, START)
    if request.method != "POST":
        return _page(request)
    kind = request.POST.get("source", "")
    try:
        if kind == SourceKind.PUBLISHED:
            asked = _published(request.POST)
        elif kind == SourceKind.DIRECTORY:
            asked = [_in_directory(request.POST)]
        else:
            raise RefusedError("Choose where the bundle comes from.")
        return _started(request, asked)
    except RefusedError as refused:
        return _page(request, Problem(kind, str(refused), request.POST))


# The form's token is part of the body: `_upload` checks it, once the body may be read.
@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """A run for a file that is streamed to disk as it comes; nothing is read without permission."""
    demand(request, START)
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.IMPORT_MAX_BYTES + AROUND_FILE:
        return _page(request, Problem(SourceKind.UPLOADED, _too_large()), status=413)
    handler = SpoolHandler(request)
    request.upload_handlers = [handler]
    try:
        return _upload(request, handler)
    except OSError as error:
        reason = f"The file could not be kept on the server ({error.strerror})."
        return _page(request, Problem(SourceKind.UPLOADED, reason), status=507)
    finally:
        handler.discard()


@csrf_protect
def _upload(request: HttpRequest, handler: SpoolHandler) -> HttpResponse:
    sent = request.POST
    try:
        if handler.too_large:
            raise RefusedError(_too_large())
        if not (handler.is_whole and handler.size):
            raise RefusedError(
                "Choose a file that holds a bundle: none came, or an empty one, or it broke off."
            )
        said = hints(sent)
        asked = Asked(SourceKind.UPLOADED, handler.shown_name, handler.name, *said)
        answer = _started(request, [asked])
    except RefusedError as refused:
        return _page(request, Problem(SourceKind.UPLOADED, str(refused), sent))
    handler.hand_over()
    return answer


def _published(sent: QueryDict) -> list[Asked]:
    release = sent.get("release", "")
    domains = [domain for domain in Domain.values if domain in sent.getlist("domain")]
    if not domains:
        raise RefusedError("Choose at least one domain.")
    for domain in domains:
        if release not in published_releases(domain):
            raise RefusedError(
                f"MITRE published no release “{release[:40]}” of {Domain(domain).label}"
                " that is known here."
            )
    return [Asked(SourceKind.PUBLISHED, release, domain=domain) for domain in domains]


def _in_directory(sent: QueryDict) -> Asked:
    name = sent.get("name", "")
    if name not in {listed for listed, _ in directory.listed()}:
        raise RefusedError("Choose one of the files in the import directory.")
    domain, release = hints(sent)
    return Asked(SourceKind.DIRECTORY, name, domain=domain, release=release)


def hints(sent: QueryDict) -> tuple[str, str]:
    """What the admin says of a bundle that may be silent: its domain and release, or nothing."""
    domain, release = sent.get("said_domain", ""), sent.get("said_release", "").strip()
    if domain and domain not in Domain.values:
        raise RefusedError("Choose one of the domains, or leave it to the bundle.")
    if release and not RELEASE_FORM.fullmatch(release):
        raise RefusedError(f"“{release[:40]}” is not a release such as 18.1.")
    return domain, release


def _too_large() -> str:
    most = settings.IMPORT_MAX_BYTES // (1024 * 1024)
    return f"The file is larger than {most:,} MB, which is the most that is taken here."


def _started(request: HttpRequest, asked: list[Asked]) -> HttpResponse:
    with transaction.atomic():
        # All of them, or none where they would be too many.
        runs = [acts.start(actor_of(request), one) for one in asked]
    if len(runs) == 1:
        return HttpResponseRedirect(run_address(runs[0]))
    messages.success(request, f"{len(runs)} imports wait for their dry runs.")
    return HttpResponseRedirect(reverse("admin:import-overview"))


def run_address(run: ImportRun) -> str:
    """The page of a run."""
    return reverse("admin:importer_importrun_change", args=[run.pk])


def _page(
    request: HttpRequest, problem: Problem | None = None, status: int | None = None
) -> HttpResponse:
    known = {release for domain in Domain.values for release in published_releases(domain)}
    context: dict[str, Any] = shown(
        request,
        "Start an import",
        releases=sorted(known, key=release_order, reverse=True),
        domains=Domain.choices,
        directory_is_set=settings.IMPORT_DIR is not None,
        files=directory.listed(),
        most_bytes=settings.IMPORT_MAX_BYTES,
        most_mb=settings.IMPORT_MAX_BYTES // (1024 * 1024),
        problem=problem,
        sent=problem.sent if problem else QueryDict(),
        said={problem.form: problem.sent} if problem else {},
        chosen=problem.sent.getlist("domain") if problem and problem.sent else Domain.values,
    )
    return render(
        request, "importer/start.html", context, status=status or (400 if problem else 200)
    )
