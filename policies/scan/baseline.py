"""What was found before: a scan with a baseline tells only what is new."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policies.scan.items import InputError
from policies.scan.judging import Word


@dataclass(frozen=True)
class Baseline:
    """Rules and resources with the verdicts that are known already."""

    known: frozenset[tuple[str, str, str]]

    def has(self, rule: str, urn: str, word: Word) -> bool:
        """Whether it was there before, and no better; what was unknown and fails now is new."""
        before = {Word.FAIL} if word is Word.FAIL else {Word.FAIL, Word.UNKNOWN}
        return any((rule, urn, one.value) in self.known for one in before)


def load(path: Path) -> Baseline:
    """Read what `--json` wrote in an earlier scan."""
    wanted = "want what an earlier `mlops-policies scan --json` wrote"
    try:
        entries = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); {wanted}") from error
    if not isinstance(entries, list):
        raise InputError(f"{path} is no list; {wanted}")
    return Baseline(frozenset(_keys(entries, path, wanted)))


def _keys(entries: Iterable[object], path: Path, wanted: str) -> Iterable[tuple[str, str, str]]:
    for entry in entries:
        if not isinstance(entry, dict) or not {"rule", "urn", "verdict"} <= set(entry):
            raise InputError(f"{path} has an entry without rule, urn and verdict; {wanted}")
        yield str(entry["rule"]), str(entry["urn"]), str(entry["verdict"])
