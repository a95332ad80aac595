"""What became of an ID whose object came to a domain or left one."""

import pytest

from tests.factories import Properties, attack_object, import_objects, technique
from tests.library.id_check.asking import row
from tests.library.pages import Site

pytestmark = pytest.mark.django_db

T1001 = technique("T1001", "Other", ("first",))
TOOL = attack_object("tool", "S1000", "Old name")


def in_domains(release: str, *, enterprise: Properties | None, mobile: Properties | None) -> None:
    """A release of two domains, each of which holds an object or not, beside one of its own."""
    phone = technique("T9000", "Phone", domain="mobile")
    for domain, own, shared in (("enterprise", T1001, enterprise), ("mobile", phone, mobile)):
        import_objects(own, *([shared] if shared else []), domain=domain, release=release)


def test_an_id_that_came_to_the_domain_asked_for_is_said_to_be_in_another_before(
    site: Site,
) -> None:
    # As G0069 and G1033, of enterprise in 17.1 and of mobile as well in 18.1.
    in_domains("1.0", enterprise=TOOL, mobile=None)
    in_domains("2.0", enterprise=TOOL, mobile=TOOL)
    told = row(site, "S1000", domain="mobile")
    assert (told["verdict"], told["changes"]) == ("new", ["in Enterprise alone in ATT&CK 1.0"])


def test_an_id_that_left_the_domain_asked_for_is_said_to_be_in_another_now(site: Site) -> None:
    in_domains("1.0", enterprise=TOOL, mobile=TOOL)
    in_domains("2.0", enterprise=None, mobile=TOOL)
    told = row(site, "S1000", domain="enterprise")
    assert (told["verdict"], told["changes"]) == ("gone", ["in Mobile alone in ATT&CK 2.0"])


def test_an_id_that_came_to_a_further_domain_is_changed(site: Site) -> None:
    in_domains("1.0", enterprise=TOOL, mobile=None)
    in_domains("2.0", enterprise=TOOL, mobile=TOOL)
    told = row(site, "S1000")
    assert (told["verdict"], told["changes"]) == ("changed", ["now in Mobile as well"])
    # Where both have it nothing is to be compared.
    assert (told["weight"], told["differences_url"]) == ("", "")


def test_an_id_that_went_to_another_domain_is_compared_with_what_it_was(site: Site) -> None:
    in_domains("1.0", enterprise=TOOL, mobile=None)
    in_domains("2.0", enterprise=None, mobile=TOOL | {"name": "New name"})
    told = row(site, "S1000")
    assert (told["verdict"], told["differences_url"]) == ("renamed", "")
    renamed = "renamed from “Old name”"
    assert {"no longer in Enterprise", "now in Mobile", renamed} <= {*told["changes"]}
