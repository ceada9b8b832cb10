"""Would training help? A newly trained model and the champion answer the newest rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import TaskError
from ml.steps import command

if TYPE_CHECKING:
    from ml.retraining.helping import Answer

OUTPUT, ANSWER = "answer", "answer.json"


def would_help(task: str | Path, model: Path, holdout: Path, champion: Path) -> "Answer":
    """Compare two models on a hold-out that neither of them has seen.

    Raises:
        TaskError: the policy asks no such question, or a model has seen the hold-out.
    """
    from ml.gates import blocks, judge  # noqa: PLC0415  numpy and more that --help does not need
    from ml.gates import policy as gates  # noqa: PLC0415  as above
    from ml.retraining import helping, policy  # noqa: PLC0415  as above

    asked = policy.load(task).help
    if asked is None:
        raise TaskError(
            f"{task}/{policy.NAME} does not say how to ask whether training would help: give it a "
            "part `help`"
        )
    evidence = judge.gather(holdout, model, champion, gates.load(task).rules)
    if evidence.champion is None:
        raise TaskError("there is no champion to compare with; give --champion")
    days = blocks.days(evidence.examples.time, asked.zone)
    return helping.answer(asked, days, evidence.label, evidence.champion, evidence.challenger)


def main(arguments: Sequence[str]) -> None:
    """Read the command line, compare, and write the answer."""
    parser = command.parser("would_help", "Say whether training would help.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--holdout", type=Path, required=True, help="folder of hold-out examples")
    parser.add_argument("--champion", type=Path, required=True, help="folder of the champion")
    parser.add_argument("--answer", type=Path, required=True, help="folder for the answer")
    given = parser.parse_args(arguments)
    found = would_help(given.task, given.model, given.holdout, given.champion)
    text = found.model_dump_json(indent=2) + "\n"
    (command.made(given.answer) / ANSWER).write_text(text, encoding="utf-8")
    command.log.info("%s", found.reason)


if __name__ == "__main__":
    command.run(main)
