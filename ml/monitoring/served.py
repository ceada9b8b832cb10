"""What the deployments of an endpoint served, counted hour by hour in a reference's cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from ml import collected
from ml.collected import Answer, Columns
from ml.drift import build
from ml.drift.layout import Block, Layout
from ml.drift.monitor import Reference, Window, window_of
from ml.drift.policy import Policy
from ml.monitoring.rows import Days, asked, day_of
from ml.monitoring.sources import Source
from ml.monitoring.store import Hour, Store
from ml.task import Task

FEW = 64  # windows that are kept before they are added up
Period = tuple[date, date]
Tags = dict[str, str]


@dataclass
class Seen:
    """A period: its window, nothing where nobody was answered, and how many answers it has."""

    answers: int = 0
    lost: int = 0
    read: int = 0
    known: int = 0
    _parts: list[Window] = field(default_factory=list)

    def add(self, part: Window) -> None:
        """Add the counts of some rows."""
        self._parts.append(part)
        if len(self._parts) >= FEW:
            self._parts = [window_of(self._parts)]

    @property
    def window(self) -> Window | None:
        """All counts together."""
        return window_of(self._parts) if self._parts else None


@dataclass
class Served:
    """The answers of deployments that serve the model which a reference is of."""

    task: Task
    policy: Policy
    reference: Reference
    source: Source
    endpoint: str
    deployments: Sequence[str]
    store: Store = field(default_factory=Store)
    _labels: dict[str, dict[str, float]] = field(default_factory=dict)

    def seen(self, *periods: Period) -> list[Seen]:
        """Count each period, both days of which belong to it, in one pass over the hours."""
        found = [Seen() for _ in periods]
        # An hour that is kept is counted whole; of others only what is asked for.
        for hour, fresh in self._hours(() if self.store.target else periods):
            for seen, period in zip(found, periods, strict=True):
                seen.read += fresh
                seen.known += not fresh
                for day, answers in hour.answers.items():
                    if _within(date.fromisoformat(day), [period]):
                        seen.answers += answers
                        seen.lost += hour.lost.get(day, 0)
                        if day in hour.days:
                            seen.add(hour.days[day])
        return found

    @property
    def columns(self) -> Columns:
        """What the task calls the columns of what was served."""
        policy = self.policy
        return Columns(score=policy.score, label=policy.label, time=policy.time)

    @cached_property
    def layout(self) -> Layout:
        """What is counted: all that the reference has counted too."""
        layout = self.policy.layout(self.task.feature_names, Block.DAY)
        known = self.reference.bins.columns
        return replace(layout, columns=tuple(name for name in layout.columns if name in known))

    @cached_property
    def _label_files(self) -> dict[str, Tags]:
        """The files of labels by their folder, each day's is one."""
        return _by_folder(self.source.files(f"{collected.LABELS}/{self.endpoint}/"))

    def _hours(self, periods: Sequence[Period]) -> Iterator[tuple[Hour, bool]]:
        """Yield every hour, and whether it was read now."""
        for deployment in self.deployments:
            outputs, inputs = (
                _by_folder(
                    self.source.files(collected.collection(self.endpoint, deployment, name)),
                    collected.collection(self.endpoint, deployment, name),
                )
                for name in (collected.OUTPUTS, collected.INPUTS)
            )
            order = sorted(outputs.keys() | inputs.keys())
            for place, hour in enumerate(order):
                if hour not in outputs:
                    continue
                # What was collected at a full hour may lie on both sides of it.
                beside = [order[at] for at in (place - 1, place + 1) if 0 <= at < len(order)]
                near = _joined(inputs.get(each, {}) for each in beside)
                stored = self.store.load(deployment, hour, self.reference.bins.digest)
                files = outputs[hour] | inputs.get(hour, {})
                if stored and self._holds(stored, files, near):
                    yield stored, False
                    continue
                counted = self._counted(outputs[hour], inputs.get(hour, {}), near, periods)
                self.store.save(deployment, hour, counted)
                yield counted, True

    def _holds(self, stored: Hour, files: Tags, near: Tags) -> bool:
        read = files | near if stored.lost else files
        bins, policy = self.reference.bins.digest, self.policy.digest
        return stored.holds(bins, policy, read) and stored.labels == self._tags(stored.answers)

    def _tags(self, days: Iterable[str]) -> Tags:
        """Return the label files of rows about these days.

        The day of a label's folder may be one of another zone's.
        """
        around = {
            date.fromisoformat(day) + timedelta(days=step) for day in days for step in (-1, 0, 1)
        }
        folders = (collected.labels_of(self.endpoint, day).rstrip("/") for day in sorted(around))
        return _joined(self._label_files.get(folder, {}) for folder in folders)

    def _counted(self, outputs: Tags, inputs: Tags, near: Tags, periods: Sequence[Period]) -> Hour:
        answers = self._answers(outputs, periods)
        by_day = _per_day(answers.values(), self.policy)
        tags = self._tags(by_day)
        labels = self._known(tags)
        rows = Days(self.policy, self.layout.columns, frozenset(self.task.categories))
        parts: dict[str, list[Window]] = {}

        def count() -> None:
            for day, batch in rows.batches():
                found = parts.setdefault(day.isoformat(), [])
                by = self.policy.segments.by if self.policy.segments else ()
                there = [name for name in by if name in batch.schema.names]
                bins = self.reference.bins
                found.append(
                    Window(
                        profile=build.profile([batch], bins, self.layout),
                        segments=build.segments([batch], bins, self.layout, there),
                    )
                )

        waiting, read = dict(answers), outputs | inputs
        for files in (inputs, near):
            if not waiting:
                break
            read |= files
            for name in files:
                lines = collected.documents(self.source.content(name))
                for id_, row in asked(lines, self.columns):
                    answer = waiting.pop(id_, None)
                    label = labels.get(id_)
                    if answer is not None and rows.add(row, answer, label):
                        count()
        count()
        return Hour(
            bins=self.reference.bins.digest,
            policy=self.policy.digest,
            files=read,
            labels=tags,
            days={day: window_of(found) for day, found in sorted(parts.items())},
            answers=by_day,
            lost=_per_day(waiting.values(), self.policy),
        )

    def _answers(self, files: Tags, periods: Sequence[Period]) -> dict[str, Answer]:
        """Return by id what was answered about the periods, or at all where there are none."""
        answers: dict[str, Answer] = {}
        for name in files:
            lines = collected.documents(self.source.content(name))
            for answer in collected.answers(lines, self.columns):
                if not periods or _within(day_of(answer.at, self.policy), periods):
                    answers.setdefault(answer.id, answer)
        return answers

    def _known(self, files: Tags) -> Mapping[str, float]:
        """Return the labels in these files; no others are held."""
        self._labels = {name: found for name, found in self._labels.items() if name in files}
        for name in files:
            if name not in self._labels:
                rows = collected.documents(self.source.content(name))
                self._labels[name] = dict(collected.labels(rows, self.columns))
        found: dict[str, float] = {}
        for name in sorted(files):
            found |= self._labels[name]
        return found


def _within(day: date, periods: Iterable[Period]) -> bool:
    return any(first <= day <= last for first, last in periods)


def _by_folder(files: Iterable[tuple[str, str]], below: str = "") -> dict[str, Tags]:
    found: dict[str, Tags] = {}
    for name, tag in files:
        found.setdefault(name.removeprefix(below).rpartition("/")[0], {})[name] = tag
    return found


def _joined(parts: Iterable[Tags]) -> Tags:
    return {name: tag for part in parts for name, tag in part.items()}


def _per_day(answers: Iterable[Answer], policy: Policy) -> dict[str, int]:
    found: dict[str, int] = {}
    for answer in answers:
        day = day_of(answer.at, policy).isoformat()
        found[day] = found.get(day, 0) + 1
    return dict(sorted(found.items()))
