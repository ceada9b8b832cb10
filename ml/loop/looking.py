"""Looking at a month that was served: how well, and what the monitors say of it."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ml import evidence
from ml import task as tasks
from ml.archive import Archive
from ml.drift import policy as monitors
from ml.drift.findings import Finding, Level, Signal
from ml.drift.monitor import Reference
from ml.errors import TaskError
from ml.loop.engine import Monitored
from ml.loop.record import Alert, Decision, DriftCell
from ml.loop.record import Level as _Level
from ml.loop.serving import Serving
from ml.monitoring import BlobSource, Look, Served, look

_DRIFT = frozenset({Signal.DRIFT, Signal.PREDICTION})
MOST_NAMED = 3


@dataclass
class Looking:
    """The monitors of the champion, asked once a month."""

    serving: Serving
    _references: dict[str, Reference] = field(default_factory=dict)
    last: Look | None = None

    def look(self, month: str, first: date, last: date) -> Monitored:
        """Hold the month against what the champion answered to its hold-out."""
        deployment = self.serving.champion()
        served = Served(
            tasks.load(self.serving.task),
            monitors.load(self.serving.task),
            self._reference(self.serving.versions[deployment]),
            BlobSource(self.serving.answers.container),
            self.serving.endpoint,
            [deployment],
        )
        found = self.last = look(served, first, last)
        at = self.serving.clock.now()
        alarms = found.findings.alarms
        named = "; ".join(f"{each.name}: {each.reason}" for each in alarms[:MOST_NAMED])
        more = f"; and {len(alarms) - MOST_NAMED} more" if len(alarms) > MOST_NAMED else ""
        return Monitored(
            month=self.serving.month(month, first, last),
            alerts=tuple(
                Alert(
                    at=at,
                    level=_level(each),
                    signal=str(each.signal),
                    subject=f"{each.subject} in {each.segment}" if each.segment else each.subject,
                    reason=each.reason,
                    event=found.event,
                )
                for each in alarms
            ),
            drift=tuple(cells(month, found.findings.findings)),
            decision=Decision(
                at=at,
                kind="monitor",
                subject=f"{month}, {deployment}",
                verdict=found.alarm,
                reason=f"{named}{more}" or "nothing is larger than chance and the policy allow",
                numbers={
                    "rows": found.findings.rows,
                    "tests": found.findings.tests,
                    "pages": len(found.findings.pages),
                    "notes": len(alarms) - len(found.findings.pages),
                },
            ),
        )

    def _reference(self, version: str) -> Reference:
        if version not in self._references:
            archive = Archive(self.serving.workspace)
            with tempfile.TemporaryDirectory(prefix="mlops-reference-") as scratch:
                folder = archive.model_folder(archive.model(version), Path(scratch))
                path = folder / evidence.FOLDER / evidence.REFERENCE
                if not path.is_file():
                    raise TaskError(
                        f"{version} brings no {evidence.REFERENCE}, so that nothing can be held "
                        "against it; let `mlops train` register it anew"
                    )
                self._references[version] = Reference.model_validate_json(path.read_bytes())
        return self._references[version]


def cells(month: str, findings: Iterable[Finding]) -> Iterable[DriftCell]:
    """Yield what the heat map shows: drift of features and of the score, over all rows."""
    for each in findings:
        if each.signal in _DRIFT and each.segment is None and each.effect is not None:
            yield DriftCell(
                window=month,
                subject=each.subject,
                metric=each.unit or "PSI",
                value=each.effect,
                threshold=each.threshold,
                level=_level(each),
            )


def _level(found: Finding) -> _Level:
    levels: dict[Level, _Level] = {Level.PAGE: "page", Level.NOTE: "note"}
    return levels.get(found.level, "none")
