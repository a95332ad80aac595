"""The headers of every answer, and that no page holds anything its policy forbids."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from glexia.middleware import Answer
from glexia.settings import MIDDLEWARE
from tests.factories import import_objects, mitigation
from tests.library.pages import Site

EVERYWHERE = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
SECURE = {"X-Forwarded-Proto": "https"}


def check(response: HttpResponseBase) -> None:
    for name, value in EVERYWHERE.items():
        assert response[name] == value
    refused = response["Permissions-Policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(refused)
    assert response["X-Request-ID"]


@pytest.fixture
def static(settings: Settings, tmp_path: Path) -> None:
    """One collected static file."""
    (tmp_path / "page.css").write_text("body { margin: 0 }")
    settings.STATIC_ROOT = tmp_path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/learn/attack", 200),
        ("/learn/attack/mitigations", 200),
        ("/learn/attack/mitigations/M1001", 200),
        ("/learn/attack/mitigations/M1001/raw", 200),
        ("/learn/attack/mitigations/csv", 200),
        ("/learn/attack/nothing-here", 404),
        ("/robots.txt", 200),
        ("/sitemap.xml", 200),
        ("/.well-known/security.txt", 200),
        ("/static/page.css", 200),
        ("/healthz", 200),
        ("/metrics", 404),
        ("/admin/", 302),
        ("/favicon.ico", 302),
    ],
)
def test_every_answer_has_the_headers(
    db: None, static: None, site: Site, path: str, status: int
) -> None:
    import_objects(mitigation("M1001", "One"))
    response = site.get(path)
    assert response.status_code == status
    check(response)


def test_answers_over_tls_ask_for_tls_from_then_on(
    db: None, settings: Settings, site: Site
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    plain = site.get("/learn/attack?q=1")
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/learn/attack?q=1")
    assert "Strict-Transport-Security" not in plain
    secure = site.get("/learn/attack", **SECURE)
    assert secure.status_code == 200
    assert secure["Strict-Transport-Security"].startswith("max-age=31536000")
    assert site.get("/healthz").status_code == 200


class Inline(HTMLParser):
    """Finds what a page must not hold under the policy: scripts and styles that stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [f"<{tag} {name}>" for name in given if name.startswith("on")]
        self.found += [f"<{tag} style>" for name in given if name == "style"]
        self.found += [f"<{tag}>" for _ in (1,) if tag in {"style", "iframe", "object", "embed"}]
        script = tag == "script" and "json" not in (given.get("type") or "")
        self.within = tag if script else ""
        for name in ("src", "href", "action"):
            value = given.get(name) or ""
            if value.startswith("javascript:") or (name == "src" and "//" in value):
                self.found.append(f"<{tag} {name}={value}>")

    def handle_data(self, data: str) -> None:
        if self.within and data.strip():
            self.found.append(f"<script>{data.strip()[:40]}")

    def handle_endtag(self, _tag: str) -> None:
        self.within = ""


def inline(html: str) -> list[str]:
    reader = Inline()
    reader.feed(html)
    return reader.found


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<script type="module">x</script>',
        "<p onclick=x>",
        "<p style=x>",
        "<style>p{}</style>",
        "<a href='javascript:x'>",
        "<script src=https://elsewhere.example/x.js></script>",
    ],
)
def test_the_reader_of_pages_finds_what_is_inline(html: str) -> None:
    assert inline(html)


def admin_pages() -> list[str]:
    fixed = ["admin:login", "admin:index", "admin:password_change", "admin:password_change_done"]
    models = [f"admin:{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry]
    return fixed + [f"{model}_{page}" for model in models for page in ("changelist", "add")]


@pytest.fixture
def chief(db: None, plain_static: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief"))
    return client


@pytest.mark.parametrize("name", admin_pages())
def test_no_page_of_the_admin_site_has_anything_inline(chief: Client, name: str) -> None:
    if name == "admin:login":
        chief.logout()
    response = chief.get(reverse(name))
    assert response.status_code in {200, 302, 403}
    check(response)
    assert inline(response.content.decode()) == []


@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_no_page_of_one_object_of_the_admin_site_has_anything_inline(
    chief: Client, page: str
) -> None:
    user = User.objects.get()
    response = chief.get(reverse(f"admin:auth_user_{page}", args=[user.pk]))
    assert response.status_code == 200
    check(response)
    assert inline(response.content.decode()) == []


def test_no_refusal_has_anything_inline(chief: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    refusals = [
        (strict.post("/admin/login/", {"username": "x"}), 403),
        (chief.get("/admin/nothing-here/"), 404),
        (chief.get("/learn/attack", headers={"Host": "elsewhere.example"}), 400),
        (chief.post("/learn/attack/mitigations"), 405),
    ]
    for response, status in refusals:
        assert response.status_code == status
        assert response["Content-Security-Policy"] == EVERYWHERE["Content-Security-Policy"]
        assert inline(response.content.decode()) == []


def failing(_answer: Answer) -> Answer:
    """Middleware that fails at every request."""

    def respond(_request: HttpRequest) -> HttpResponseBase:
        raise ConnectionError("what this middleware needs is away")

    return respond


@pytest.mark.parametrize("at", range(1, len(MIDDLEWARE)))
def test_answer_has_the_headers_whichever_middleware_fails(
    db: None, settings: Settings, plain_static: None, client: Client, at: int
) -> None:
    settings.MIDDLEWARE = [*MIDDLEWARE[:at], f"{__name__}.failing", *MIDDLEWARE[at + 1 :]]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60
    client.raise_request_exception = False
    response = client.get("/learn/attack", headers=SECURE)
    assert response.status_code == 500
    for name, value in EVERYWHERE.items():
        assert response[name] == value
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cache-Control"] == "no-store"
    assert response["Strict-Transport-Security"].startswith("max-age=60")


def test_answer_has_the_headers_when_the_page_of_a_failure_fails(
    db: None,
    settings: Settings,
    plain_static: None,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_request: HttpRequest, _error: Exception) -> HttpResponseBase:
        raise OSError("the template cannot be read")

    settings.MIDDLEWARE = [*MIDDLEWARE[:5], f"{__name__}.failing", *MIDDLEWARE[6:]]
    monkeypatch.setattr("django.core.handlers.exception.response_for_exception", fails)
    client.raise_request_exception = False
    response = client.get("/learn/attack")
    assert response.status_code == 500
    assert "something failed on our side" in response.text
    for name, value in EVERYWHERE.items():
        assert response[name] == value
