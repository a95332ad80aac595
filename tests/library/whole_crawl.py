"""`python -m tests.library.whole_crawl`: read every page of the real releases, say what is wrong.

A fresh database of its own holds the bundles that ATTACK_BUNDLES names, and as many processes as
there are processors read. The exit status is 0 where nothing is wrong.
"""

import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import TYPE_CHECKING

import django

from glexia import embedded, env

if TYPE_CHECKING:
    from tests.library.crawl import Known
    from tests.library.itinerary import Stop

PINNED = 25
# Links that sort a table, and those to files, are tens of thousands of few forms: one in so many
# is followed.
OF_ONE_FORM = 20
ONE_FORM = re.compile(r"[?&]sort=|/(?:json|csv|xlsx|stix|navigator)(?:\?|$)")
SAY_EVERY_SECONDS = 15

type Task = "Stop | str | tuple[str, str]"


def main() -> int:
    """Import, read, follow the links, and print what was found."""
    bundles = env.directory("ATTACK_BUNDLES")
    if bundles is None:
        print("ATTACK_BUNDLES must name the directory of real bundles.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "data") as server:
        os.environ["DATABASE_URL"] = server.dsn
        set_up()
        _fill(bundles)
        known = _crawl(random.Random(_seed()))
    return _report(known)


def set_up() -> None:
    """Django with the plain names of static files, in this process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "glexia.settings"
    os.environ["DEBUG"] = "1"
    django.setup()
    from django.conf import settings

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]


def _seed() -> int:
    seed = int(os.environ.get("CRAWL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CRAWL_SEED={seed}", flush=True)
    return seed


def _fill(bundles: Path) -> None:
    from django.core.management import call_command

    from importer.pipeline import Options, import_bundles
    from importer.sources import file_sources

    call_command("migrate", verbosity=0)
    reports = import_bundles(file_sources([bundles]), Options(validate=False))
    print(f"{len(reports)} bundles imported", flush=True)


def _crawl(seed: random.Random) -> "Known":
    from tests.library.crawl import Known
    from tests.library.itinerary import everything

    known = Known()
    plan = everything(seed, pinned=PINNED)
    with get_context("spawn").Pool(initializer=set_up) as readers:
        _share(readers, "lists", plan.lists, known)
        _share(readers, "pages", plan.pages, known)
        links = [each for each in known.unvisited() if _is_followed(each[0], seed)]
        _share(readers, "links beyond them", links, known)
    known.findings += known.dead_anchors()
    return known


def _is_followed(link: str, seed: random.Random) -> bool:
    return not ONE_FORM.search(link) or seed.randrange(OF_ONE_FORM) == 0


def _share(readers: Pool, what: str, tasks: Sequence[Task], known: "Known") -> None:
    """Have the tasks done by all processes, and say now and then how far they are."""
    said = begun = time.monotonic()
    for done, part in enumerate(readers.imap_unordered(do, tasks), 1):
        known.add(part)
        now = time.monotonic()
        if now - said > SAY_EVERY_SECONDS or done == len(tasks):
            said = now
            wrong = f"{len(known.findings)} things wrong"
            print(f"{done} of {len(tasks)} {what}, {now - begun:.0f} s, {wrong}", flush=True)


def do(task: Task) -> "Known":
    """What one task shows: a page to read, a list to walk through, or a link to follow."""
    from django.test import Client

    from tests.library.crawl import Crawler
    from tests.library.itinerary import Stop

    crawler = Crawler(Client())
    if isinstance(task, Stop):
        crawler.read(task.address, task.shows, task.status)
    elif isinstance(task, str):
        crawler.walk(task)
    else:
        crawler.visit(*task)
    return crawler.known


def _report(known: "Known") -> int:
    """Print what was visited and what was found; the exit status of the whole."""
    from tests.library.crawl import form_of

    print(f"Read {known.pages} pages and visited {len(known.ids)} addresses:")
    for form, count in sorted(Counter(map(form_of, known.ids)).items()):
        print(f"  {count:6} {form}")
    for found in sorted(set(known.findings)):
        print(found)
    print(f"{len(known.findings)} things wrong" if known.findings else "Nothing is wrong.")
    return 1 if known.findings else 0


if __name__ == "__main__":
    sys.exit(main())
