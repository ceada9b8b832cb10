"""What monitoring found: every test with its numbers, as JSON and as text."""

from enum import StrEnum

from pydantic import Field

from ml.drift.bins import Stored


class Signal(StrEnum):
    """What was looked at."""

    SCHEMA = "schema"
    DRIFT = "drift"
    PREDICTION = "prediction"
    NULLS = "nulls"
    UNSEEN = "unseen"
    OUTLIERS = "outliers"
    PERFORMANCE = "performance"
    COST = "cost"
    ESTIMATE = "estimate"
    CONCEPT = "concept"


class Level(StrEnum):
    """What a finding means: wake somebody, look at it, nothing, or too little to say."""

    PAGE = "page"
    NOTE = "note"
    FINE = "fine"
    UNKNOWN = "unknown"


class Finding(Stored):
    """One test: the effect, what chance and the policy allow, and what follows."""

    signal: Signal
    subject: str
    level: Level
    reason: str
    segment: str | None = None
    unit: str = ""
    reference: float | None = None
    window: float | None = None
    effect: float | None = None
    threshold: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    rows: int = 0
    rows_effective: float | None = None
    importance: float | None = None
    estimated_loss: float | None = None
    impact: float | None = None
    distances: dict[str, float] = Field(default_factory=dict)
    examples: dict[str, int] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person calls it: drift of temp, or performance of auc in origin=JFK."""
        where = f" in {self.segment}" if self.segment else ""
        return f"{self.signal} of {self.subject}{where}"


class Findings(Stored):
    """All findings about one window, the gravest first."""

    task: str
    reference: str
    window: str
    policy: str
    first_block: str
    last_block: str
    days: int
    rows: int
    false_alarms_per_month: float
    tests: int
    findings: tuple[Finding, ...]

    def at(self, *levels: Level) -> tuple[Finding, ...]:
        """Return the findings of these levels."""
        return tuple(found for found in self.findings if found.level in levels)

    @property
    def pages(self) -> tuple[Finding, ...]:
        """What wakes somebody."""
        return self.at(Level.PAGE)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What is significant and large enough to matter."""
        return self.at(Level.PAGE, Level.NOTE)

    @property
    def text(self) -> str:
        """The findings for people."""
        counts = {level: len(self.at(level)) for level in Level}
        head = (
            f"{self.task}, {self.first_block} to {self.last_block}: {self.rows} rows of "
            f"{self.days} days, {self.tests} tests, at most {self.false_alarms_per_month:g} false "
            "alarms a month"
        )
        lines = [head, ", ".join(f"{count} {level}" for level, count in counts.items() if count)]
        lines += [
            f"{found.level.upper()} {found.name}: {found.reason}"
            for found in self.at(Level.PAGE, Level.NOTE, Level.UNKNOWN)
        ]
        return "\n".join(lines)
