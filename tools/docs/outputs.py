"""`python -m tools.docs.outputs [--check]`: what a stack exports."""

import sys
from collections.abc import Iterator

from pydantic import BaseModel

from infra import stack_files
from infra.outputs import BY_NAME, PlatformOutputs, StampOutputs
from tools.docs.fresh import keep

TARGET = stack_files.ROOT / "docs" / "outputs.md"
COMMAND = "python -m tools.docs.outputs"
HEAD = f"""# Outputs

What `pulumi stack output --json` shows. `ml/`, CI and people find the platform by these alone; no
secret is among them. The contract is `infra/outputs.py`: a test holds each stack's outputs against
it. Made by `{COMMAND}`; do not edit.
"""


def document() -> str:
    """Return the whole file."""
    own = [*_rows(PlatformOutputs, without=StampOutputs)]
    stamp = [*_rows(StampOutputs), *_by_name()]
    head = ["| output | type | there | what it is |", "|---|---|---|---|"]
    region = (
        "## Of each region\n\nIn `stamps`, by region; the main region's stand at the top too.\n"
    )
    return (
        "\n".join([HEAD, "## Of the environment\n", *head, *own, "", region, *head, *stamp]) + "\n"
    )


def _rows(model: type[BaseModel], without: type[BaseModel] | None = None) -> Iterator[str]:
    known = without.model_fields if without else {}
    for name, field in model.model_fields.items():
        if name not in known:
            kind = "object" if "dict" in str(field.annotation) else "string"
            there = "always" if field.is_required() else "by setting"
            yield f"| `{name}` | {kind} | {there} | {field.description} |"


def _by_name() -> Iterator[str]:
    for prefix, words in BY_NAME.items():
        yield f"| `{prefix}NAME` | string | by setting | {words} |"


def main() -> int:
    """Write the file; with --check return 1 if it is stale."""
    return keep(TARGET, document(), COMMAND)


if __name__ == "__main__":
    sys.exit(main())
