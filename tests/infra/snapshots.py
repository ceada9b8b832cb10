"""`python -m tests.infra.snapshots`: write the list of each stack's resources anew.

A change of the list is seen in review: what a stack gains, loses or renames is one line each.
"""

from pathlib import Path

from infra.__main__ import main
from tests.infra.recorder import Recording, record
from tests.infra.stacks import STACKS, stack_config

FOLDER = Path(__file__).parent / "snapshots"


def listed(recording: Recording) -> str:
    """Return a line for each resource: type and name."""
    return "".join(sorted(f"{made.type} {made.name}\n" for made in recording.resources))


def path(stack: str) -> Path:
    """Return the file that holds a stack's list."""
    return FOLDER / f"{stack}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in STACKS:
        path(name).write_text(listed(record(main, stack=name, config=stack_config(name))))
