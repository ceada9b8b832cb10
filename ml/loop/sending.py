"""Sending a day's events to an online endpoint, as its callers would, and their labels later."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from ml import collected
from ml.errors import PlatformError
from ml.loop.year import Day
from ml.release.azure.replies import told_apart
from ml.serving.payload import ID

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

# The audience of tokens for online endpoints, and the header that says who answered.
SCOPE = "https://ml.azure.com/.default"
DEPLOYMENT = "azureml-model-deployment"
CORRELATION = "x-ms-client-request-id"
NOBODY = "none"
_FAILED = 500
_CAPACITY = frozenset({408, 424, 429})


@dataclass(frozen=True)
class Answered:
    """What became of one request."""

    deployment: str
    status: int
    ms: float

    @property
    def failed(self) -> bool:
        """Whether the service failed, not the caller."""
        return self.status >= _FAILED or self.status in _CAPACITY or self.status == 0


@dataclass(frozen=True)
class Sender:
    """Calls an endpoint; a failed request is counted and never sent twice."""

    uri: str
    token: Callable[[], str]
    time: str
    at_once: int = 2
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def send(self, day: Day, rows: int) -> list[Answered]:
        """Send a day's events in time order, so many to a request.

        Raises:
            PlatformError: the endpoint refuses the caller or the form of what is sent.
        """
        parts = [day.part(first, first + rows) for first in range(0, len(day), rows)]
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(self._call, parts))

    def _call(self, part: Day) -> Answered:
        names = list(part.columns)
        cells = zip(*(part.columns[name] for name in names), strict=True)
        body = {
            "input_data": {"columns": names, "data": [list(row) for row in cells]},
            "context": {ID: list(part.ids), self.time: list(part.times)},
        }
        headers = {
            "authorization": f"Bearer {self.token()}",
            "content-type": "application/json",
            CORRELATION: part.ids[0],
        }
        began = time.perf_counter()
        try:
            answer = self.client.post(self.uri, headers=headers, content=json.dumps(body))
        except httpx.TransportError:
            return Answered(NOBODY, 0, (time.perf_counter() - began) * 1e3)
        took = (time.perf_counter() - began) * 1e3
        found = Answered(answer.headers.get(DEPLOYMENT, NOBODY), answer.status_code, took)
        if answer.is_client_error and not found.failed:
            raise PlatformError(
                f"{self.uri} refuses a request ({answer.status_code}): {answer.text[:300]}"
            )
        return found


def deliver(container: "ContainerClient", endpoint: str, day: Day, names: collected.Columns) -> int:
    """Write a day's labels to where monitors and releases look for them; again is fine."""
    known = [
        (name, label) for name, label in zip(day.ids, day.labels, strict=True) if label in {0, 1}
    ]
    if known:
        path = f"{collected.labels_of(endpoint, day.day)}labels.jsonl"
        with told_apart(f"the labels of {day.day}"):
            container.upload_blob(path, "".join(_lines(known, names)), overwrite=True)
    return len(known)


def _lines(known: Sequence[tuple[str, int | None]], names: collected.Columns) -> Iterator[str]:
    for name, label in known:
        yield json.dumps({names.id: name, names.label: label}) + "\n"
