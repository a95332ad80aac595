"""The readers of settings: good values, and one sentence that names the variable for bad ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from glexia import env

NAME = "GLEXIA_TEST_SETTING"
type Put = Callable[[str | None], None]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Gives the variable a value, or none."""

    def put(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv(NAME, raising=False)
        else:
            monkeypatch.setenv(NAME, value)

    put(None)
    return put


def refusal(read: Callable[[], object]) -> str:
    """The sentence with which a value is refused."""
    with pytest.raises(env.SettingError) as caught:
        read()
    message = str(caught.value)
    assert message.startswith(NAME)
    assert message.endswith(".")
    assert "\n" not in message
    return message


UNSET = pytest.mark.parametrize("value", [None, "", "   ", "\t"])


@pytest.mark.parametrize(("value", "read"), [("x", "x"), (" a b ", "a b"), ("0", "0")])
def test_text_is_what_stands_there_without_space_around_it(put: Put, value: str, read: str) -> None:
    put(value)
    assert env.text(NAME, "default") == read


@UNSET
def test_default_is_used_when_nothing_is_set(put: Put, value: str | None) -> None:
    put(value)
    assert env.text(NAME) == ""
    assert env.text(NAME, "default") == "default"
    assert env.flag(NAME) is False
    assert env.flag(NAME, default=True) is True
    assert env.port(NAME, 8000) == 8000
    assert env.words(NAME, ("a", "b")) == ["a", "b"]
    assert env.path(NAME) is None
    assert env.directory(NAME) is None
    assert env.web_address(NAME, "https://example.org/") == "https://example.org/"
    assert env.database(NAME) is None


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "Yes", "on", " 1 "])
def test_flag_is_on(put: Put, value: str) -> None:
    put(value)
    assert env.flag(NAME) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_flag_is_off_whatever_its_default(put: Put, value: str) -> None:
    put(value)
    assert env.flag(NAME, default=True) is False


@pytest.mark.parametrize("value", ["2", "maybe", "truee", "-1", "none", "1 0", "ja"])
def test_flag_is_refused_when_it_is_neither(put: Put, value: str) -> None:
    put(value)
    assert repr(value.lower()) in refusal(lambda: env.flag(NAME))


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("8000", 8000), (" 65535 ", 65535)])
def test_port_is_a_number(put: Put, value: str, number: int) -> None:
    put(value)
    assert env.port(NAME, 80) == number


@pytest.mark.parametrize(
    "value", ["0", "65536", "-1", "80a", "8 0", "1e3", "٨٠", "²", "+80", "8000/tcp", "9" * 5_000]
)
def test_port_is_refused_when_it_is_none(put: Put, value: str) -> None:
    put(value)
    assert "65535" in refusal(lambda: env.port(NAME, 80))


@pytest.mark.parametrize(
    ("value", "words"),
    [("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ,,", ["a", "b"]), ("[::1]", ["[::1]"])],
)
def test_words_are_parted_by_commas(put: Put, value: str, words: list[str]) -> None:
    put(value)
    assert env.words(NAME, ("default",)) == words


def test_words_are_refused_when_there_is_none_between_the_commas(put: Put) -> None:
    put(" , ,")
    assert "at least one" in refusal(lambda: env.words(NAME, ("default",)))


