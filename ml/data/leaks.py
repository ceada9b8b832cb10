"""The leak guard: refuses features that are not known at the moment of prediction."""

from ml.errors import TaskError
from ml.task import Task


def guard(task: Task) -> None:
    """Raise with every feature that the schema does not call known before, and why."""
    leaks = [*_own(task), *_joined(task), *_split(task)]
    if leaks:
        raise TaskError("these leak what is not known at prediction time:\n" + "\n".join(leaks))


def _own(task: Task) -> list[str]:
    columns = task.events.columns
    used = {
        **{name: feature.sources for name, feature in task.settings.features.items()},
        **{f"key of {join.table}": tuple(join.keys) for join in task.settings.joins},
    }
    leaks: list[str] = []
    for name, sources in used.items():
        for source in sources:
            if source == task.settings.label.column:
                leaks.append(f"  {name}: {source} is the label")
            elif columns[source].known != "before":
                said = columns[source].known or "not stated"
                leaks.append(
                    f"  {name}: schema.yaml says {source} is known: {said}; only `known: before` "
                    "may be a feature"
                )
    return leaks


def _joined(task: Task) -> list[str]:
    leaks: list[str] = []
    for join in task.settings.joins:
        table = task.schema_.tables[join.table]
        if table.time and (join.hours_before or 0) < 1:
            leaks.append(
                f"  {join.table}: its rows happen at {table.time}; give hours_before: 1 or more, "
                "so that the row was there when the prediction was made"
            )
        if not table.time and join.hours_before is not None:
            leaks.append(f"  {join.table}: has no time column, so hours_before cannot be kept")
        leaks += [
            f"  {name}: schema.yaml says {join.table}.{source} is known: after"
            for name, source in join.features.items()
            if table.columns[source].known == "after"
        ]
    return leaks


def _split(task: Task) -> list[str]:
    split = task.settings.split
    return [f"  split: {problem}" for problem in split_problems(split.train, split.holdout)]


def split_problems(train: tuple[str, str], holdout: tuple[str, str]) -> list[str]:
    """Say what is wrong with the order of the periods; nothing when time only goes forward."""
    problems = [
        f"{name} goes from {first} back to {last}"
        for name, (first, last) in {"train": train, "holdout": holdout}.items()
        if first > last
    ]
    if holdout[0] <= train[1]:
        problems.append(
            f"the hold-out starts in {holdout[0]}, not after the training data, which end in "
            f"{train[1]}"
        )
    return problems
