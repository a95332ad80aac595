"""`check_releases`: what it says, how it ends, and that it tells of a release once."""

import io
import smtplib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.urls import reverse
from pytest_django import Settings

from importer import known_releases, published, release_mail
from importer.errors import BundleError
from importer.release_mail import CONSOLE
from library.identifiers import Domain
from library.models import KnownRelease
from tests.factories import import_objects, mitigation

pytestmark = pytest.mark.django_db

type Listing = dict[str, list[str]]
type Outbox = list[EmailMessage]
UNREACHABLE = f"{published.INDEX_ADDRESS}: cannot be reached (ConnectionError)."


def everywhere(release: str) -> Listing:
    return {domain: [release] for domain in Domain.values}


@pytest.fixture
def mitre(monkeypatch: pytest.MonkeyPatch) -> Callable[[Listing | None], None]:
    """Has MITRE's index name these releases, or be out of reach; the list ends at 18.1."""

    def publish(indexed: Listing | None) -> None:
        def fetch() -> Listing:
            if indexed is None:
                raise BundleError(UNREACHABLE)
            return indexed

        monkeypatch.setattr(known_releases, "fetch_releases", fetch)

    monkeypatch.setattr(published, "published_releases", lambda _domain: ["18.1"])
    publish(everywhere("18.1"))
    return publish


type Mitre = Callable[[Listing | None], None]


@pytest.fixture
def library(mitre: Mitre) -> None:
    """Readers see 18.1 of enterprise and mobile."""
    for domain in ("enterprise", "mobile"):
        import_objects(mitigation("M1", "One", domain), domain=domain, release="18.1")


@pytest.fixture
def staffed(settings: Settings) -> None:
    """There is somebody to tell, and an address to name."""
    settings.ADMINS = ["ann@example.org", "bob@example.org"]
    settings.SITE_ADDRESS = "https://attack.example.org"


