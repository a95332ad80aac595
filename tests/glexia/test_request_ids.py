"""The id of a request: whose is believed, where it stands, when it is forgotten."""

import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from glexia import request_ids
from glexia.logs import WithRequestId
from tests.library.pages import Site

GIVEN = "7f3a-4b.C_9d01"


def answered(name: str) -> str:
    """The id on the answer to a request that came with one."""
    seen = []

    def answer(_request: HttpRequest) -> HttpResponse:
        record = logging.makeLogRecord({})
        WithRequestId().filter(record)
        seen.append(vars(record)["request_id"])
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": name} if name else {})
    response = request_ids.with_request_id(answer)(request)
    assert seen == [response["X-Request-ID"]], "the lines of a request have its id"
    return str(response["X-Request-ID"])


def test_a_proxys_name_for_a_request_is_kept_when_proxies_are_trusted(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert answered(GIVEN) == GIVEN


def test_a_readers_name_for_a_request_is_not_believed(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert answered(GIVEN) != GIVEN


@pytest.mark.parametrize(
    "name",
    [
        "",
        "short",
        "a" * 65,
        "has space in it",
        'quo"te-quote',
        "line%0Abreak",
        "-begins-so",
        "ününs1",
    ],
)
def test_a_name_of_another_form_is_replaced(settings: Settings, name: str) -> None:
    settings.TRUSTED_PROXIES = 1
    made = answered(name)
    assert made != name
    assert request_ids.SAFE.fullmatch(made)


def test_every_request_has_another_id() -> None:
    assert answered("") != answered("")


def test_the_id_is_forgotten_when_the_answer_is_out(db: None, site: Site) -> None:
    assert site.get("/healthz")["X-Request-ID"]
    assert request_ids.current.get() == ""
