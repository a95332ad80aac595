"""The queues of Takes in the admin site: what waits there, and in which order."""

import re

import pytest
from django.urls import reverse

from analysis.models import ActKind
from analysis.workflow import act
from tests.analysis.authoring.console import HEIR, MEASURE, TARGET, signed_in
from tests.factories import import_objects, matrix, relationship, tactic, technique
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db


def test_queue_to_review_has_what_is_handed_in() -> None:
    made = draft(MEASURE)
    page = reverse("admin:take-queue", args=["review"])
    client = signed_in("reviewer")
    assert "Nothing waits here." in client.get(page).content.decode()
    act(made, ActKind.SUBMITTED, member("author"))
    assert "M1000 Measure" in client.get(page).content.decode()
    back = client.post(
        reverse("admin:take-act", args=[made.pk]), {"kind": "approved", "queue": "review"}
    )
    assert back["Location"] == page


def test_queue_to_review_has_what_waits_longest_first() -> None:
    import_objects(MEASURE, HEIR, TARGET, release="2.0")
    first, second = draft(MEASURE), draft(HEIR)
    act(second, ActKind.SUBMITTED, member("author"))
    act(first, ActKind.SUBMITTED, member("author"))
    page = reverse("admin:take-queue", args=["review"])
    client = signed_in("reviewer")
    titles = re.compile(r"/change/\">(M\d{4})")
    assert titles.findall(client.get(page).content.decode()) == ["M1001", "M1000"]
    act(second, ActKind.SENT_BACK, member("reviewer"))
    act(second, ActKind.SUBMITTED, member("author"))
    shown = client.get(page).content.decode()
    assert titles.findall(shown) == ["M1000", "M1001"]
    assert "handed in" in shown


def test_queue_of_the_unwritten_is_ordered_by_what_depends_on_the_object() -> None:
    other = technique("T1001", "Other", ("execution",))
    stage = tactic("TA0002", "Execution", "execution")
    links = [relationship("mitigates", MEASURE, t) for t in (TARGET, other)]
    import_objects(stage, MEASURE, TARGET, other, *links, release="2.0")
    page = reverse("admin:take-queue", args=["missing"])
    client = signed_in("author")
    shown = client.get(page).content.decode()
    rows = re.findall(r'<th scope="row">(\S+) [^<]*</th><td>[^<]*</td><td>(\d+)</td>', shown)
    found = [("TA0002", "3"), ("M1000", "2"), ("T1000", "2"), ("T1001", "2")]
    assert rows == [*found, ("enterprise-attack", "1")]
    publish(MEASURE)
    left = client.get(f"{page}?type=mitigations").content.decode()
    assert "0 objects without a Take" in left


def test_queue_of_the_unwritten_has_the_matrices() -> None:
    stage = tactic("TA0002", "Execution", "execution")
    whole = matrix("enterprise", [stage])
    import_objects(stage, whole, MEASURE, TARGET, release="2.0")
    page = f"{reverse('admin:take-queue', args=['missing'])}?type=matrices"
    client = signed_in("author")
    shown = client.get(page).content.decode()
    assert "1 object without a Take" in shown
    assert '<th scope="row">enterprise-attack enterprise matrix</th>' in shown
    assert '<option value="matrices" selected>' in shown
    publish(whole)
    assert "0 objects without a Take" in client.get(page).content.decode()


@pytest.mark.parametrize("asked", ["mobile-attack", " Mobile-ATTACK "])
def test_the_live_matrix_is_meant_when_another_has_its_id(asked: str) -> None:
    stage = tactic("TA0027", "Entry", "entry", "mobile")
    live = matrix("mobile", [stage])
    old = live | {"id": f"{live['id'][:-1]}0", "name": "Old", "x_mitre_deprecated": True}
    old["id"] = old["id"] if old["id"] != live["id"] else f"{live['id'][:-1]}1"
    import_objects(stage, old, live, domain="mobile")
    client = signed_in("author")
    page = reverse("admin:analysis_take_add")
    answered = client.post(page, {"asked": asked})
    assert answered["Location"] == reverse("admin:take-write", args=[live["id"]])
    assert client.get(answered["Location"]).status_code == 200
    # Where no live one has it, the other is what is meant.
    import_objects(stage, old, domain="mobile", release="2.0")
    answered = client.post(page, {"asked": asked})
    assert answered["Location"] == reverse("admin:take-write", args=[old["id"]])
