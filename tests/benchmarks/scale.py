"""The trend over many releases: variants of the real bundles, imported in one run."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg

from tests.benchmarks import pages
from tests.benchmarks.lab import MIB, Lab

# About what ATT&CK's published bundles come to: 110 of them, which hold 600,000 memberships of
# 127,000 contents (168 MB of canonical JSON), the first far fewer than the last.
VARIANTS = {"enterprise": 30, "mobile": 40, "ics": 40}
FIRST_SHARE = 0.15
# One relationship in so many is changed in each release, and one of the other objects, which are
# longer.
CHANGED_EACH, OTHERS_CHANGED_EACH = 5, 13
LARGEST_TABLES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relname LIKE 'library%' ORDER BY 2 DESC LIMIT 6
"""


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
        size, memberships, contents, canonical = connection.execute(
            "SELECT pg_database_size(current_database()),"
            " (SELECT count(*) FROM library_snapshotobject),"
            " (SELECT count(*) FROM library_objectversion),"
            " (SELECT sum(octet_length(canonical)) FROM library_objectcontent)"
        ).fetchone() or (0, 0, 0, 0)
        tables = connection.execute(LARGEST_TABLES).fetchall()
    yield (
        f"{count} bundles in one run: {cost.seconds:.0f} s (budget 180 s), {cost.peak_mib:.0f} MiB"
    )
    yield (
        f"{memberships:,} memberships, {contents:,} contents"
        f" ({canonical / 1e6:.0f} MB of canonical JSON): {size / MIB:.0f} MiB of database"
        " (budget 600 MiB)"
    )
    yield ", ".join(f"{table.removeprefix('library_')} {size / MIB:.0f}" for table, size in tables)
    yield "pages with all of them"
    yield from pages.report(lab, url)


def _write_variants(lab: Lab, folder: Path, domain: str, number: int) -> int:
    """Releases 1.0, 2.0, … of a domain: each with more relationships, and objects changed anew."""
    bundle = orjson.loads(lab.json_bundle(f"{domain}-attack-18.1").read_bytes())
    objects = bundle["objects"]
    relationships = [found for found in objects if found["type"] == "relationship"]
    others = [found for found in objects if found["type"] != "relationship"]
    for release in range(1, number + 1):
        for place, found in enumerate(objects):
            if found["type"] == "x-mitre-collection":
                found["x_mitre_version"] = f"{release}.0"
            elif place % (each := _changed_each(found)) == release % each:
                found["x_mitre_attack_spec_version"] = f"3.3.{release}"
        share = FIRST_SHARE + (1 - FIRST_SHARE) * release / number
        bundle["objects"] = others + relationships[: int(len(relationships) * share)]
        path = folder / f"{domain}-{release:03}.json"
        path.write_bytes(orjson.dumps(bundle))
    return number


def _changed_each(found: dict[str, object]) -> int:
    return CHANGED_EACH if found["type"] == "relationship" else OTHERS_CHANGED_EACH
