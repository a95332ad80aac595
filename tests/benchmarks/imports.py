"""Imports, against MitreAttackData reading the same file in the same run."""

from collections.abc import Iterator

from tests.benchmarks.lab import Cost, Lab, best

ROUNDS = 3
REFERENCE = (
    "import sys; from mitreattack.stix20 import MitreAttackData; MitreAttackData(sys.argv[1])"
)


def measure(lab: Lab) -> Iterator[str]:
    """A line for each budget of the import."""
    newer, older = (
        str(lab.json_bundle("enterprise-attack-18.1")),
        str(lab.json_bundle("enterprise-attack-18.0")),
    )
    reference = best([lab.run(lab.dsn, "-c", REFERENCE, newer) for _ in range(ROUNDS)])
    yield (
        f"MitreAttackData(enterprise 18.1)      {reference.seconds:5.2f} s"
        f" {reference.peak_mib:4.0f} MiB"
    )
    whole = best([_import(lab, newer) for _ in range(ROUNDS)])
    yield (
        f"import, every object validated        {whole.seconds:5.2f} s {whole.peak_mib:4.0f} MiB"
        f"  {whole.seconds / reference.seconds:.2f} × (budget 1.0 ×, 450 MiB)"
    )
    module = ("-m", "tests.benchmarks.unvalidated")
    bare = best([lab.run(lab.fresh_database(), *module, newer) for _ in range(ROUNDS)])
    yield (
        f"import, nothing validated             {bare.seconds:5.2f} s {bare.peak_mib:4.0f} MiB"
        f"  {bare.seconds / reference.seconds:.2f} × (budget 0.6 ×)"
    )
    firsts, nexts, agains = [], [], []
    for _ in range(ROUNDS):
        url = lab.fresh_database()
        firsts.append(lab.run(url, "manage.py", "import_attack", older))
        nexts.append(lab.run(url, "manage.py", "import_attack", newer))
        agains.append(lab.run(url, "manage.py", "import_attack", newer))
    first, following, again = best(firsts), best(nexts), best(agains)
    yield f"enterprise 18.0 into an empty library {first.seconds:5.2f} s"
    yield (
        f"enterprise 18.1 on top of it          {following.seconds:5.2f} s"
        f"           {following.seconds / first.seconds:.2f} × (budget 0.5 ×)"
    )
    yield f"enterprise 18.1 again                 {again.seconds:5.2f} s           (budget 1.5 s)"


def _import(lab: Lab, path: str) -> Cost:
    return lab.run(lab.fresh_database(), "manage.py", "import_attack", path)
