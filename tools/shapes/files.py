"""Writes and compares the generated data: one file a module, one line an entry."""

from __future__ import annotations

import json
from pathlib import Path

from tools.shapes.build import Builder, Built
from tools.shapes.native import module_names, read_module

FOLDER = Path(__file__).parents[2] / "shapes" / "data"
SECTIONS = ("resources", "functions", "types", "enums")


def render(built: Built) -> str:
    """Return a module's file: valid JSON in which each entry is one line."""
    parts = []
    for section in SECTIONS:
        table = getattr(built, section)
        lines = [
            f" {json.dumps(name)}:{json.dumps(table[name], separators=(',', ':'))}"
            for name in sorted(table)
        ]
        parts.append(f'"{section}":{{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def build(module: str) -> Built:
    """Read and build one module."""
    return Builder(read_module(module)).build()


def modules(only: list[str]) -> list[str]:
    """Return the modules to work on; a clear error for one that does not exist."""
    known = module_names()
    if unknown := sorted(set(only) - set(known)):
        msg = f"azure-native has no module {', '.join(unknown)}; see `ls pulumi_azure_native`"
        raise LookupError(msg)
    return only or known


def stale(module: str, text: str) -> bool:
    """Tell whether the committed file differs from what the packages say now."""
    path = FOLDER / f"{module}.json"
    return not path.exists() or path.read_text() != text
