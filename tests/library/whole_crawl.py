"""`python -m tests.library.whole_crawl`: read the pages of the real releases, say what is wrong.

Of the current releases every page, of each other one so many of each kind, by chance; and all that
the links of these lead to, files as well. A fresh database of its own holds the bundles that
ATTACK_BUNDLES names, and as many processes as there are processors read. The exit status is 0 where
nothing is wrong.

With `--one-in 20` one in so many is followed of the links that sort a table and of those to files,
of which each page has some six, of few forms. Two processes on two cores that had other work as
well read 10 pages a second, of 14,000, and followed 29 such links a second.
"""

import argparse
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
ONE_FORM = re.compile(r"[?&]sort=|/(?:json|csv|xlsx|stix|navigator)(?:\?|$)")
SAY_EVERY_SECONDS = 15

type Task = "Stop | str | tuple[str, str]"


def main() -> int:
    """Import, read, follow the links, and print what was found."""
    one_in = _one_in(sys.argv[1:])
    bundles = env.directory("ATTACK_BUNDLES")
    if bundles is None:
        print("ATTACK_BUNDLES must name the directory of real bundles.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "data") as server:
        os.environ["DATABASE_URL"] = server.dsn
        set_up()
        _fill(bundles)
        known = _crawl(random.Random(_seed()), one_in)
    return _report(known)


def _one_in(arguments: Sequence[str]) -> int:
    """One of how many links to files, and of those that sort a table, is to be followed."""
    asked = argparse.ArgumentParser(prog="make crawl", description=__doc__)
    asked.add_argument(
        "--one-in",
        type=int,
        default=1,
        metavar="N",
        help="of the links to files, and that sort a table, follow one in N (1: every one)",
    )
    one_in: int = asked.parse_args(arguments).one_in
    if one_in < 1:
        asked.error("--one-in takes a whole number from 1 on")
    return one_in


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


def _crawl(seed: random.Random, one_in: int) -> "Known":
    from tests.library.crawl import Known
    from tests.library.itinerary import everything

    known = Known()
    plan = everything(seed, pinned=PINNED)
    with get_context("spawn").Pool(initializer=set_up) as readers:
        _share(readers, "lists", plan.lists, known)
        _share(readers, "pages", plan.pages, known)
        unvisited = known.unvisited()
        links = followed(unvisited, seed, one_in)
        print(f"{len(links)} of {len(unvisited)} links beyond them are followed", flush=True)
        _share(readers, "links beyond them", links, known)
    known.findings += known.dead_anchors()
    return known


def followed(
    links: Sequence[tuple[str, str]], seed: random.Random, one_in: int
) -> list[tuple[str, str]]:
    """The links to follow, each with its page: of those of few forms one in so many."""
    return [link for link in links if not ONE_FORM.search(link[0]) or not seed.randrange(one_in)]


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
