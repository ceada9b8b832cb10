"""Writes shapes as the entries of a module's file, equal types once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from shapes.grammar import Shape
from tools.shapes.mapping import Mapper

Entry = dict[str, object]
REFERENCE = re.compile(r"(?<!')#([\w.]+)")  # not the constants that begin with a hash


def write_sides(inputs: dict[str, Shape], outputs: dict[str, Shape]) -> Entry:
    """Write the inputs, and of the outputs only what differs."""
    entry: Entry = {}
    written: dict[str, str] = {}
    differing: dict[str, str] = {}
    for name, shape in inputs.items():
        written[name] = str(replace(shape, write_only=name not in outputs))
    for name, shape in outputs.items():
        plain = replace(shape, required=False, replaces=False)
        twin = inputs.get(name)
        same = twin and replace(twin, required=False, replaces=False, children=False) == plain
        if not same:
            differing[name] = str(plain)
    if written:
        entry["in"] = written
    if differing:
        entry["out"] = differing
    return entry


def rename_references(entry: Entry, names: Mapping[str, str]) -> None:
    """Point references at the type that stands for all equal ones."""
    for side in ("in", "out"):
        table = entry.get(side)
        if isinstance(table, dict):
            for prop, text in table.items():
                table[prop] = REFERENCE.sub(_renamed(names), text)


def merge_equal(mapper: Mapper) -> dict[str, str]:
    """Map each written type to the first equal one: most pairs of a native type look the same."""
    entries = dict(mapper.pairs.values())
    texts = {name: repr(write_sides(e.inputs, e.outputs)) for name, e in entries.items()}
    first: dict[str, str] = {name: entry.base for name, entry in entries.items()}
    while True:
        groups: dict[tuple[str, str], str] = {}
        new: dict[str, str] = {}
        for name, text in texts.items():
            signature = REFERENCE.sub(_renamed(first), text)
            new[name] = groups.setdefault((first[name], signature), name)
        if len(set(new.values())) == len(set(first.values())):
            return new
        first = new


def _renamed(names: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: "#" + names[found[1]]
