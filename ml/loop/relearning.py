"""Training again on the newest months, as the loop's month ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from ml.errors import TaskError
from ml.loop.clock import ReplayClock
from ml.loop.engine import Monitored, Retrained
from ml.loop.record import Decision
from ml.loop.serving import Serving
from ml.workspace import RegisteredModel

Periods = dict[str, str | None]
Train = Callable[[Periods], tuple[RegisteredModel | None, float]]
WINDOW = 2


@dataclass
class Relearning:
    """Trains on the two months before a month, judged on that month by the gate."""

    serving: Serving
    train: Train
    clock: ReplayClock
    seconds: float = 0.0
    _names: list[str] = field(default_factory=list)

    def first(self, day: date) -> list[Decision]:
        """Train the first champion on what was known on a day, and let it serve."""
        model = self._model(before(day, 1))
        if model is None:
            raise TaskError("the first model did not pass its gate, so that nothing can serve")
        deployment = self.serving.first(model)
        version = f"{model.name}:{model.version}"
        return [
            self._decided("gate", version, "pass", "the first model, held against no champion"),
            self._decided("release", deployment, "promote", "nothing served before it"),
        ]

    def act(self, month: str, found: Monitored) -> Retrained:
        """Train on the two months before it and let the gate judge on it."""
        del found
        model = self._model(month)
        if model is None:
            said = self._decided("gate", month, "fail", "the gate let no model of it pass")
            return Retrained((said,))
        version = f"{model.name}:{model.version}"
        return Retrained((self._decided("gate", version, "pass", "better on it"),), version)

    def _model(self, holdout: str) -> RegisteredModel | None:
        model, seconds = self.train(periods(holdout))
        self.seconds += seconds
        return model

    def _decided(self, kind: str, subject: str, verdict: str, reason: str) -> Decision:
        return Decision.model_validate(
            {
                "at": self.clock.now(),
                "kind": kind,
                "subject": subject,
                "verdict": verdict,
                "reason": reason,
            }
        )


def before(day: date, months: int) -> str:
    """Return the month so many before a day's."""
    count = day.year * 12 + day.month - 1 - months
    return f"{count // 12}-{count % 12 + 1:02d}"


def periods(holdout: str) -> Periods:
    """Return the two months to train on and the month to judge on."""
    year, number = map(int, holdout.split("-"))
    begin = date(year, number, 1)
    return {
        "train_from": before(begin, WINDOW),
        "train_to": before(begin, 1),
        "holdout_from": holdout,
        "holdout_to": holdout,
    }
