"""Addresses of attack.mitre.org, the old wiki's too, and what of ours each leads to.

Reports and rules are full of them: with our host in front, or as an ID alone, they find the page.
"""

import re
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.encoding import escape_uri_path
from django.views.decorators.http import require_safe

from library.addresses import Addresses, is_lettered
from library.attack_ids import CERTAIN, possible_ids
from library.conditional import pinned_shelf, shelf_of
from library.identifiers import (
    MATRIX,
    OBJECT_TYPES,
    RELEASE_FORM,
    Domain,
    is_sample,
    release_order,
    type_of,
)
from library.missing import not_found
from library.models import Snapshot, SnapshotObject
from library.near_ids import as_typed
from library.parameters import can_be_held
from library.redirects import redirect
from library.text.links import link_by_id, parse_attack_url

KINDS = {kind.mitre_path: kind for kind in OBJECT_TYPES} | {k.path: k for k in OBJECT_TYPES}
VERSION = re.compile(
    r"versions/v(?P<number>\d{1,3})(?:[-.][\w.-]{1,20})?(?:/(?P<rest>.*))?", re.IGNORECASE
)
MATRIX_PATH = re.compile(
    r"matrices/(?P<domain>enterprise|mobile|ics)(?:/(?:cloud/)?(?P<platform>[\w-]+))?"
)
PINNED = re.compile(rf"v/(?P<release>{RELEASE_FORM.pattern})(?:/(?P<rest>.*))?")
# As attack.mitre.org writes platforms in the addresses of matrices, hyphens aside, those of older
# releases too; "cloud" stands for several.
PLATFORMS = {
    "": "",
    "android": "Android",
    "azuread": "Azure AD",
    "cloud": "",
    "containers": "Containers",
    "esxi": "ESXi",
    "googleworkspace": "Google Workspace",
    "iaas": "IaaS",
    "identityprovider": "Identity Provider",
    "ios": "iOS",
    "linux": "Linux",
    "macos": "macOS",
    "network": "Network Devices",
    "networkdevices": "Network Devices",
    "office365": "Office 365",
    "officesuite": "Office Suite",
    "pre": "PRE",
    "saas": "SaaS",
    "windows": "Windows",
}
# Pages of the old wiki that are no objects, by what of ours has taken their place.
WIKI = {
    "wiki/main_page": "",
    "wiki/enterprise_matrix": "matrices/enterprise",
    "wiki/mobile_matrix": "matrices/mobile",
    "wiki/technique_matrix": "matrices/enterprise",
    "wiki/all_techniques": "techniques",
    "wiki/groups": "groups",
    "wiki/software": "software",
}


@require_safe
def old_address(request: HttpRequest, path: str) -> HttpResponse:
    """A redirect from an address of attack.mitre.org, or ours with a slash behind, to ours.

    Permanent, as it follows from the address's shape; temporary to a release, of which a newer one
    with the same number may come. Http404 for what is no such address.
    """
    versioned, pinned = VERSION.fullmatch(path), PINNED.fullmatch(path)
    addresses = Addresses()
    if versioned:
        path = versioned["rest"] or ""
        addresses = Addresses(_newest_release(int(versioned["number"]), path.rstrip("/")))
    elif pinned:
        path = pinned["rest"] or ""
        addresses = Addresses(pinned["release"])
    path = path.rstrip("/")
    target = _target(addresses, path) or _without_slash(request)
    if target is None and ("/" not in path or possible_ids(path)):
        return bare_id(request, path, addresses.release)
    if target is None:
        raise Http404(f"no such address: {path}")
    return redirect(request, target, permanent=versioned is None)


