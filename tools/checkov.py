"""`python -m tools.checkov`: hold what the local Azure holds against Checkov's ARM rules.

Every failed check has to stand in docs/security.md with its reason, and every reason there has to
be needed still.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
REASONS = ROOT / "docs" / "security.md"
_LOCK = ROOT / "requirements" / "checkov.txt"
_ROW = re.compile(r"^\| (CKV2?_[A-Z]+_\d+) \| `([^`]+)` \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Failure:
    """A check that a resource type does not pass."""

    check: str
    type: str


def failures(reports: Iterable[dict]) -> Counter[Failure]:
    """Return how many resources of a type fail each check."""
    return Counter(
        Failure(found["check_id"], found["resource"].rpartition(".")[0])
        for report in reports
        for found in report["results"]["failed_checks"]
    )


def reasons(text: str) -> dict[Failure, str]:
    """Return what a document says of failed checks, from its table."""
    return {Failure(check, type_): why for check, type_, why in _ROW.findall(text)}


def compare(found: Iterable[Failure], given: Iterable[Failure]) -> list[str]:
    """Return what is wrong: failures without a reason, reasons without a failure."""
    found, given = set(found), set(given)
    unexplained = [f"no reason for {f.check} on {f.type}" for f in sorted(found - given)]
    needless = [
        f"a reason that nothing needs: {f.check} on {f.type}" for f in sorted(given - found)
    ]
    return unexplained + needless


def _checkov() -> Path:
    """Return the checker, installed once a lock in the user's cache."""
    environment = user_cache_path("azure-mlops") / "checkov" / _LOCK.stem
    program = environment / "bin" / "checkov"
    mark = environment / "installed.txt"
    if program.is_file() and mark.is_file() and mark.read_text() == _LOCK.read_text():
        return program
    uv = find_uv_bin()
    print("installing Checkov in an environment of its own ...", flush=True)
    subprocess.run([uv, "venv", "--quiet", "--clear", environment], check=True)
    pip = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", environment]
    subprocess.run([*pip, "-r", _LOCK], check=True)
    mark.write_text(_LOCK.read_text())
    return program


def command(folder: Path) -> list[str | Path]:
    """Return how to check a folder of templates without asking the vendor's host for anything."""
    checks = ("--framework", "arm", "--output", "json", "--skip-download", "--compact")
    return [_checkov(), "-d", folder, *checks]


def _reports(folder: Path) -> tuple[list[dict], int]:
    ran = subprocess.run(command(folder), capture_output=True, text=True, check=False)
    try:
        answer = json.loads(ran.stdout)
    except json.JSONDecodeError as error:
        msg = f"Checkov gave no report (exit code {ran.returncode}): {ran.stderr[-500:]}"
        raise SystemExit(msg) from error
    reports = answer if isinstance(answer, list) else [answer]
    return reports, sum(report["summary"]["passed"] for report in reports)


def main() -> int:
    """Return 0 if every failed check has a reason and every reason a failed check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--arm", type=Path, help="folder of `azlocal export --arm-template`; exported if not given"
    )
    given = parser.parse_args().arm
    with tempfile.TemporaryDirectory() as scratch:
        folder = given or Path(scratch)
        if given is None:
            export = [sys.executable, "-m", "emulator.cli.main", "export", "--arm-template", folder]
            subprocess.run(export, check=True)
        reports, passed = _reports(folder)
    found, explained = failures(reports), reasons(REASONS.read_text())
    for failure, count in sorted(found.items()):
        why = explained.get(failure, "NO REASON")
        print(f"{failure.check}  {failure.type}  x{count}: {why}")
    print(f"Checkov: {passed} checks passed, {sum(found.values())} failed")
    wrong = compare(found, explained)
    for line in wrong:
        print(f"error: {line} (docs/security.md)", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
