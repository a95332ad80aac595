"""A setting that is refused is named, and what it holds is not told: a password may stand in it."""

from collections.abc import Callable
from functools import partial
from typing import Final

import pytest

from glexia import env, mail

NAME: Final = "GLEXIA_TEST_SETTING"
READERS: Final[dict[str, Callable[[], object]]] = {
    "a link": partial(env.web_address, NAME, "https://example.org/"),
    "a contact": partial(env.contact, NAME, "https://example.org/"),
    "a provider": partial(env.provider_address, NAME),
    "a purge": partial(env.purge_address, NAME),
    "the site": partial(mail.site, NAME),
    "a database": partial(env.database, NAME),
}


def is_told(reader: str) -> None:
    """That the reader refuses in a sentence about the variable, and tells nothing of its value."""
    with pytest.raises(env.SettingError) as refused:
        READERS[reader]()
    said = str(refused.value)
    assert said.startswith(f"{NAME} ")
    assert said.endswith(".")
    assert "\n" not in said
    assert "s3cret" not in said
    assert "host.test" not in said


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "value",
    [
        "http://user:s3cret@host.test/a b",
        "ftp://user:s3cret@host.test/",
        "//user:s3cret@host.test/",
        "http://user:s3cret@[host.test/",
        "user:s3cret@host.test",
    ],
)
def test_an_address_that_nothing_can_use_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, reader: str, value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    is_told(reader)


@pytest.mark.parametrize("reader", READERS)
def test_an_address_of_the_wrong_kind_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setenv(NAME, "http://user:s3cret@host.test/token")
    is_told(reader)


def test_the_rest_of_a_password_is_not_repeated_as_a_parameter_of_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NAME, "postgresql://user:12/x?s3cret@host.test/library")
    is_told("a database")
