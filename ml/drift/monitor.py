"""Holding a window against a reference: pure, from counts, in milliseconds."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import Field, model_validator

from ml.drift import law, ranking
from ml.drift.bins import Bins, Stored
from ml.drift.candidate import Candidate
from ml.drift.columns import Column
from ml.drift.findings import Finding, Findings, Level, Signal
from ml.drift.merging import by_day, merge
from ml.drift.policy import Action, Family, Policy
from ml.drift.profile import Cells, Profile
from ml.drift.results import Results
from ml.errors import TaskError

OUTCOMES = {Signal.PERFORMANCE, Signal.COST, Signal.CONCEPT, Signal.ESTIMATE}


class Window(Stored):
    """The counts of some days, all rows and by segment."""

    profile: Profile
    segments: dict[str, Profile] = Field(default_factory=dict)


class Reference(Window):
    """Held-out predictions at registration: the cells, their counts, and what features weigh."""

    bins: Bins
    importance: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _belongs_together(self) -> "Reference":
        strange = [self.profile, *self.segments.values()]
        if any(each.bins != self.bins.digest for each in strange):
            raise ValueError("a profile of the reference was counted in other cells than its bins")
        if self.profile.outcomes is None or not self.profile.outcomes.rows.sum():
            raise ValueError("a reference needs labels; profile held-out rows with a label")
        return self


def monitor(
    reference: Reference, window: Window, policy: Policy, season: Profile | None = None
) -> Findings:
    """Return every test of the window, the gravest first.

    With a season, a window of days that were like these, a column has drifted only where it
    differs from both.
    """
    cells = reference.bins.digest
    strange = [each.bins for each in (window.profile, season) if each and each.bins != cells]
    if strange:
        raise TaskError(
            f"the window was counted in cells {strange[0][:12]}, the reference in {cells[:12]}; "
            "profile the window with the reference's bins"
        )
    known, seen = by_day(reference.profile), by_day(window.profile)
    tests = list(_columns(reference, known, seen, policy, by_day(season) if season else None))
    tests += _outcomes(reference, window, policy)
    too_little = _too_little(seen, policy)
    if too_little:
        tests = [replace(test, unknown=too_little) for test in tests]
    found = [*_schema(seen), *_judged(tests, policy)]
    return Findings(
        task=policy.task,
        reference=reference.profile.digest,
        window=window.profile.digest,
        policy=policy.digest,
        first_block=seen.blocks[0],
        last_block=seen.blocks[-1],
        days=len(seen.blocks),
        rows=int(seen.rows.sum()),
        false_alarms_per_month=policy.false_alarms_per_month,
        tests=sum(not test.unknown for test in tests),
        findings=tuple(ranking.ordered(found, reference.importance)),
    )


def event(findings: Findings) -> str:
    """Name what happened, the same for the same data and policy: a trigger fires once for it."""
    text = f"{findings.task}:{findings.reference}:{findings.window}:{findings.policy}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _schema(seen: Profile) -> Iterator[Finding]:
    for problem in seen.problems:
        yield Finding(
            signal=Signal.SCHEMA,
            subject=problem.split()[1],
            level=Level.PAGE,
            reason=problem,
            rows=int(seen.rows.sum()),
        )


def _columns(
    reference: Reference, known: Profile, seen: Profile, policy: Policy, season: Profile | None
) -> Iterator[Candidate]:
    for name, cut in reference.bins.columns.items():
        sides = _sides(known, seen, name)
        if sides is None or name in policy.ignore:
            continue
        column = Column(
            name=name,
            bins=cut,
            reference=sides[0],
            window=sides[1],
            rule=policy.rule(name),
            signal=Signal.PREDICTION if name == policy.score else Signal.DRIFT,
            season=season.columns.get(name) if season else None,
        )
        yield from column.candidates(policy.quality)


def _outcomes(reference: Reference, window: Window, policy: Policy) -> Iterator[Candidate]:
    """Yield the tests of all rows, then those of each segment that has enough rows."""
    parts: dict[str | None, tuple[Profile, Profile]] = {None: (reference.profile, window.profile)}
    if policy.segments:
        wanted = tuple(f"{name}=" for name in policy.segments.by)
        parts |= {
            name: (reference.segments[name], profile)
            for name, profile in window.segments.items()
            if name.startswith(wanted)
            and name in reference.segments
            and min(profile.rows.sum(), reference.segments[name].rows.sum()) >= policy.segments.rows
        }
    for segment, pair in parts.items():
        known, seen = (by_day(each) for each in pair)
        scores = _sides(known, seen, policy.score)
        if scores is None or known.outcomes is None:
            continue
        results = Results(
            cut=reference.bins.number(policy.score),
            reference=known.outcomes,
            window=seen.outcomes,
            scores=scores,
            policy=policy,
            segment=segment,
        )
        yield from results.candidates()
        if segment and policy.segments:
            drift = Column(
                name=policy.score,
                bins=results.cut,
                reference=scores[0],
                window=scores[1],
                rule=policy.prediction,
                signal=Signal.PREDICTION,
            ).drift()
            yield replace(drift, segment=segment, action=policy.segments.action)


def _sides(known: Profile, seen: Profile, name: str) -> tuple[Cells, Cells] | None:
    if name not in known.columns or name not in seen.columns:
        return None
    return known.columns[name], seen.columns[name]


def _too_little(seen: Profile, policy: Policy) -> str:
    """Why the whole window says nothing; empty where it does."""
    days, rows = len(seen.blocks), int(seen.rows.sum())
    if days < policy.minimum.days:
        return f"the window has {days} days, {policy.minimum.days} are wanted"
    if rows < policy.minimum.rows:
        return f"the window has {rows} rows, {policy.minimum.rows} are wanted"
    return ""


def _judged(tests: Sequence[Candidate], policy: Policy) -> Iterator[Finding]:
    """Correct for the number of tests in each family apart.

    Harmless drift of many columns must not make it easier to wake somebody, and many columns
    must not hide that predictions became worse.
    """
    for family in Family:
        members = [test for test in tests if _family(test) is family]
        said = [test for test in members if not test.unknown]
        significant, level = law.benjamini_hochberg([test.p for test in said], policy.level)
        verdicts = iter(significant)
        for test in members:
            yield test.verdict(significant=not test.unknown and next(verdicts), level=level)


def _family(test: Candidate) -> Family:
    if test.action is Action.NOTE:
        return Family.NOTES
    return Family.OUTCOMES if test.signal in OUTCOMES else Family.DATA


def window_of(profiles: Sequence[Window]) -> Window:
    """Merge stored hours or days into one window."""
    names = sorted({name for each in profiles for name in each.segments})
    return Window(
        profile=merge(each.profile for each in profiles),
        segments={
            name: merge(each.segments[name] for each in profiles if name in each.segments)
            for name in names
        },
    )