def check(*arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit status, and the lines of output and of errors."""
    out, error = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_releases", *arguments, stdout=out, stderr=error)
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue().splitlines(), error.getvalue().splitlines()


def as_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    status, (line,), _ = check("--json", *arguments)
    return status, orjson.loads(line)


def test_it_ends_with_0_when_readers_see_the_newest_release(library: None) -> None:
    assert check() == (
        0,
        [
            "enterprise: readers see 18.1; nothing newer is known.",
            "mobile: readers see 18.1; nothing newer is known.",
            "ics: readers see none; MITRE has published 18.1.",
        ],
        [],
    )


def test_it_ends_with_3_when_mitre_has_published_a_newer_one(library: None, mitre: Mitre) -> None:
    mitre(everywhere("18.1") | {"mobile": ["19.0"], "ics": ["19.0"]})
    assert check() == (
        3,
        [
            "enterprise: readers see 18.1; nothing newer is known.",
            "mobile: readers see 18.1; MITRE has published 19.0, which is newer.",
            "ics: readers see none; MITRE has published 19.0.",
        ],
        [],
    )


def test_it_ends_with_1_when_it_cannot_look_and_knows_of_nothing_newer(
    library: None, mitre: Mitre
) -> None:
    mitre(None)
    status, lines, errors = check()
    assert (status, errors) == (1, [UNREACHABLE])
    assert lines[0] == "enterprise: readers see 18.1; nothing newer is known."


def test_it_ends_with_3_when_it_cannot_look_and_knows_of_something_newer(
    library: None, mitre: Mitre
) -> None:
    mitre(everywhere("19.0"))
    check()
    mitre(None)
    status, _, errors = check()
    assert (status, errors) == (3, [UNREACHABLE])


def test_offline_the_list_is_enough_and_no_network_is_asked(
    library: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_releases, "fetch_releases", lambda: pytest.fail("asked"))
    assert check("--offline")[::2] == (0, [])
    monkeypatch.setattr(published, "published_releases", lambda _domain: ["19.0", "18.1"])
    assert check("--offline")[::2] == (3, [])


def test_json_says_the_same_for_a_monitor(library: None, mitre: Mitre) -> None:
    mitre({"enterprise": ["19.0"], "mobile": ["18.1"]})
    status, said = as_json()
    read_at = {row["domain"]: row.pop("index_read_at") for row in said["domains"]}
    assert status == 3
    assert said == {
        "newer": True,
        "index": "read",
        "domains": [
            {
                "domain": "enterprise",
                "shown": "18.1",
                "newest": "19.0",
                "newer": True,
                "hash_known": False,
            },
            {
                "domain": "mobile",
                "shown": "18.1",
                "newest": "18.1",
                "newer": False,
                "hash_known": True,
            },
            {
                "domain": "ics",
                "shown": None,
                "newest": "18.1",
                "newer": False,
                "hash_known": True,
            },
        ],
        "mailed": [],
        "mail_problem": None,
    }
    assert all(datetime.fromisoformat(moment) for moment in read_at.values())


def test_json_says_how_the_index_was_read(library: None, mitre: Mitre) -> None:
    assert as_json("--offline")[1]["index"] == "not asked"
    mitre(None)
    assert as_json() == (1, as_json()[1])
    assert as_json()[1]["index"] == UNREACHABLE


def test_an_empty_library_has_nothing_that_is_newer(mitre: Mitre) -> None:
    status, lines, _ = check()
    assert status == 0
    assert all("readers see none" in line for line in lines)


@pytest.mark.usefixtures("library", "staffed")
def test_administrators_are_told_by_mail_of_what_is_newer(mitre: Mitre, mailoutbox: Outbox) -> None:
    mitre({"enterprise": ["19.0"], "mobile": ["18.1"], "ics": ["19.0"]})
    status, lines, errors = check("--email")
    assert (status, errors) == (3, [])
    assert lines[-1] == "Told by e-mail of enterprise."
    (mail,) = mailoutbox
    assert mail.to == ["ann@example.org", "bob@example.org"]
    assert mail.subject == "[Glexia ATT&CK Library] Newer at MITRE: Enterprise 19.0"
    assert mail.message().get_content_type() == "text/plain"
    assert mail.body == (
        "MITRE has published a newer release of ATT&CK than readers of the library see.\n\n"
        "Enterprise: 19.0; readers see 18.1 (its hash is not known here yet, so its bundle could"
        " not be checked)\n\n"
        "It is not imported by itself. The import console:\n"
        f"https://attack.example.org{reverse(CONSOLE)}\n\n"
        "You are told once of each release of a domain.\n"
    )


@pytest.mark.usefixtures("library", "staffed")
def test_nobody_is_told_twice_of_one_release(mitre: Mitre, mailoutbox: Outbox) -> None:
    for indexed, told in (
        ({"enterprise": ["19.0"]}, ["enterprise"]),
        ({"enterprise": ["19.0"]}, []),
        (None, []),
        ({"enterprise": ["19.0"], "mobile": ["19.0"]}, ["mobile"]),
        # Taken back, and there again.
        ({"enterprise": ["18.1"], "mobile": ["19.0"]}, []),
        ({"enterprise": ["19.0"], "mobile": ["19.0"]}, []),
        ({"enterprise": ["19.1"], "mobile": ["19.0"]}, ["enterprise"]),
        ({"enterprise": ["19.0"], "mobile": ["19.0"]}, []),
    ):
        mitre(indexed)
        assert as_json("--email")[1]["mailed"] == told, indexed
    assert [mail.subject.rpartition(": ")[2] for mail in mailoutbox] == [
        "Enterprise 19.0",
        "Mobile 19.0",
        "Enterprise 19.1",
    ]


@pytest.mark.usefixtures("library", "staffed")
def test_nobody_is_told_by_who_looked_before_another_told(
    mitre: Mitre, mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mitre(everywhere("19.0"))
    known_releases.refresh()
    looked_before = known_releases.outlook()
    assert release_mail.tell_admins(known_releases.outlook()) == ["enterprise", "mobile"]
    assert release_mail.tell_admins(looked_before) == []
    assert len(mailoutbox) == 1


@pytest.mark.usefixtures("library", "staffed")
def test_nobody_is_told_when_nothing_is_newer(mailoutbox: Outbox) -> None:
    assert check("--email")[0] == 0
    assert mailoutbox == []


@pytest.mark.usefixtures("library", "staffed")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (TimeoutError("timed out"), "timed out"),
        (TimeoutError(), "TimeoutError"),
        (
            smtplib.SMTPAuthenticationError(535, b"no\r\nentry"),
            "(535, b'no\\r\\nentry')",
        ),
        (smtplib.SMTPServerDisconnected(""), "SMTPServerDisconnected"),
    ],
)
def test_they_are_told_the_next_time_when_mail_cannot_be_sent(
    mitre: Mitre,
    mailoutbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
) -> None:
    mitre(everywhere("19.0"))

    def fail(*_args: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(release_mail, "mail_admins", fail)
        status, lines, errors = check("--email")
        assert (status, errors) == (1, [f"The mail could not be sent: {reason}"])
        assert len(lines) == 3
        assert as_json("--email")[1]["mail_problem"] == errors[0]
    assert set(KnownRelease.objects.values_list("mailed", flat=True)) == {""}
    assert as_json("--email")[1]["mailed"] == ["enterprise", "mobile"]
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("missing", ["ADMINS", "SITE_ADDRESS"])
@pytest.mark.usefixtures("library", "staffed")
def test_it_is_refused_before_anything_when_there_is_nobody_to_tell_or_no_address(
    settings: Settings, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setattr(settings, missing, type(getattr(settings, missing))())
    monkeypatch.setattr(known_releases, "fetch_releases", lambda: pytest.fail("asked"))
    status, lines, (sentence,) = check("--email")
    assert (status, lines) == (2, [])
    assert sentence.startswith("--email needs ")
    assert ("ADMIN_EMAILS" if missing == "ADMINS" else "SITE_ADDRESS") in sentence


def test_nobody_is_told_unless_it_is_asked_for(
    library: None, staffed: None, mitre: Mitre, mailoutbox: Outbox
) -> None:
    mitre(everywhere("19.0"))
    assert check()[0] == 3
    assert mailoutbox == []