@require_safe
def bare_id(request: HttpRequest, attack_id: str, release: str = "") -> HttpResponse:
    """A redirect from an ATT&CK ID alone, in any case, to its page; a 404 where nothing has it.

    A kind as attack.mitre.org calls it, which stands alone as well, leads to its list for good.
    Of several kinds that MITRE gave one ID, to the kind that its letters name: deprecated
    mitigations carry T-numbers. Temporary: what has an ID is the edition's to say.
    """
    if (target := _target(Addresses(release), attack_id)) is not None:
        return redirect(request, target, permanent=True)
    current = shelf_of(request)
    shelf = pinned_shelf(current, release) if release else current
    if shelf is None or not can_be_held(attack_id):
        raise Http404(f"no object has the ID {attack_id}")
    likely = possible_ids(attack_id) | {attack_id: CERTAIN, attack_id.upper(): CERTAIN}
    rows = (
        SnapshotObject.objects.filter(snapshot__in=shelf.snapshots)
        .named(likely)
        .in_order_of_preference()
        .values_list("object__stix_type", "object__stix_id", "version__attack_id")
    )

    def place(row: tuple[str, str, str]) -> tuple[float, bool]:
        return -likely[row[2]], not is_lettered(type_of(row[0]), row[2])

    found = sorted(rows, key=place)
    # What is not typed to its end tells its kind all the same.
    by_likelihood = sorted(likely, key=likely.__getitem__, reverse=True)
    meant = next(filter(None, map(link_by_id, by_likelihood)), None)
    if not found and meant:
        asked = as_typed(attack_id) or meant.attack_id
        return not_found(request, shelf, KINDS[meant.kind], asked)
    if not found:
        raise Http404(f"no object has the ID {attack_id}")
    stix_type, stix_id, held_id = found[0]
    address = shelf.addresses.page(type_of(stix_type), held_id, stix_id)
    return redirect(request, address, permanent=False)


def _without_slash(request: HttpRequest) -> str | None:
    """The address of a page of ours that was given with a slash behind; None where it is none."""
    bare = request.path_info.rstrip("/")
    try:
        is_ours = bare != request.path_info and resolve(bare).func not in (old_address, bare_id)
    except Resolver404:
        return None
    return escape_uri_path(request.path.rstrip("/")) if is_ours else None


def _newest_release(number: int, path: str) -> str:
    """The newest release of a number that is held: 17.1 for 17; Http404 where there is none.

    Of those in which the object or the domain is held that a path of attack.mitre.org names, where
    any are: a release may be of one domain alone. Two queries.
    """
    held = [s for s in Snapshot.objects.standing() if not is_sample(s.attack_version)]
    held = [s for s in held if release_order(s.attack_version)[1][:1] == (number,)]
    if not held:
        raise Http404(f"no release {number} is held")
    # The newest come first.
    fitting = [snapshot for snapshot in held if snapshot.domain in path.lower().split("/")]
    link = parse_attack_url(f"/{path}") or link_by_id(path.replace("/", "."))
    if link is not None and not fitting:
        rows = SnapshotObject.objects.filter(snapshot__in=held).of_type(KINDS[link.kind])
        holding = set(rows.named([link.attack_id]).values_list("snapshot_id", flat=True))
        fitting = [snapshot for snapshot in held if snapshot.pk in holding]
    return (fitting or held)[0].attack_version


def _target(addresses: Addresses, path: str) -> str | None:
    """Our address for a path of attack.mitre.org; None where it is none."""
    path = WIKI.get(path.lower().replace("wiki/index.php/", "wiki/"), path)
    matrix = MATRIX_PATH.fullmatch(path.lower())
    if matrix:
        named = PLATFORMS.get((matrix["platform"] or "").replace("-", ""))
        if named is None:
            return None
        page = addresses.page(MATRIX, f"{matrix['domain']}-attack")
        return f"{page}?{urlencode({'platform': named})}" if named else page
    link = parse_attack_url(f"/{path}")
    # In a text a word may follow the ID; as an address that is another page, or none.
    if link is not None and path.replace("/", ".").upper().endswith(link.attack_id.upper()):
        return addresses.page(KINDS[link.kind], link.attack_id)
    first, _, rest = path.lower().partition("/")
    if not path:
        return addresses.home
    if first in KINDS and (not rest or rest in Domain.values):
        return addresses.listing(KINDS[first]) + (f"?domain={rest}" if rest else "")
    return None