def test_path_is_absolute_whatever_was_given(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for value, expected in [
        ("/srv/data", Path("/srv/data")),
        ("data", tmp_path / "data"),
        ("~/data", tmp_path / "home" / "data"),
        ("with space é", tmp_path / "with space é"),
    ]:
        put(value)
        assert env.path(NAME) == expected


def test_directory_is_refused_when_it_is_none(put: Put, tmp_path: Path) -> None:
    put(str(tmp_path))
    assert env.directory(NAME) == tmp_path
    file = tmp_path / "file"
    file.touch()
    for path in (file, tmp_path / "missing"):
        put(str(path))
        assert str(path) in refusal(lambda: env.directory(NAME))


def test_data_is_in_the_checkout_unless_it_is_put_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GLEXIA_DATA_DIR", raising=False)
    assert env.data_dir() == env.BASE_DIR / ".data"
    monkeypatch.setenv("GLEXIA_DATA_DIR", str(tmp_path))
    assert env.data_dir() == tmp_path


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org",
        "http://example.org/a?b=c",
        "mailto:ir@example.org",
        "tel:+15550100",
        "/incident",
        "/",
    ],
)
def test_web_address_is_kept(put: Put, value: str) -> None:
    put(value)
    assert env.web_address(NAME, "https://example.org/") == value


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//example.org",
        "ftp://x",
        "https://",
        "https://exa mple.com/",
        'https://example.com/"x',
        "/\\evil.com",
        "http:/x",
        "example.org",
        "mailto:",
        "tel:",
        "https:example.org",
        "https://[x",
    ],
)
def test_web_address_is_refused_when_a_link_cannot_have_it(put: Put, value: str) -> None:
    put(value)
    said = refusal(lambda: env.web_address(NAME, "https://example.org/"))
    assert "use an http" in said or "percent-encode" in said


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://api.fastly.com/service/x/purge",
        "http://127.0.0.1:6081/",
        "http://[::1]/purge",
        "http://10.0.0.7/purge",
        "http://192.168.1.2:80/",
        "http://varnish:6081/",
        "http://localhost/",
    ],
)
def test_purge_address_is_kept_when_it_is_https_or_nearby(put: Put, value: str) -> None:
    put(value)
    assert env.purge_address(NAME) == value


@pytest.mark.parametrize(
    "value",
    [
        "http://cache.example.org/purge?key=hunter2",
        "http://203.0.114.9/",
        "http://8.8.8.8/",
        "http://[2600::1]/",
        "http://134744072/",
        "http://0x08080808/",
        "mailto:ops@example.org",
        "tel:+15550100",
        "ftp://x",
        "/purge",
        "//cache/purge",
        "https://",
        "https://exa mple.com/",
        "https://cache:port/",
        "https://[x",
        "cache",
    ],
)
def test_purge_address_is_refused_when_it_would_tell_its_secret_or_leads_nowhere(
    put: Put, value: str
) -> None:
    put(value)
    said = refusal(lambda: env.purge_address(NAME))
    assert "use https, or http to this machine" in said
    assert "mailto" not in said
    assert value not in said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("postgresql://u:p@db:5433/lib", ("lib", "u", "p", "db", "5433")),
        ("postgres://u@db/lib", ("lib", "u", "", "db", "")),
        ("postgresql:///lib", ("lib", "", "", "", "")),
        ("postgresql://u:p%40%2F%3A@db/l%20b", ("l b", "u", "p@/:", "db", "")),
        ("postgresql://u@/lib?host=%2Ftmp%2Fpg", ("lib", "u", "", "/tmp/pg", "")),
        ("postgresql://u@%2Ftmp%2Fpg/lib", ("lib", "u", "", "/tmp/pg", "")),
        ("postgresql://u@[::1]:5432/lib", ("lib", "u", "", "::1", "5432")),
    ],
)
def test_database_address_is_taken_apart(
    put: Put, value: str, expected: tuple[str, str, str, str, str]
) -> None:
    put(value)
    found = env.database(NAME)
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert found == {**dict(zip(names, expected, strict=True)), "OPTIONS": {}}


def test_database_address_says_how_tls_is_used(put: Put, tmp_path: Path) -> None:
    for name in ("our root.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    put(
        "postgresql://u:p@db/lib?sslmode=verify-full&channel_binding=require"
        f"&sslrootcert={tmp_path}/our%20root.pem&sslcert={tmp_path}/cert.pem"
        f"&sslkey={tmp_path}/key.pem"
    )
    found = env.database(NAME)
    assert found is not None
    assert found["OPTIONS"] == {
        "sslmode": "verify-full",
        "channel_binding": "require",
        "sslrootcert": f"{tmp_path}/our root.pem",
        "sslcert": f"{tmp_path}/cert.pem",
        "sslkey": f"{tmp_path}/key.pem",
    }
    put("postgresql://u:p@db/lib?sslmode=verify-full&sslrootcert=system")
    assert (env.database(NAME) or {})["OPTIONS"]["sslrootcert"] == "system"


