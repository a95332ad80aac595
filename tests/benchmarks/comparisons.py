"""Two releases of enterprise compared, nothing cached, against DiffStix in the same run."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from tests.benchmarks.lab import Lab, best

ROUNDS = 3
BEFORE, AFTER = "17.1", "18.1"
# Without its log, a line for each type.
DIFFSTIX = (
    "import sys; from loguru import logger; logger.remove();"
    " from mitreattack.diffStix.changelog_helper import DiffStix;"
    " DiffStix(['enterprise-attack'], old=sys.argv[1], new=sys.argv[2])"
)


def measure(lab: Lab) -> Iterator[str]:
    """A line for each budget of a comparison, and for its files and feeds."""
    url = lab.fresh_database()
    folders = []
    for release in (BEFORE, AFTER):
        bundle = lab.json_bundle(f"enterprise-attack-{release}")
        lab.run(url, "manage.py", "import_attack", str(bundle))
        folders.append(_folder(lab, release, bundle))
    yield from _pages(lab, url)
    reference = lab.run(lab.dsn, "-c", DIFFSTIX, *map(str, folders))
    yield f"{'DiffStix':37} {reference.seconds:6.2f} s {reference.peak_mib:5.0f} MiB"
    command = ("manage.py", "compare_releases", "enterprise", BEFORE, AFTER, "--json")
    ours = best([lab.run(url, *command) for _ in range(ROUNDS)])
    yield (
        f"{'compare_releases --json':37} {ours.seconds:6.2f} s {ours.peak_mib:5.0f} MiB"
        f"  {ours.seconds / reference.seconds:.3f} × (budget 0.1 ×)"
    )


def _folder(lab: Lab, release: str, bundle: Path) -> Path:
    """A folder with the bundle under the name that DiffStix reads."""
    folder = lab.folder / f"diffstix-{release}"
    folder.mkdir()
    (folder / "enterprise-attack.json").symlink_to(bundle)
    return folder


def _pages(lab: Lab, url: str) -> Iterator[str]:
    """The summary in fresh processes; what else a comparison has, once."""
    answers = lab.folder / "comparisons.json"
    rounds = []
    for _ in range(ROUNDS):
        lab.run(url, "-m", "tests.benchmarks.comparison_times", str(answers))
        rounds.append(orjson.loads(answers.read_bytes()))
    for address in rounds[0]:
        seconds = min(found[address]["seconds"] for found in rounds)
        budget = BUDGETS.get(address.rpartition("/")[2], "")
        yield f"{address:60} {seconds:5.2f} s  {rounds[0][address]['queries']} queries  {budget}"


BUDGETS = {f"{BEFORE}...{AFTER}?domain=enterprise": "(budget 1.0 s)", "json": "(budget 2 s)"}
