"""The raw endpoint: exactly the canonical bytes, and a 404 in JSON for all else."""

import hashlib
from typing import Any
from urllib.parse import quote

import pytest
import rfc8785
from django.http import HttpResponse

from tests.factories import Properties, import_objects, mitigation, stix_id, technique
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

RAW = f"{MITIGATIONS}/M1000/raw"
ASK_AGAIN = "public, max-age=0, stale-while-revalidate=1"
FOR_EVER = "public, max-age=31536000, immutable"
MEASURE = mitigation(
    "M1000", "Größe <b>", description='Quotes " and \\ and\nlines, € and 😀, \u2028.', x_number=7
)


def canonical(found: Properties) -> bytes:
    """The canonical JSON by a library that the product does not use for this."""
    return bytes(rfc8785.dumps(found))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def missing(site: Site, query: str) -> str:
    """The error of a request for something that is not held."""
    response: Any = site.get(RAW + query)
    assert response.status_code == 404, response.status_code
    assert response["Content-Type"] == "application/json"
    assert "ETag" not in response
    assert set(response.json()) == {"error"}
    error: str = response.json()["error"]
    assert error.endswith(".")
    return error


def hashes(page: Element) -> list[str]:
    return [found.words for found in page.one(id="raw").all(css="hash-whole")]


def raw(site: Site, query: str = "", **headers: str) -> HttpResponse:
    response = site.get(RAW + query, **headers)
    assert response.status_code == 200, (query, response.content)
    return response


def test_raw_is_the_canonical_json_to_the_byte(site: Site) -> None:
    import_objects(MEASURE)
    response = raw(site)
    assert response.content == canonical(MEASURE)
    assert response["Content-Type"] == "application/json"
    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies
    assert "Content-Encoding" not in response


def test_hash_on_the_page_is_that_of_the_bytes(site: Site) -> None:
    import_objects(MEASURE)
    page = site.page(f"{MITIGATIONS}/M1000")
    link = page.one(id="raw").one("p", css="actions").one("a")["href"]
    assert hashes(page) == [sha256(site.get(link).content)]
    history = page.one(id="history").one("a", css="hash")
    assert history["title"] == hashes(page)[0]
    assert sha256(site.get(history["href"]).content) == history["title"]


def test_raw_is_tagged_with_its_hash_and_answers_304(site: Site) -> None:
    import_objects(MEASURE)
    tag = raw(site)["ETag"]
    assert tag == f'"{sha256(canonical(MEASURE))}"'
    for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        unchanged = site.get(RAW, **{"If-None-Match": sent})
        assert unchanged.status_code == 304
        assert unchanged.content == b""
        assert unchanged["ETag"] == tag
        assert unchanged["Cache-Control"] == ASK_AGAIN
    assert raw(site, **{"If-None-Match": '"x"'}).content


