"""`python -m tests.benchmarks [SUITE…]`: measure, print beside budgets; all suites but scale."""

import sys
import tempfile
from pathlib import Path

from glexia import embedded, env
from tests.benchmarks import (
    comparisons,
    histories,
    import_load,
    imports,
    pages,
    scale,
    serving,
)
from tests.benchmarks.lab import Lab

SUITES = {
    "imports": imports.measure,
    "pages": pages.measure,
    "histories": histories.measure,
    "comparisons": comparisons.measure,
    "serving": serving.measure,
    "load": import_load.measure,
    "scale": scale.measure,
}


def main() -> int:
    """Run the suites that are named, or all; the exit status is 0 once they are measured."""
    bundles = env.directory("ATTACK_BUNDLES")
    if bundles is None:
        print("ATTACK_BUNDLES must name the directory of real bundles.", file=sys.stderr)
        return 1
    unknown = set(sys.argv[1:]) - SUITES.keys()
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "data") as server:
        lab = Lab(bundles=bundles, folder=Path(folder), dsn=server.dsn)
        for name in sys.argv[1:] or list(SUITES):
            print(f"\n{name}")
            for line in SUITES[name](lab):
                print(f"  {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
