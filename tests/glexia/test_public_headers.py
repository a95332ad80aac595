"""Every public form of address: caches are told what to do with its answer, whatever that is."""

import re
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from library.models import Snapshot
from tests.accounts.people import signed_in
from tests.accounts.staff_addresses import staff_addresses
from tests.factories import import_objects, mitigation, relationship, technique
from tests.library.pages import Site
from tests.takes import publish

MEASURE = mitigation("M1000", "Alpha", description="Words. " * 200)
METHOD = technique("T1000", "One", description="Words. " * 200)
# What stands for each part of an address that differs; what a kind does not have is a 404.
PARTS = {
    "attack_id": "M1000",
    "form": "json",
    "stix_id": MEASURE["id"],
    "stix_type": "x-unknown",
    "release": "1.0",
    "before": "1.0",
    "after": "2.0",
    "rest": "mitigations/M1000",
    "domain": "enterprise",
    "section": "mitigations",
    "name": "object-1",
    "path": "wiki/Main_Page",
}
OTHERS = [
    "/learn/attack/techniques/T1000",
    "/learn/attack/mitigations/m1000",
    "/learn/attack/M1000",
    "/learn/attack/mitigations/M1000/stix",
    "/learn/attack/mitigations/stix",
    "/learn/attack/mitigations/csv",
    "/learn/attack/mitigations/xlsx",
    "/learn/attack/mitigations/m1000/raw",
    "/learn/attack/mitigations/M9999/raw",
    "/learn/attack/mitigations/M1000/raw?release=1.0",
    "/learn/attack/mitigations/M1000?n=1",
    "/learn/attack/techniques/enterprise",
    "/learn/attack/releases/1.0...2.0/markdown",
    "/learn/attack/bundles/none",
    "/learn/attack/schemas/none",
    "/no/such/page",
]
COMPRESSED = ("html", "json", "xml", "csv", "text/")


def addresses() -> list[str]:
    """An address of every pattern that is not the staff's."""
    patterns = [p for p in get_resolver().url_patterns if not str(p.pattern).startswith("admin/")]
    found = ["/" + _filled(text) for pattern in patterns for text in _texts(pattern)]
    return list(dict.fromkeys([*found, *OTHERS]))


def _texts(pattern: Any, before: str = "") -> Iterator[str]:
    text = before + str(pattern.pattern)
    if isinstance(pattern, URLResolver):
        for below in pattern.url_patterns:
            yield from _texts(below, text)
    elif isinstance(pattern, URLPattern) and "(?" not in text:
        yield text


def _filled(text: str) -> str:
    def part(found: re.Match[str]) -> str:
        name = found[1]
        return "{sha256}" if name == "sha256" else PARTS[name]

    return re.sub(r"<(?:\w+:)?(\w+)>", part, text)


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    import_objects(MEASURE, METHOD, relationship("mitigates", MEASURE, METHOD, "Note."))
    publish(MEASURE, summary="Cut it off.")
    import_objects(MEASURE, METHOD | {"name": "Other"}, release="2.0")


def whole(response: HttpResponseBase) -> bytes:
    """The body of an answer, however it is sent."""
    return b"".join(iter(response)) if response.streaming else response.content  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", addresses())
def test_answer_can_be_kept_asked_after_and_purged_and_comes_compressed(
    site: Site, settings: Settings, path: str
) -> None:
    settings.SHARED_CACHE_SECONDS = 86_400
    path = path.replace("{sha256}", Snapshot.objects.get(attack_version="2.0").sha256)
    plain = site.get(path)
    assert plain.status_code in (200, 301, 302, 404)
    assert re.search("s-maxage=86400|immutable|max-age=86400", plain["Cache-Control"])
    assert "attack" in plain["Surrogate-Key"].split()
    packed = site.get(path, **{"Accept-Encoding": "br"})
    for name in ("Cache-Control", "Surrogate-Key"):
        assert packed[name] == plain[name]
    body = whole(plain)
    if "no-transform" not in plain["Cache-Control"] and plain.status_code in (200, 404):
        assert "Accept-Encoding" in plain["Vary"]
        is_text = any(part in plain["Content-Type"].partition("openxml")[0] for part in COMPRESSED)
        assert (packed.get("Content-Encoding") == "br") is (
            is_text and (len(body) >= 500 or packed.streaming)
        )
    if packed.get("Content-Encoding") == "br":
        assert brotli.decompress(whole(packed)) == body
        assert packed.get("ETag", "W/").startswith("W/")
    if plain.status_code == 200:
        check_conditional(site, path, plain)
        check_conditional(site, path, packed, **{"Accept-Encoding": "br"})


def check_conditional(site: Site, path: str, sent: HttpResponseBase, **headers: str) -> None:
    """Who has an answer is told so, in the same words to caches."""
    again = site.get(path, **{"If-None-Match": sent["ETag"]}, **headers)
    assert again.status_code == 304
    assert again.content == b""
    for name in ("ETag", "Cache-Control", "Surrogate-Key"):
        assert again[name] == sent[name]


@pytest.mark.parametrize("path", ["/learn/attack/mitigations/M9999", "/learn/attack/M1000"])
@pytest.mark.parametrize("method", ["post", "put"])
def test_answer_to_what_is_no_question_is_kept_by_nobody(
    site: Site, path: str, method: str
) -> None:
    assert getattr(site.client, method)(path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        *staff_addresses(),
        *("/admin", "/admin/nope/", "/admin/importer/importrun/999999/change/"),
        *("/static/css/x.abc123.css", "/static/"),
    ],
)
def test_what_is_for_the_staff_or_a_file_that_is_not_there_is_kept_by_nobody(
    site: Site, path: str
) -> None:
    chief = signed_in(User.objects.create_superuser("chief"))
    strict = Client(enforce_csrf_checks=True)
    answers = [site.get(path), chief.get(path), strict.post(path), chief.post(path)]
    assert ["no-store" in answer.get("Cache-Control", "") for answer in answers] == [True] * 4
    assert not [answer for answer in answers if "Surrogate-Key" in answer]


def test_part_of_a_page_that_is_not_there_is_kept_by_nobody(site: Site) -> None:
    for path in ("/learn/attack/mitigations/M9999", "/no/such/page"):
        answer = site.get(path, **{"HX-Request": "true", "HX-Request-Type": "partial"})
        assert answer["Cache-Control"] == "no-store"
