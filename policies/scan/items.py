"""What a scan judges: resources read from files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.engine.resource import Facts
from policies.engine.values import Value

NO_EDGES: Mapping[str, tuple[str, ...]] = {}


class InputError(ValueError):
    """A file cannot be scanned; the message names it and says what is wanted."""


@dataclass(frozen=True)
class Item:
    """One resource of a file."""

    facts: Facts
    value: Value
    file: str
    line: int = 1
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_EDGES)


def made_urn(stack: str, kind: str, name: str) -> str:
    """A URN for a resource of a file that has none."""
    return f"urn:pulumi:{stack}::scan::{kind}::{name}"


class Lines:
    """Tells on which line of a JSON text something stands; asked in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1

    def of(self, key: str, value: str) -> int:
        """The next line that holds `"key": "value"`, or the last one that was found."""
        written = json.dumps(value)
        for said in dict.fromkeys((written, json.dumps(value, ensure_ascii=False))):
            for pair in (f'"{key}": {said}', f'"{key}":{said}'):
                at = self._text.find(pair, self._at)
                if at >= 0:
                    self._line += self._text.count("\n", self._at, at)
                    self._at = at + 1
                    return self._line
        return self._line
