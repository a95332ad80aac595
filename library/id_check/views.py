"""The page of a check: the form for who asks, the answer for who sends it."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from library.conditional import Shelf, conditional_page, shelf_of
from library.downloads import schema_response, site_of
from library.files.responses import file_name, file_response, name_part
from library.files.shape import schema_of
from library.files.spreadsheets import csv_pieces
from library.id_check.files import json_file, sheet
from library.id_check.layers import Upgrade
from library.id_check.pages import Checked, check, form_page
from library.id_check.reading import CheckError, Given, read
from library.id_check.shape import IdCheckFile


# Sending the form changes nothing and answers with what was sent, so that there is nothing that
# another site could have it do; and a token would need a cookie, of which public pages set none.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def id_check(request: HttpRequest) -> HttpResponseBase:
    """The form; what became of the IDs in a text that is sent, as a page or a file."""
    return _answer(request) if request.method == "POST" else _form(request)


@conditional_page
def _form(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    return render(request, "library/id_check.html", _shown(shelf, Given(())))


def _shown(shelf: Shelf, given: Given, trouble: str = "") -> dict[str, object]:
    form = form_page(shelf, given, trouble)
    return {"form": form, "page": form.page}


def _answer(request: HttpRequest) -> HttpResponseBase:
    """What became of the IDs; what was sent is neither stored nor logged, here or on the way."""
    shelf, given = shelf_of(request), Given(())
    try:
        given = read(request)
        response = _checked(request, check(shelf, given))
    except CheckError as error:
        shown = _shown(shelf, given, error.sentence)
        response = render(request, "library/id_check.html", shown, status=error.status)
    response["Cache-Control"] = "no-store"
    return response


def _checked(request: HttpRequest, checked: Checked) -> HttpResponseBase:
    releases, upgrade = checked.releases, checked.upgrade
    name = file_name("id-check", releases.before, "to", releases.after)
    match checked.given.form:
        case "csv":
            pieces = csv_pieces(sheet(checked, site_of(request)))
            return file_response("csv", pieces, name, checked.page)
        case "json":
            made = json_file(checked, site_of(request), _schema_address(request))
            return file_response("json", [made], name, checked.page)
        case "navigator":
            return _layer(checked, upgrade)
        case _:
            shown = {"checked": checked, "page": checked.page}
            return render(request, "library/id_check_result.html", shown)


def _layer(checked: Checked, upgrade: Upgrade | None) -> HttpResponseBase:
    if upgrade is None:
        raise CheckError(checked.layer_trouble, HTTPStatus.BAD_REQUEST)
    name = file_name(name_part(upgrade.layer.name), "attack", checked.releases.after)
    return file_response("navigator", [upgrade.as_json], name, checked.page)


@conditional_page
def schema(request: HttpRequest, shelf: Shelf) -> HttpResponse:  # noqa: ARG001
    """The JSON Schema of a check's JSON file."""
    return schema_response(schema_of(IdCheckFile), _schema_address(request))


def _schema_address(request: HttpRequest) -> str:
    return site_of(request) + reverse("library:id-check-schema")
