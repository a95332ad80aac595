"""Asks whether a known vulnerability touches what requirements.lock names: exit status 1 if so.

The advisories are those of osv.dev, asked by pip-audit. Where they cannot be reached, a sentence
says so and the status is 0: a machine without a network can be checked all the same.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
COMMAND = ["-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip"]
OPTIONS = ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"]
# Of one answer, and of all of them.
ANSWER_SECONDS, ALL_SECONDS = 10, 240
NO_NETWORK = re.compile(
    r"ConnectionError|NameResolutionError|Timeout|ProxyError|SSLError|ServiceError|HTTPError"
)


def main() -> int:
    """The exit status: 0 where nothing is known, or nothing could be asked."""
    command = [sys.executable, *COMMAND, *OPTIONS, "--timeout", str(ANSWER_SECONDS)]
    try:
        done = subprocess.run(  # noqa: S603  (our own words)
            command, capture_output=True, text=True, timeout=ALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return _unreachable()
    if not done.stdout:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        if NO_NETWORK.search(last):
            return _unreachable()
        print(f"requirements.lock could not be checked: {last}")
        return 1
    found = json.loads(done.stdout)
    packages = found["dependencies"]
    lines = [line for package in packages for line in _advisories(package)]
    if lines:
        print("\n".join(["Known vulnerabilities in requirements.lock:", *lines]))
        return 1
    print(f"No vulnerability is known in the {len(packages)} packages of requirements.lock.")
    return 0


def _unreachable() -> int:
    print("The advisories of osv.dev cannot be reached from here: requirements.lock is unchecked.")
    return 0


def _advisories(package: dict[str, object]) -> list[str]:
    """A line for each advisory on a package: what it is called, and what mends it."""
    advisories = package.get("vulns", [])
    assert isinstance(advisories, list)
    return [
        f"  {package['name']} {package['version']}: {found['id']},"
        f" mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for found in advisories
    ]


if __name__ == "__main__":
    sys.exit(main())
