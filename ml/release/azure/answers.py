"""Reading what the deployments of one endpoint answered, and the labels that came since."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from ml import collected
from ml.collected import Answer, Columns
from ml.release.azure.replies import told_apart

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


@dataclass
class Answers:
    """The answers and labels of an endpoint; a file that has not changed is read once."""

    container: "ContainerClient"
    endpoint: str
    columns: Columns = field(default_factory=Columns)
    _answers: dict[str, tuple[str, list[Answer]]] = field(default_factory=dict)
    _labels: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict)

    def of(self, deployment: str, since: datetime, until: datetime) -> dict[str, Answer]:
        """Return by id what was answered from `since` to before `until`, each row's first."""
        found: dict[str, Answer] = {}
        folder = collected.collection(self.endpoint, deployment, collected.OUTPUTS)
        for hour in collected.hours(since, until):
            for name, tag in self._files(folder + hour):
                known = self._answers.get(name)
                if known is None or known[0] != tag:
                    lines = collected.documents(self._content(name))
                    known = tag, list(collected.answers(lines, self.columns))
                    self._answers[name] = known
                for answer in known[1]:
                    if since <= answer.collected < until:
                        found.setdefault(answer.id, answer)
        return found

    def labels(self, since: datetime, until: datetime) -> dict[str, float]:
        """Return by id the labels, as known by now, of rows about a time."""
        found: dict[str, float] = {}
        for day in collected.days(since, until):
            for name, tag in self._files(collected.labels_of(self.endpoint, day)):
                known = self._labels.get(name)
                if known is None or known[0] != tag:
                    rows = collected.documents(self._content(name))
                    known = tag, dict(collected.labels(rows, self.columns))
                    self._labels[name] = known
                found |= known[1]
        return found

    def _files(self, folder: str) -> Iterator[tuple[str, str]]:
        with told_apart(f"data below {folder}"):
            for blob in self.container.list_blobs(name_starts_with=folder):
                yield str(blob.name), str(blob.etag)

    def _content(self, name: str) -> bytes:
        with told_apart(f"data in {name}"):
            try:
                return self.container.download_blob(name).readall()
            except ResourceNotFoundError:
                return b""  # removed since it was listed
