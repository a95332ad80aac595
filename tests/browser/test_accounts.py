"""Signing in with a second factor, and the pages of whoever manages accounts, in a browser."""

import base64
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from accounts.audit import record
from tests.browser.authors import DESK, PHONE, aside
from tests.browser.conftest import PASSWORD, Readers
from tests.browser.test_accessible import STICKING_OUT, violations
from tests.browser.test_writing import SMALL
from tests.takes import member

pytestmark = pytest.mark.browser
NAME = "manager"
FACTOR = "/admin/second-factor/"
PAGES = {
    "first page": "/admin/",
    "what is not theirs": "/admin/analysis/take/",
    "users": "/admin/auth/user/",
    "a new user": "/admin/auth/user/add/",
    "groups": "/admin/auth/group/",
    "a new group": "/admin/auth/group/add/",
    "the log": "/admin/accounts/auditentry/",
    "second factor": FACTOR,
    "another password": "/admin/password_change/",
}


def make_manager() -> None:
    """An administrator without a second factor, and a long entry in the log."""
    user = member("administrator", name=NAME)
    user.set_password(PASSWORD)
    user.save()
    record("an author", "Take published", "M1037 " + "with-a-long-name-" * 6, note="word " * 90)


@pytest.fixture
def manager(readers: Readers) -> Iterator[None]:
    """Somebody who manages accounts, for the time of a test."""
    aside(make_manager)
    yield
    aside(lambda: User.objects.get(username=NAME).delete())


def give_password(page: Page) -> None:
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login/" not in address)


def faults(page: Page) -> list[object]:
    return [*violations(page), *page.evaluate(STICKING_OUT), *page.evaluate(SMALL)]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_second_factor_is_set_up_and_then_asked_for(
    readers: Readers, manager: None, javascript: bool
) -> None:
    page = readers(javascript=javascript).page
    give_password(page)
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("button", name="Set up a second factor").click()
    picture = page.get_by_role("img", name="QR code of the key below")
    expect(picture).to_be_visible()
    if javascript:
        # It is drawn, which a policy that refused it would not let it be.
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert faults(page) == []
    key = base64.b32decode(page.locator(".key").inner_text().replace(" ", ""))
    page.get_by_label("Give the code that it shows").fill(f"{TOTP(key).token():06d}")
    page.keyboard.press("Enter")
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    spare = page.locator(".recovery-codes li").first.inner_text()
    if javascript:
        assert faults(page) == []

    again = readers(javascript=javascript, width=PHONE[0]).page
    give_password(again)
    expect(again.get_by_label("Code of your authenticator app")).to_be_focused()
    if javascript:
        assert faults(again) == []
    again.keyboard.type(spare)
    again.keyboard.press("Enter")
    expect(again.get_by_role("link", name="Audit log")).to_be_visible()
    again.goto(FACTOR)
    expect(again.locator("#content")).to_contain_text("9 unused recovery codes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_pages_about_accounts_are_for_everyone(
    readers: Readers, manager: None, size: tuple[int, int], scheme: str
) -> None:
    reader = readers(width=size[0], height=size[1])
    page = reader.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/admin/login/")
    found = {"sign-in": faults(page)}
    give_password(page)
    for name, address in PAGES.items():
        page.goto(address)
        found[name] = faults(page)
    page.goto(PAGES["users"])
    page.get_by_role("link", name=NAME, exact=True).click()
    found["a user"] = faults(page)
    # A browser reports what is refused as an error, which here is what was asked for.
    reader.faults[:] = [fault for fault in reader.faults if "403" not in fault]
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
