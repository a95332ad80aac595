"""Change histories over many releases: variants of a real bundle, each a little changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.lab import Lab

RELEASES = 13
# As from enterprise 17.1 to 18.0: one relationship in seventy differs, and one in two of the other
# objects, most in form alone; one release rewrites the form of all, as some of ATT&CK's have.
FIRST_SHARE = 0.5
EDITED_EACH = {True: 140, False: 10}
FORMAL_EACH = {True: 140, False: 2}
REWRITING = 7
BUDGETS = {
    "/learn/attack/techniques/T1105/history": "(budget 80 ms, 15 queries)",
    "/learn/attack/techniques/T1059/history": "(budget 80 ms, 15 queries)",
    "/learn/attack/groups/G0007/history": "(budget 80 ms, 15 queries)",
    "/learn/attack/mitigations/M1037/history": "(budget 80 ms, 15 queries)",
    "/learn/attack/techniques/T1105/history?from=1.0&to=13.0": "",
    "/learn/attack/techniques/T1059/history?from=12.0&to=13.0": "",
    "/learn/attack/techniques/T1105": "(budget 150 ms, 15 queries)",
    "/learn/attack/mitigations/M1037": "(budget 60 ms, 12 queries)",
}


def measure(lab: Lab) -> Iterator[str]:
    """A line for each page of a library that holds so many releases of enterprise."""
    folder = lab.folder / "releases"
    folder.mkdir()
    _write_releases(lab, folder)
    url = lab.fresh_database()
    cost = lab.run(url, "-m", "tests.benchmarks.unvalidated", str(folder))
    yield f"{RELEASES} releases of enterprise imported in {cost.seconds:.0f} s"
    answers = lab.folder / "histories.json"
    lab.run(url, "-m", "tests.benchmarks.page_times", str(answers), *BUDGETS)
    pages = orjson.loads(answers.read_bytes())
    hello = pages["hello"]["median"]
    yield f"{'a bare view':60} {hello:6.2f} ms"
    for address, budget in BUDGETS.items():
        page = pages[address]
        yield (
            f"{address:60} {page['median']:6.2f} ms (first in its process {page['first']:.0f})"
            f"  {page['queries']} queries  {page['median'] / hello:.0f} ×  {budget}"
        )


def _write_releases(lab: Lab, folder: Path) -> None:
    """Releases 1.0, 2.0, …: each with more relationships, some texts edited, more in form alone."""
    bundle = orjson.loads(lab.json_bundle("enterprise-attack-18.1").read_bytes())
    objects = bundle["objects"]
    relationships = [found for found in objects if found["type"] == "relationship"]
    others = [found for found in objects if found["type"] != "relationship"]
    for release in range(1, RELEASES + 1):
        for place, found in enumerate(objects):
            _change(found, place, release)
        share = FIRST_SHARE + (1 - FIRST_SHARE) * release / RELEASES
        # Those of any object are spread over all of the bundle.
        kept = [found for place, found in enumerate(relationships) if place % 100 < share * 100]
        bundle["objects"] = others + kept
        (folder / f"enterprise-{release:02}.json").write_bytes(orjson.dumps(bundle))


def _change(found: dict[str, Any], place: int, release: int) -> None:
    is_relationship = found["type"] == "relationship"
    edited, formal = EDITED_EACH[is_relationship], FORMAL_EACH[is_relationship]
    if found["type"] == "x-mitre-collection":
        found["x_mitre_version"] = f"{release}.0"
    elif place % edited == release % edited and "description" in found:
        words = found["description"].split(" ")
        words[len(words) // 2] = f"otherwise-{release}"
        found["description"] = " ".join(words)
    elif place % formal == release % formal or release == REWRITING:
        found["x_mitre_attack_spec_version"] = f"3.3.{release}"