def test_file_of_a_database_address_must_be_there(put: Put, tmp_path: Path) -> None:
    put(f"postgresql://u:s3cret@db/lib?sslmode=verify-full&sslrootcert={tmp_path}/none.pem")
    said = refusal(lambda: env.database(NAME))
    assert f"sslrootcert='{tmp_path}/none.pem'" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "value",
    [
        "sqlite:///x",
        "mysql://u@db/lib",
        "postgresql://u@db",
        "postgresql://u@db/",
        "lib",
        "//db/lib",
        "postgresql://u@db:port/lib",
        "postgresql://u@db:99999/lib",
        "postgresql://[x/lib",
        "postgresql://u@db/lib?sslmode=on",
        "postgresql://u@db/lib?sslmode=",
        "postgresql://u@db/lib?channel_binding=1",
        "postgresql://u@db/lib?sslcert=",
        "postgresql://u@db/lib?sslcrl=/etc/crl.pem",
        "postgresql://u@db/lib?options=-csearch_path=x",
        "postgresql://u@db/lib?host=a&port=1",
    ],
)
def test_database_address_is_refused_when_it_cannot_be_used(put: Put, value: str) -> None:
    put(value)
    refusal(lambda: env.database(NAME))


def test_refusal_keeps_the_password_to_itself(put: Put) -> None:
    for value in (
        "mysql://u:s3cret@db/lib",
        "postgresql://u:s3cret@db:port/lib",
        "postgresql://u:s3cret@db",
        "postgresql://u:s3cret@db/lib?sslmode=on",
    ):
        put(value)
        assert "s3cret" not in refusal(lambda: env.database(NAME))


@pytest.mark.parametrize(("value", "read"), [(None, 7), ("", 7), ("0", 0), (" 10 ", 10)])
def test_number_is_read_when_it_is_within_bounds(put: Put, value: str | None, read: int) -> None:
    put(value)
    assert env.number(NAME, 7, most=10) == read


@pytest.mark.parametrize("value", ["11", "-1", "1.5", "\u0661", "1e1", "99999999999", "many"])
def test_number_is_refused_when_it_is_none_or_out_of_bounds(put: Put, value: str) -> None:
    put(value)
    refusal(lambda: env.number(NAME, 7, most=10))


@pytest.mark.parametrize("value", ["Fastly-Key: abc", "Authorization: Bearer a b", "X:y"])
def test_secret_header_is_read_as_it_stands(put: Put, value: str) -> None:
    put(value)
    assert env.secret_header(NAME) == value


@pytest.mark.parametrize(
    "value", ["sesame", "No Name: sesame", "N: sesame\r\nM: y", "N: sesam\u00e9"]
)
def test_secret_header_is_refused_without_telling_its_value(put: Put, value: str) -> None:
    put(value)
    assert "sesam" not in refusal(lambda: env.secret_header(NAME))


def test_an_address_of_a_database_that_cannot_be_read_is_not_repeated(put: Put) -> None:
    put("postgresql://glexia:hunter2/secret@db.example:5432/glexia")
    assert "hunter2" not in refusal(lambda: env.database(NAME))


def test_choice_is_one_of_a_few_words(put: Put) -> None:
    put(" JSON ")
    assert env.choice(NAME, "text", ("json", "text")) == "json"
    put("yaml")
    assert "use one of json, text" in refusal(lambda: env.choice(NAME, "text", ("json", "text")))


def test_token_is_long_and_never_repeated(put: Put) -> None:
    put("0123456789abcdef")
    assert env.token(NAME, least=16) == "0123456789abcdef"
    put("too-short")
    said = refusal(lambda: env.token(NAME, least=16))
    assert "9 characters" in said
    assert "too-short" not in said


@pytest.mark.parametrize("value", ["X-Forwarded-Proto:", "a header", "X_Forwarded", "-x"])
def test_header_is_the_name_of_one(put: Put, value: str) -> None:
    put("X-Forwarded-Proto")
    assert env.header(NAME) == "X-Forwarded-Proto"
    put(value)
    assert repr(value) in refusal(lambda: env.header(NAME))
