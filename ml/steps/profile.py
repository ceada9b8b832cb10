"""Profile: the features of examples are counted in cells that were frozen once."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ml import task as tasks
from ml.data import engine as engines
from ml.errors import TaskError
from ml.steps import command

if TYPE_CHECKING:
    import pyarrow as pa

    from ml.drift.bins import Bins
    from ml.drift.profile import Profile

BINS, PROFILE, ABOUT = "bins.json", "profile.json", "about.json"
BATCH = 65_536


def profile(
    task: tasks.Task,
    examples: Path,
    target: Path,
    reference: Path | None = None,
    engine: str = engines.NAMES[0],
) -> "Profile":
    """Count the examples; without a reference their own cells are frozen, with one its cells serve.

    The cells are chosen from the files in one pass of bounded memory; the engine does the counting.
    """
    from ml.data import examples as reading  # noqa: PLC0415  seconds that --help does not need
    from ml.data import features  # noqa: PLC0415  as above
    from ml.drift import query  # noqa: PLC0415  as above
    from ml.drift.layout import Layout  # noqa: PLC0415  as above

    data = examples / reading.DATA
    if not data.exists():
        raise TaskError(f"{examples} has no {reading.DATA}; give a folder that prepare wrote")
    bins = frozen(reference) if reference else _freeze(data, task.feature_names)
    layout = Layout(columns=task.feature_names, time=features.TIME)
    with engines.opened(engine) as opened:
        found = query.profile(opened.read([data]), bins, layout, execute=opened.table)
    if found.problems:
        raise TaskError(
            f"{examples} and the frozen cells do not fit: {'; '.join(found.problems)}; freeze them "
            "anew from the training examples"
        )
    (target / BINS).write_text(bins.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (target / PROFILE).write_text(found.text + "\n", encoding="utf-8")
    about = {
        "task": task.settings.name,
        "bins": bins.digest,
        "profile": found.digest,
        "rows": int(found.rows.sum()),
        "blocks": len(found.blocks),
    }
    (target / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return found


def _freeze(data: Path, columns: Sequence[str]) -> "Bins":
    from ml.drift import freeze  # noqa: PLC0415  see profile

    return freeze.freeze(_batches(data, columns), columns)


def _batches(data: Path, columns: Sequence[str]) -> Iterator["pa.RecordBatch"]:
    """Read the features of examples, one batch in memory at a time."""
    import pyarrow.dataset as ds  # noqa: PLC0415  see profile

    yield from ds.dataset(data, format="parquet").to_batches(
        columns=list(columns), batch_size=BATCH, use_threads=False
    )


def frozen(folder: Path) -> "Bins":
    """Read the cells of a profile."""
    from ml.drift.bins import Bins  # noqa: PLC0415  see profile

    path = folder / BINS
    if not path.is_file():
        raise TaskError(f"{folder} has no {BINS}; give the folder of the reference's profile")
    try:
        return Bins.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(f"{path} holds no cells of this version: {error}") from error


def main(arguments: Sequence[str]) -> None:
    """Read the command line and profile."""
    parser = command.parser("profile", "Count examples in cells that drift is computed from.")
    parser.add_argument("--examples", type=Path, required=True, help="folder that prepare wrote")
    parser.add_argument("--profile", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--reference", type=Path, help="profile whose cells serve (default: freeze new ones)"
    )
    parser.add_argument(
        "--engine", choices=engines.NAMES, default=engines.NAMES[0], help="default: duckdb"
    )
    given = parser.parse_args(arguments)
    target = command.made(given.profile)
    found = profile(tasks.load(given.task), given.examples, target, given.reference, given.engine)
    command.log.info("%d rows in %d blocks", int(found.rows.sum()), len(found.blocks))
    command.log.info("profile %s, cells %s", found.digest[:16], found.bins[:16])


if __name__ == "__main__":
    command.run(main)
