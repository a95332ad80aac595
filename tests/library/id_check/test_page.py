"""The form, the page of a check, and its files."""

import csv
import io
import logging

import jsonschema
import pytest

from tests.factories import (
    attack_object,
    clear_library,
    import_objects,
    relationship,
    technique,
)
from tests.library.id_check.asking import CHECK, body, checked, result, sent, trouble
from tests.library.pages import LIBRARY, Element, Site

pytestmark = pytest.mark.django_db

OLD, END = technique("T1000", "Old"), technique("T1001", "End")
LAYER = '{"name": "Ours", "domain": "enterprise-attack", "techniques": [{"techniqueID": "T1000"}]}'


def releases() -> None:
    import_objects(OLD, END, technique("T1002", "Same"), release="1.0")
    dead = OLD | {"revoked": True}
    link = relationship("revoked-by", dead, END)
    new = attack_object("tool", "S1000", "New")
    import_objects(dead, END, technique("T1002", "Same"), link, new, release="2.0")


def ids(part: Element) -> list[str]:
    return [row.one("th").one(css="attack-id").words for row in part.one("tbody").all("tr")]


def test_the_form_offers_the_releases_held_newest_first_and_samples_apart(site: Site) -> None:
    for release in ("9.0", "sample-1", "10.1"):
        import_objects(OLD, release=release)
    import_objects(technique("T1", "I", domain="ics"), domain="ics", release="10.1")
    page = site.page(CHECK)
    offered = page.one("select", name="from")
    assert [option["value"] for option in offered.all("option")] == ["", "10.1", "9.0", "sample-1"]
    assert offered.all("option")[0].words == "9.0, or the layer’s own"
    assert offered.all("option")[2].words == "9.0 (Enterprise alone)"
    assert offered.one("optgroup").all("option")[0]["value"] == "sample-1"
    assert page.one("select", name="to").all("option")[0].words == "10.1"
    assert page.one("link", rel="canonical")["href"] == f"http://testserver{CHECK}"


def test_the_form_is_a_conditional_page_like_every_other(site: Site) -> None:
    releases()
    response = site.get(CHECK)
    assert response["Cache-Control"] == "public, max-age=0, stale-while-revalidate=1"
    assert site.get(CHECK, **{"If-None-Match": response["ETag"]}).status_code == 304


def test_an_empty_library_says_so(site: Site) -> None:
    clear_library()
    assert "Nothing has been imported yet." in site.page(CHECK).words
    response = sent(site, "T1000")
    assert response.status_code == 400
    assert "Nothing has been imported yet" in trouble(response)


def test_home_and_footer_lead_to_the_form(site: Site) -> None:
    releases()
    home = site.page(LIBRARY)
    assert CHECK in [a["href"] for a in home.one(css="doors").all("a")]
    assert CHECK in [a["href"] for a in home.one("footer").all("a")]
    assert site.page(f"{LIBRARY}/v/1.0").one("footer").has("a", href=CHECK)


def test_counts_come_first_and_lead_to_their_parts(site: Site) -> None:
    releases()
    page = result(site, "T9999 T1002 S1000 T1000 T1000")
    counts = {a["href"]: a.words for a in page.one(css="verdicts").all("a")}
    assert counts == {
        "#revoked": "1 Revoked",
        "#new": "1 New",
        "#never-existed": "1 Never existed",
        "#unchanged": "1 Unchanged",
    }
    assert page.one(id="check-count").words.startswith("4 different IDs read 5 times in all")
    assert ids(page.one(id="revoked")) == ["T1000"]
    row = page.one(id="revoked").one("tbody").one("tr").words
    assert "2 times" in row
    assert "→ T1001 End" in row
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert not page.has("link", rel="canonical")


def test_order_of_appearance_is_kept(site: Site) -> None:
    releases()
    text = "T1002 T9999 T1001 T1000 G9999"
    assert [row["attack_id"] for row in checked(site, text)["ids"]] == text.split()
    assert ids(result(site, text).one(id="never-existed")) == ["T9999", "G9999"]


def test_the_page_carries_what_its_files_are_made_of(site: Site) -> None:
    releases()
    text = 'T1000 "quoted" <T1001>\nT9999'
    form = result(site, text, domain="enterprise").one(css="check-files").one("form")
    fields = {i["name"]: i["value"] for i in form.all("input")}
    assert fields == {"text": text, "from": "1.0", "to": "2.0", "domain": "enterprise"}
    assert [(b["name"], b["value"]) for b in form.all("button")] == [
        ("form", "csv"),
        ("form", "json"),
    ]
    both = result(site, LAYER, file=b"T1001").one(css="check-files").one("form")
    assert [i["value"] for i in both.all("input", name="text")] == [LAYER, "T1001"]
    assert both.all("button")[-1]["value"] == "navigator"


def test_csv_has_a_row_for_each_id(site: Site) -> None:
    releases()
    response = sent(site, "T1000 T9999 T1000", form="csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="id-check-1.0-to-2.0.csv"'
    head, first, second = csv.reader(io.StringIO(body(response).decode(), newline=""))
    assert dict(zip(head, first, strict=True)) == {
        "ID": "T1000",
        "Read from": "",
        "Count": "2",
        "Verdict": "Revoked",
        "Weight": "",
        "Changes": "now revoked",
        "Type": "Technique",
        "Name": "Old",
        "Domains": "Enterprise",
        "Replaced by": "T1001 End",
        "Use now": "T1001",
        "Near matches": "",
        "Mapped to": "1.0",
        "Compared with": "2.0",
        "Address": f"http://testserver{LIBRARY}/techniques/T1000",
    }
    assert second[:4] == ["T9999", "", "1", "Never existed"]


def test_json_has_the_published_shape(site: Site) -> None:
    releases()
    for text in ("T1000 T9999 S1000", LAYER, "nothing"):
        made = checked(site, text)
        address = made["$schema"].removeprefix("http://testserver")
        response = site.get(address)
        schema = response.json()  # type: ignore[attr-defined]
        assert schema["$id"] == made["$schema"]
        jsonschema.validate(made, schema)
    assert schema["properties"]["mapped_to"]["description"]


def test_every_link_of_a_result_leads_somewhere(site: Site) -> None:
    gone = technique("T1003", "Gone")
    import_objects(OLD, END, gone, release="1.0")
    dead = OLD | {"revoked": True}
    import_objects(dead, END, relationship("revoked-by", dead, END), release="2.0")
    page = result(site, "T1000 T1001 T1003 T1031")
    links = [a["href"] for a in page.all("a") if "/history?" not in a["href"]]
    for address in {link.partition("#")[0] for link in links if link.startswith("/")}:
        site.follow(address)


def test_what_was_sent_is_not_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    releases()
    with caplog.at_level(logging.DEBUG):
        sent(site, "SECRET T1000")
        sent(site, "SECRET", **{"from": "99"})
        sent(site, file=b"%PDF-SECRET")
    assert "SECRET" not in caplog.text
