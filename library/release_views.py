"""The pages of releases: all that are held, and any two compared."""

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from library.conditional import Shelf, conditional_page
from library.contexts.page import Crumb, Page, way_up
from library.identifiers import RELEASE_FORM, Domain
from library.models import Snapshot
from library.parameters import MatrixFilters, known_domain, search_text
from library.releases.asked import ChangesAsked, Pair, pair_of
from library.releases.brief import release_brief
from library.releases.change_list import change_list
from library.releases.held import releases_page
from library.releases.matrix import matrix_difference
from library.releases.summary import comparison_page
from library.views import answer


@conditional_page
def releases(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """All releases that are held; where two are asked for, the way to their comparison."""
    before, after = request.GET.get("from", ""), request.GET.get("to", "")
    if RELEASE_FORM.fullmatch(before) and RELEASE_FORM.fullmatch(after):
        return HttpResponseRedirect(reverse("library:comparison", args=[before, after]))
    made = releases_page(shelf)
    return render(request, "library/releases/held.html", {"made": made, "page": made.page})


@conditional_page
def comparison(request: HttpRequest, shelf: Shelf, before: str, after: str) -> HttpResponse:
    """Two releases compared: the numbers, and the ways to each list."""
    pair = asked_pair(request, before, after)
    if pair is None:
        return no_comparison(request, shelf, before, after)
    made = comparison_page(shelf, pair)
    return render(request, "library/releases/comparison.html", {"made": made, "page": made.page})


@conditional_page
def changes(request: HttpRequest, shelf: Shelf, before: str, after: str) -> HttpResponse:
    """A list of what changed; for a partial request its rows alone."""
    pair = asked_pair(request, before, after)
    if pair is None:
        return no_comparison(request, shelf, before, after)
    listed = change_list(shelf, pair, ChangesAsked.of(request.GET))
    shown: dict[str, object] = {"list": listed, "page": listed.page}
    if "embedded" in request.GET:
        # Within the page of the comparison, whose address stays.
        return render(request, "library/releases/changes.html#rows", shown)
    return answer(
        request,
        ("library/releases/changes.html", "library/releases/changes.html#results"),
        shown,
        listed.page.canonical,
        typing=False,
    )


@conditional_page
def matrix(request: HttpRequest, shelf: Shelf, before: str, after: str) -> HttpResponse:
    """The matrices of the later release with what changed marked; for a part the grids alone."""
    pair = asked_pair(request, before, after)
    if pair is None:
        return no_comparison(request, shelf, before, after)
    asked = MatrixFilters.of(request.GET)
    made = matrix_difference(shelf, pair, asked)
    shown: dict[str, object] = {
        "made": made,
        "page": made.page,
        "matrices": made.matrices,
        "not_placed": made.not_placed,
        "platforms": made.platforms,
        "filters": made.filters,
        "left_aside": asked.left_aside(made.platforms),
        "path": f"{pair.path}/matrix",
        "domain": pair.domain,
    }
    return answer(
        request,
        ("library/releases/matrix.html", "library/_matrix.html#grids"),
        shown,
        f"{pair.path}/matrix{made.filters.query_beside(domain=pair.domain)}",
        typing=bool(made.filters.text),
    )


@conditional_page
def brief(request: HttpRequest, shelf: Shelf, before: str, after: str) -> HttpResponse:
    """Two releases on one sheet, for those who decide."""
    pair = asked_pair(request, before, after)
    if pair is None:
        return no_comparison(request, shelf, before, after)
    made = release_brief(shelf, pair)
    return render(request, "library/releases/brief.html", {"made": made, "page": made.page})


def asked_pair(request: HttpRequest, before: str, after: str) -> Pair | None:
    """The two releases in the domain that is asked for; in all where there is none such."""
    domain, left_aside = known_domain(request.GET.get("domain", ""))
    pair = pair_of(before, after, domain)
    return replace(pair, left_aside=left_aside) if pair else None


def no_comparison(request: HttpRequest, shelf: Shelf, before: str, after: str) -> HttpResponse:
    """A 404 that says which releases there are to compare, and whether there is the domain."""
    domain = request.GET.get("domain", "")
    held = dict.fromkeys(row.attack_version for row in Snapshot.objects.newest_first())
    page = Page(
        shelf=shelf,
        title="No such comparison",
        description="",
        crumbs=(
            *way_up(shelf),
            Crumb("Releases", f"{shelf.addresses.home}/releases"),
            Crumb("Not found"),
        ),
        indexed=False,
        section="releases",
    )
    shown = {
        "page": page,
        "asked": [search_text(before), search_text(after)],
        "missing": [search_text(one) for one in dict.fromkeys((before, after)) if one not in held],
        "held": list(held),
        "no_domain": "" if domain in Domain.values else search_text(domain),
    }
    return render(request, "library/releases/none.html", shown, status=HTTPStatus.NOT_FOUND)
