"""`python -m tools.docs.environments [--check]`: how the environments differ."""

import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from pydantic import BaseModel

from infra import stack_files
from tools.docs.fresh import keep

TARGET = stack_files.ROOT / "docs" / "environments.md"
COMMAND = "python -m tools.docs.environments"
NONE = "-"
HEAD = f"""# Environments

How the stacks differ: each value is what the platform's program runs with, from `Pulumi.yaml`
and the stack's own file. Bold rows differ between stacks. Made by `{COMMAND}`;
do not edit.
"""


def document() -> str:
    """The whole file."""
    names = sorted(stack_files.stacks(), key=_by_weight)
    tables = [dict(_rows(stack_files.settings_of(name))) for name in names]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    lines = [
        HEAD,
        f"| setting | {' | '.join(names)} | what it is |",
        f"|---|{'---|' * len(names)}---|",
    ]
    for key in keys:
        values = [table[key][0] if key in table else NONE for table in tables]
        words = next(table[key][1] for table in tables if key in table)
        shown = f"**{key}**" if len(set(values)) > 1 else key
        lines.append(f"| {shown} | {' | '.join(values)} | {words} |")
    return "\n".join(lines) + "\n"


def _by_weight(stack: str) -> tuple[int, int, str]:
    settings = stack_files.settings_of(stack)
    return len(settings.regions), settings.monitoring.retention_days, stack


def _rows(part: BaseModel, prefix: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{key}.")
        elif isinstance(value, dict) and any(isinstance(v, BaseModel) for v in value.values()):
            for entry, below in value.items():
                yield from _rows(below, f"{key}.{entry}.")
        elif name != "environment":
            words = " ".join((field.description or "").split())
            yield key, (_cell(value), words.replace("|", r"\|"))


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case None | () | {}:
            return NONE
        case tuple() | list():
            return ", ".join(_cell(item) for item in value)
        case _:
            return str(value)


def main(target: Path = TARGET) -> int:
    """Write the file; with --check return 1 if it is stale."""
    return keep(target, document(), COMMAND)


if __name__ == "__main__":
    sys.exit(main())
