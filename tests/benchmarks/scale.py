"""The trend over many releases: variants of the real bundles, imported in one run."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg

from tests.benchmarks import pages
from tests.benchmarks.lab import MIB, Lab

# As many as ATT&CK's published bundles come to: 110 bundles, 600,000 memberships.
VARIANTS = {"enterprise": 24, "mobile": 40, "ics": 40}
CHANGED_EACH = 20


def measure(lab: Lab) -> Iterator[str]:
    """Lines for the time, the size of the database, and the pages, few releases against many."""
    url = lab.fresh_database()
    lab.run(url, "manage.py", "import_attack", str(lab.bundles))
    yield "pages with the real bundles alone"
    yield from pages.report(lab, url)
    folder = lab.folder / "variants"
    folder.mkdir()
    count = sum(_write_variants(lab, folder, domain, number) for domain, number in VARIANTS.items())
    url = lab.fresh_database()
    cost = lab.run(url, "manage.py", "import_attack", str(folder))
    with psycopg.connect(url) as connection:
        size, memberships, contents = connection.execute(
            "SELECT pg_database_size(current_database()),"
            " (SELECT count(*) FROM library_snapshotobject),"
            " (SELECT count(*) FROM library_objectversion)"
        ).fetchone() or (0, 0, 0)
    yield (
        f"{count} bundles in one run: {cost.seconds:.0f} s (budget 180 s), {cost.peak_mib:.0f} MiB"
    )
    yield (
        f"{memberships:,} memberships, {contents:,} contents: {size / MIB:.0f} MiB of database"
        " (budget 600 MiB)"
    )
    yield "pages with all of them"
    yield from pages.report(lab, url)


def _write_variants(lab: Lab, folder: Path, domain: str, number: int) -> int:
    """Releases 1.0, 2.0, … of a domain, each with one object in CHANGED_EACH changed anew."""
    bundle = orjson.loads(lab.json_bundle(f"{domain}-attack-18.1").read_bytes())
    for release in range(1, number + 1):
        for place, found in enumerate(bundle["objects"]):
            if found["type"] == "x-mitre-collection":
                found["x_mitre_version"] = f"{release}.0"
            elif place % CHANGED_EACH == release % CHANGED_EACH:
                found["x_mitre_attack_spec_version"] = f"3.3.{release}"
        path = folder / f"{domain}-{release:03}.json"
        path.write_bytes(orjson.dumps(bundle))
    return number
