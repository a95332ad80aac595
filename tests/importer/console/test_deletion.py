"""The console's page that deletes a snapshot: what it says first, and when it refuses."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from accounts import sessions
from importer import acts
from importer.deletion import delete_snapshot, would_go
from importer.models import RunState
from importer.pipeline import Options, import_bundles
from importer.runs.control import RUN_CLASS, connect
from library.models import Snapshot
from tests import factories
from tests.accounts.people import PASSWORD, signed_in, staff
from tests.factories import import_objects, mitigation, source
from tests.importer.console.conftest import importer, run_in
from tests.importer.console.pages import GONE, KEPT, text, two_releases

pytestmark = pytest.mark.django_db


def test_a_deletion_says_what_would_go_and_wants_it_typed() -> None:
    first, _ = two_releases()
    address = reverse("admin:import-delete", args=[first.pk])
    reader = importer()
    page = text(reader.get(address).content.decode())
    assert "1 past edition that showed it" in page
    assert "Type <strong>enterprise 1.0</strong>" in page
    assert "Unrecognised: not a hash that MITRE published." in page
    assert "No other snapshot of enterprise 1.0 is held" in page
    for typed in ("", "enterprise 2.0", "ENTERPRISE 1.0", "enterprise 1.0 x"):
        refused = reader.post(address, {"typed": typed})
        assert refused.status_code == 400
        assert "Nothing was deleted" in refused.content.decode()
    assert Snapshot.objects.count() == 2
    done = reader.post(address, {"typed": " enterprise  1.0 "}, follow=True)
    assert "Enterprise 1.0 is deleted" in done.content.decode()
    assert Snapshot.objects.get().attack_version == "2.0"
    assert reader.post(address, {"typed": "enterprise 1.0"}).status_code == 404


def test_snapshots_of_one_release_are_told_apart_when_one_is_deleted() -> None:
    import_objects(KEPT, GONE)
    import_objects(KEPT, release="2.0")
    other = Snapshot.objects.get(attack_version="1.0")
    import_objects(KEPT, make_current=False)
    one = Snapshot.objects.latest("id")
    address = reverse("admin:import-delete", args=[one.pk])
    page = text(importer().get(address).content.decode())
    assert f"Type <strong>enterprise 1.0 {one.sha256[:8]}</strong>" in page
    assert "Another snapshot of enterprise 1.0 is held" in page
    for typed in ("enterprise 1.0", f"enterprise 1.0 {other.sha256[:8]}"):
        assert importer().post(address, {"typed": typed}).status_code == 400
    importer().post(address, {"typed": f"enterprise 1.0 {one.sha256[:8]}"})
    assert set(Snapshot.objects.filter(attack_version="1.0")) == {other}


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_deletion_counts_the_findings_that_would_go(is_shared: bool) -> None:
    bad = mitigation("M1", "Bad", x_mitre_version=7)
    import_objects(bad, validate=True)
    import_objects(bad if is_shared else KEPT, release="2.0")
    first = Snapshot.objects.get(attack_version="1.0")
    page = importer().get(reverse("admin:import-delete", args=[first.pk])).content.decode()
    # The collection of each release, too, is not as the standard wants it.
    assert ("with 1 finding," in page) == is_shared
    assert ("with 2 findings," in page) != is_shared


def test_a_deletion_says_so_when_other_snapshots_hold_all_versions() -> None:
    collection = factories.bundle(KEPT)
    import_bundles([source(collection)], Options(validate=False))
    again = collection | {"id": factories.stix_id("bundle")}
    import_bundles([source(again)], Options(validate=False))
    first = Snapshot.objects.earliest("id")
    page = importer().get(reverse("admin:import-delete", args=[first.pk])).content.decode()
    assert "no object version, and no finding" in page


def test_what_would_go_is_what_goes() -> None:
    import_objects(KEPT, mitigation("M3", "Bad", x_mitre_version=7), validate=True)
    import_objects(KEPT, release="2.0")
    first = Snapshot.objects.earliest("id")
    told = would_go(first)
    gone = delete_snapshot(first)
    assert (told.memberships, told.edges, told.versions, told.findings, told.editions) == (
        gone.memberships,
        gone.edges,
        gone.versions,
        gone.findings,
        gone.editions,
    )
    assert told.versions > 0
    assert told.findings == 2


def test_deleting_asks_for_the_password_again_a_while_after_the_sign_in(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    first, _ = two_releases()
    client = signed_in(staff("importer"))
    address = reverse("admin:import-delete", args=[first.pk])
    assert "Your password" not in client.get(address).content.decode()
    monkeypatch.setattr(sessions, "FRESH_SECONDS", 0)
    assert "Your password" in client.get(address).content.decode()
    typed = {"typed": "enterprise 1.0"}
    for given in ({}, {"password": "wrong"}):
        refused = client.post(address, typed | given)
        assert refused.status_code == 400
        assert "that is not your password" in refused.content.decode()
    assert Snapshot.objects.filter(pk=first.pk).exists()
    assert client.post(address, typed | {"password": PASSWORD}).status_code == 302
    assert not Snapshot.objects.filter(pk=first.pk).exists()


def test_what_readers_see_is_not_deleted() -> None:
    _, second = two_releases()
    address = reverse("admin:import-delete", args=[second.pk])
    assert "cannot be deleted" in importer().get(address).content.decode()
    page = importer().post(address, {"typed": "enterprise 2.0"}, follow=True).content.decode()
    assert "is current: make another snapshot current first" in page
    assert Snapshot.objects.count() == 2


def test_nothing_is_deleted_while_an_import_is_under_way() -> None:
    first, _ = two_releases()
    run = run_in(RunState.IMPORTING)
    address = reverse("admin:import-delete", args=[first.pk])
    with connect() as worker:
        worker.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_CLASS, run.pk])
        page = importer().post(address, {"typed": "enterprise 1.0"}, follow=True).content.decode()
    assert "an import is under way" in page
    assert Snapshot.objects.count() == 2


def test_a_run_whose_worker_is_dead_does_not_keep_a_snapshot_from_deletion() -> None:
    first, _ = two_releases()
    run_in(RunState.IMPORTING)
    acts.delete("ann", first)
    assert Snapshot.objects.count() == 1
