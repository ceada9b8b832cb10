"""Merge: the scores of all mini-batches become one file, a row for each row, in input order."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ml.scoring import plan as plans
from ml.steps import command


def model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says which model scores."""
    parser.add_argument("--model-name", required=True, help="name that the model has")
    parser.add_argument("--model-version", required=True, help="its version")
    parser.add_argument("--model-digest", required=True, help="digest that its bytes must have")


def model_of(given: argparse.Namespace) -> plans.Model:
    """Return the model that the arguments ask for."""
    return plans.Model(
        name=given.model_name, version=given.model_version, digest=given.model_digest
    )


def main(arguments: Sequence[str]) -> None:
    """Read the command line and merge."""
    parser = command.parser("score_merge", "Put the scores of all mini-batches together.")
    parser.add_argument("--batches", type=Path, required=True, help="mini-batches that were scored")
    parser.add_argument("--plan", type=Path, required=True, help="folder of score_prepare's plan")
    parser.add_argument("--scores", type=Path, required=True, help="folder of their scores")
    parser.add_argument("--merged", type=Path, required=True, help="folder for all scores")
    model_arguments(parser)
    given = parser.parse_args(arguments)
    from ml.scoring import merge  # noqa: PLC0415  pyarrow takes time that --help does not need

    plan = plans.read(given.plan)
    made = merge.merge(plan, model_of(given), given.batches, given.scores, given.merged)
    command.log.info(
        "%d rows scored by %s version %s", made.rows, made.model_name, made.model_version
    )


if __name__ == "__main__":
    command.run(main)