def test_raw_can_be_kept_for_ever_only_when_it_is_named_by_its_hash(site: Site) -> None:
    import_objects(MEASURE)
    assert raw(site)["Cache-Control"] == ASK_AGAIN
    assert raw(site, "?release=1.0")["Cache-Control"] == ASK_AGAIN
    query = f"?sha256={sha256(canonical(MEASURE))}"
    assert raw(site, query)["Cache-Control"] == FOR_EVER
    again = site.get(RAW + query, **{"If-None-Match": raw(site, query)["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, FOR_EVER)


def test_head_has_the_headers_without_the_bytes(site: Site) -> None:
    import_objects(MEASURE)
    head = site.head(RAW)
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == raw(site)["ETag"]
    assert head["Content-Type"] == "application/json"
    assert site.client.head(f"{MITIGATIONS}/M9/raw").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_method_is_refused_when_it_would_write(site: Site, method: str) -> None:
    import_objects(MEASURE)
    assert getattr(site.client, method)(RAW).status_code == 405


def test_release_names_an_older_content(site: Site) -> None:
    newer = MEASURE | {"description": "Edited."}
    import_objects(MEASURE, release="1.0")
    import_objects(newer, release="2.0")
    assert raw(site).content == canonical(newer)
    assert raw(site, "?release=1.0").content == canonical(MEASURE)
    assert raw(site, "?release=2.0").content == canonical(newer)
    assert "release 3.0" in missing(site, "?release=3.0")


def test_release_is_found_when_it_is_not_current(site: Site) -> None:
    import_objects(MEASURE, release="2.0")
    later = MEASURE | {"name": "Later"}
    import_objects(later, release="3.0", make_current=False)
    assert raw(site).content == canonical(MEASURE)
    assert raw(site, "?release=3.0").content == canonical(later)


def test_hash_names_a_content_of_any_release(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE | {"description": "Edited."}, release="2.0")
    digest = sha256(canonical(MEASURE))
    for written in (digest, digest.upper()):
        assert raw(site, f"?sha256={written}").content == canonical(MEASURE)


def test_hash_is_refused_when_it_is_of_another_object(site: Site) -> None:
    other, target = mitigation("M1001", "Other"), technique("T1000", "One")
    import_objects(MEASURE, other, target)
    for found in (other, target):
        assert "M1000" in missing(site, f"?sha256={sha256(canonical(found))}")


def test_hash_is_found_when_the_object_had_another_id_then(site: Site) -> None:
    older = mitigation("T1000", "Old style", id=MEASURE["id"])
    import_objects(older, release="1.0")
    import_objects(MEASURE, release="2.0")
    assert raw(site, f"?sha256={sha256(canonical(older))}").content == canonical(older)
    for link in site.page(f"{MITIGATIONS}/M1000").one(id="history").all("a", css="hash"):
        assert sha256(site.get(link["href"]).content) == link["title"]


def test_domain_chooses_between_contents_that_differ(site: Site) -> None:
    mobile = MEASURE | {"x_mitre_domains": ["mobile-attack"]}
    import_objects(mobile, domain="mobile")
    import_objects(MEASURE)
    assert raw(site).content == canonical(MEASURE)
    assert raw(site, "?domain=enterprise").content == canonical(MEASURE)
    assert raw(site, "?domain=mobile").content == canonical(mobile)
    assert raw(site, "?domain=mobile&release=1.0").content == canonical(mobile)
    assert "ics" in missing(site, "?domain=ics")
    page = site.page(f"{MITIGATIONS}/M1000")
    links = page.one(id="raw").one("p", css="actions").all("a")
    assert [sha256(site.get(a["href"]).content) for a in links] == hashes(page)
    assert len(set(hashes(page))) == 2


def test_live_object_comes_first_when_an_id_is_given_twice(site: Site) -> None:
    twin = mitigation("M1000", "Aaa", id=stix_id("course-of-action", "x"), x_mitre_deprecated=True)
    import_objects(MEASURE, twin)
    assert raw(site).content == canonical(MEASURE)
    assert raw(site, f"?sha256={sha256(canonical(twin))}").content == canonical(twin)


def test_newest_import_stands_for_a_release_that_was_imported_twice(site: Site) -> None:
    other = MEASURE | {"name": "Second"}
    import_objects(MEASURE, release="1.0")
    import_objects(other, release="1.0")
    assert raw(site, "?release=1.0").content == canonical(other)


def test_revoked_and_deprecated_objects_have_raw_bytes_without_a_redirect(site: Site) -> None:
    for release, name in (("1.0", "revoked"), ("2.0", "x_mitre_deprecated")):
        old = mitigation("M1000", "Old") | {name: True}
        import_objects(old, release=release)
        assert raw(site).content == canonical(old)


HOSTILE = ["", "%00", "18.1%00", "../../etc/passwd", "'; --", "%F0%9F%98%80", "%FF", "1e9"]
HOSTILE += ["9" * 5_000, quote("\uff11\uff18.\uff11"), "-1", "18.1%0a", "{{7*7}}", "[]", "null"]


@pytest.mark.parametrize("name", ["release", "sha256", "domain"])
@pytest.mark.parametrize("bad", HOSTILE)
def test_answer_is_a_404_in_json_when_a_parameter_is_hostile(
    site: Site, name: str, bad: str
) -> None:
    import_objects(MEASURE)
    missing(site, f"?{name}={bad}")


@pytest.mark.parametrize("bad", ["abc", "ab" * 31, "ab" * 32, "zz" * 32, " " + "ab" * 32, "a b"])
def test_answer_is_a_404_in_json_when_the_hash_is_none(site: Site, bad: str) -> None:
    import_objects(MEASURE)
    missing(site, f"?sha256={quote(bad)}")


def test_unknown_parameters_are_ignored(site: Site) -> None:
    import_objects(MEASURE)
    assert raw(site, "?x=%00&redirect=no&offset=abc").content == canonical(MEASURE)


@pytest.mark.parametrize("attack_id", ["M9999", "T1000", "%00", "M1000%00", "%F0%9F%98%80"])
def test_answer_is_a_404_in_json_when_the_object_is_unknown(site: Site, attack_id: str) -> None:
    import_objects(MEASURE, technique("T1000", "One"))
    for query in ("", "?release=1.0", f"?sha256={sha256(canonical(MEASURE))}"):
        response: Any = site.get(f"{MITIGATIONS}/{attack_id}/raw{query}")
        assert response.status_code == 404
        assert response.json()["error"]


def test_answer_is_a_404_in_json_when_the_library_is_empty(site: Site) -> None:
    for query in ("", "?release=1.0", f"?sha256={'00' * 32}", "?domain=ics"):
        missing(site, query)


def test_raw_is_found_by_the_stix_id_of_any_object(site: Site) -> None:
    target, gone = technique("T1000", "One"), mitigation("M1001", "Gone")
    import_objects(MEASURE, target, gone, release="1.0")
    import_objects(MEASURE, target, release="2.0")
    for found in (MEASURE, target):
        response = site.get(f"{LIBRARY}/objects/{found['id']}/raw")
        assert response.content == canonical(found)
        assert response["ETag"] == f'"{sha256(canonical(found))}"'
    older = f"{LIBRARY}/objects/{gone['id']}/raw"
    assert site.get(older).status_code == 404
    assert site.get(f"{older}?release=1.0").content == canonical(gone)
    by_hash = f"?sha256={sha256(canonical(gone))}"
    assert site.get(older + by_hash).content == canonical(gone)
    other = f"{LIBRARY}/objects/{target['id']}/raw{by_hash}"
    assert site.get(other).status_code == 404


@pytest.mark.parametrize("stix_id", ["%00", "course-of-action--x%00", "x", "M1000", "%F0%9F"])
def test_answer_is_a_404_in_json_when_the_stix_id_is_unknown(site: Site, stix_id: str) -> None:
    import_objects(MEASURE)
    response: Any = site.get(f"{LIBRARY}/objects/{stix_id}/raw")
    assert response.status_code == 404
    assert response.json()["error"].endswith(".")


def test_id_in_lower_case_leads_to_the_upper_one(site: Site) -> None:
    import_objects(MEASURE)
    moved = site.moves(f"{MITIGATIONS}/m1000/raw?release=1.0", 301)
    assert moved == f"{MITIGATIONS}/M1000/raw?release=1.0"


def test_content_is_missing_when_parameters_contradict_each_other(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    edited = MEASURE | {"name": "Edited"}
    import_objects(edited, release="2.0")
    older, newer = sha256(canonical(MEASURE)), sha256(canonical(edited))
    assert raw(site, f"?release=1.0&sha256={older}").content == canonical(MEASURE)
    assert raw(site, f"?domain=enterprise&sha256={newer}").content == canonical(edited)
    missing(site, f"?release=1.0&sha256={newer}")
    missing(site, f"?domain=mobile&sha256={newer}")
    missing(site, f"?sha256=%20{newer}%20")


def test_id_in_lower_case_leads_on_once_when_it_has_odd_letters(site: Site) -> None:
    import_objects(MEASURE)
    moved = site.moves(f"{MITIGATIONS}/m%201000/raw", 301)
    assert moved == f"{MITIGATIONS}/M%201000/raw"
    assert site.get(moved).status_code == 404


@pytest.mark.parametrize("home", [LIBRARY, f"{LIBRARY}/v/1.0"])
def test_robots_are_to_find_the_page_and_not_the_bytes(site: Site, home: str) -> None:
    import_objects(MEASURE, mitigation("M1001", "Old", x_mitre_deprecated=True))
    for path in ("mitigations/M1000", "mitigations/M1001", f"objects/{MEASURE['id']}"):
        response = site.get(f"{home}/{path}/raw")
        assert response.status_code == 200
        assert response["X-Robots-Tag"] == "noindex"
