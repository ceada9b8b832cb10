"""What deployments answered and what turned out to be true: where it lies, and what is in it.

Azure ML's data collector writes one document a line, each with the rows of one request:
`modelDataCollector/ENDPOINT/DEPLOYMENT/{model_inputs,model_outputs}/yyyy/MM/dd/HH/*.jsonl` in the
workspace's own blob store, by the hour in which they were collected. Labels come later, from
whoever knows them, as rows of JSON: `labels/ENDPOINT/yyyy/MM/dd/*.jsonl`, by the day that the
request's row is about.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

PREFIX, LABELS = "modelDataCollector", "labels"
INPUTS, OUTPUTS = "model_inputs", "model_outputs"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Columns:
    """What the columns of collected rows and of labels are called.

    The collector's own correlation id is one for all rows of a request, so each row carries one of
    its own. A row without the column `time` is of the moment at which it was collected.
    """

    id: str = "request_id"
    score: str = "score"
    label: str = "label"
    time: str | None = None
    entity: str | None = None
    latency: str = "latency_ms"


@dataclass(frozen=True)
class Answer:
    """One row that a deployment scored.

    `at` is the moment that the row is about, `collected` when it was answered; `request` is the
    correlation id of the request, which may have had more rows.
    """

    id: str
    score: float
    at: datetime
    collected: datetime
    request: str
    entity: str
    latency_ms: float | None = None


def collection(endpoint: str, deployment: str, name: str) -> str:
    """Return the folder of one collection of a deployment."""
    return f"{PREFIX}/{endpoint}/{deployment}/{name}/"


def hours(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the folders, below a collection's, that hold what was collected in a time."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    # One more: the collector hands over what it has a moment after the answer was given.
    while hour <= until.astimezone(UTC) + timedelta(minutes=5):
        yield f"{hour:%Y/%m/%d/%H}/"
        hour += _HOUR


def labels_of(endpoint: str, day: date) -> str:
    """Return the folder of the labels of one day's rows."""
    return f"{LABELS}/{endpoint}/{day:%Y/%m/%d}/"


def days(since: datetime, until: datetime) -> Iterator[date]:
    """Yield the days in UTC, as folders of labels are named."""
    day = since.astimezone(UTC).date()
    while day <= until.astimezone(UTC).date():
        yield day
        day += timedelta(days=1)


def documents(content: bytes) -> Iterator[dict[str, object]]:
    """Yield the documents of a file; one that a full disk has cut off counts as missing."""
    for line in content.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def answers(lines: Iterable[Mapping[str, object]], names: Columns) -> Iterator[Answer]:
    """Yield the rows of collected outputs; one without id, score or time counts as missing."""
    for line in lines:
        rows, time = line.get("data"), line.get("time")
        if not isinstance(rows, list) or time is None:
            continue
        moment = moment_of(str(time))
        for row in rows:
            if row.get(names.id) is None or row.get(names.score) is None:
                continue
            about = row.get(names.time) if names.time else None
            took = row.get(names.latency)
            yield Answer(
                id=str(row[names.id]),
                score=float(row[names.score]),
                at=moment if about is None else moment_of(str(about)),
                collected=moment,
                request=str(line.get("correlationid") or row[names.id]),
                entity=str(row[names.entity] if names.entity else row[names.id]),
                latency_ms=None if took is None else float(took),
            )


def labels(rows: Iterable[Mapping[str, object]], names: Columns) -> Iterator[tuple[str, float]]:
    """Yield the id of a request's row and its label."""
    for row in rows:
        label = row.get(names.label)
        if isinstance(label, int | float) and row.get(names.id) is not None:
            yield str(row[names.id]), float(label)


def moment_of(text: str) -> datetime:
    """Read a moment; one without a zone is in UTC, as all that Azure ML writes."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
