"""Hours that were counted before: each is read again only where its files or labels changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from ml.drift.bins import Stored
from ml.drift.monitor import Window


class Hour(Stored):
    """What was collected in an hour, counted by the day that rows are about.

    `files` and `labels` are the tags of all that was read; `lost` are answers whose inputs were
    not collected, so that they are not in any profile.
    """

    bins: str
    policy: str
    files: dict[str, str]
    labels: dict[str, str]
    days: dict[str, Window] = Field(default_factory=dict)
    answers: dict[str, int] = Field(default_factory=dict)
    lost: dict[str, int] = Field(default_factory=dict)

    def holds(self, bins: str, policy: str, files: Mapping[str, str]) -> bool:
        """Whether these are the counts of these files, in these cells, by this policy."""
        return (self.bins, self.policy, self.files) == (bins, policy, dict(files))


@dataclass(frozen=True)
class Store:
    """Counted hours as files: read from `earlier`, written to `target`."""

    target: Path | None = None
    earlier: Path | None = None

    def load(self, deployment: str, hour: str, bins: str) -> Hour | None:
        """Return an hour; one of another version of this code counts as never counted."""
        for folder in (self.target, self.earlier):
            path = folder and folder / self._name(deployment, hour, bins)
            if path and path.is_file():
                try:
                    return Hour.model_validate_json(path.read_text(encoding="utf-8"))
                except ValidationError:
                    continue
        return None

    def save(self, deployment: str, hour: str, counted: Hour) -> None:
        """Keep an hour."""
        if self.target:
            path = self.target / self._name(deployment, hour, counted.bins)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(counted.model_dump_json() + "\n", encoding="utf-8")

    @staticmethod
    def _name(deployment: str, hour: str, bins: str) -> Path:
        return Path(deployment) / bins[:16] / f"{hour.replace('/', '-')}.json"
