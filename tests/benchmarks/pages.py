"""Pages with nothing cached, beside a bare Django view in the same fresh process."""

from collections.abc import Iterator

import orjson

from tests.benchmarks.lab import Lab

BUDGETS = {
    "/learn/attack/mitigations/M1037": "(budget 60 ms, 12 queries)",
    "/learn/attack/mitigations": "(budget 8 queries)",
    "/learn/attack/techniques/T1105": "(budget 150 ms, 15 queries)",
    "/learn/attack/techniques/T1059": "(budget 60 ms, 12 queries)",
    "/learn/attack/groups/G0007": "(budget 60 ms, 12 queries)",
    "/learn/attack/software/S0154": "(budget 60 ms, 12 queries)",
    "/learn/attack/matrices/enterprise-attack": "(budget 120 ms, 10 queries)",
}


def measure(lab: Lab) -> Iterator[str]:
    """A line for each page, with all real bundles imported."""
    url = lab.fresh_database()
    lab.run(url, "manage.py", "import_attack", str(lab.bundles))
    lab.run(url, "manage.py", "import_takes", "fixtures/takes")
    yield from report(lab, url)


def report(lab: Lab, url: str) -> Iterator[str]:
    """A line for each page of a library that is filled already."""
    answers = lab.folder / "pages.json"
    lab.run(url, "-m", "tests.benchmarks.page_times", str(answers))
    pages = orjson.loads(answers.read_bytes())
    hello, searches = pages.pop("hello"), pages.pop("searches")
    derived, typical = pages.pop("derived"), pages.pop("typical")
    yield f"{'a bare view':42} {hello['median']:6.2f} ms"
    for address, page in pages.items():
        yield (
            f"{address:42} {page['median']:6.2f} ms (first in its process {page['first']:.0f})"
            f"  {page['queries']} queries  {page['median'] / hello['median']:.0f} ×"
            f"  {BUDGETS.get(address, '')}"
        )
    for way, times in searches.items():
        yield (
            f"{f'200 searches {way}':42} {times['median']:6.2f} ms, p95 {times['p95']:.1f} ms,"
            f" worst {times['worst']:.1f} ms  (budget p95 25 ms)"
        )
    yield (
        f"{f'{typical["count"]} pages of objects at random':42} {typical['median']:6.2f} ms,"
        f" p95 {typical['p95']:.1f} ms, worst {typical['worst']:.1f} ms  (budget 60 ms)"
    )
    yield (
        f"{f'{derived["count"]} derived Takes':42} {derived['median']:6.2f} ms,"
        f" p95 {derived['p95']:.1f} ms, worst {derived['worst']:.1f} ms,"
        f" {derived['seconds']:.1f} s in all  (budget 20 ms, 60 s in all)"
    )
