"""Holds ARM bodies against property paths that a second source, not this repository, gives."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

WANTED: Mapping[str, list[dict]] = yaml.safe_load(
    (Path(__file__).parent / "second_source.yaml").read_text()
)


def at(body: object, path: list[str]) -> Iterator[object]:
    """Yield what stands at a path; `*` is each item of a list, what is absent is None."""
    if not path:
        yield body
    elif path[0] == "*":
        for item in body if isinstance(body, list) else []:
            yield from at(item, path[1:])
    else:
        yield from at(body.get(path[0]) if isinstance(body, dict) else None, path[1:])


def differing(resources: list[dict]) -> tuple[list[str], set[str]]:
    """Return what is not as wanted, in words, and the types that were looked at."""
    wrong, seen = [], set()
    for kind, rows in WANTED.items():
        for resource in (one for one in resources if one["type"].lower() == kind.lower()):
            seen.add(kind)
            for row in rows:
                among = row.get("among", [row.get("want")])
                found = at(resource, row["path"].split("."))
                wrong += [
                    f"{resource['id']}: {row['path']} is {value!r}, not of {among}; {row['source']}"
                    for value in found
                    if value not in among
                ]
    return wrong, seen
