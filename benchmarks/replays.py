"""`python -m benchmarks.replays`: what the gate would have decided in 2013, month by month."""

from benchmarks.report import Report
from ml.cli import replaying
from ml.gates.outcome import Interval
from ml.replay import Decision
from ml.replay_mode import Mode

TITLES = {
    Mode.FIXED: "Replay A of 2013: the champion of January and February stays",
    Mode.ROLLING: "Replay B of 2013: who passes is champion from then on",
}
WORDS = (
    "Rule, features and seed were written down before the first run (docs/replay.md). The "
    "challenger learned the two months before; gains are over the champion, positive is better, "
    "with day-blocked 95 % intervals."
)
COLUMNS = (
    *("month", "champion of", "AUC", "Brier", "challenger of", "AUC", "Brier"),
    *("AUC gain", "Brier gain", "decision"),
)
HEAD = [WORDS, "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]


def year(report: Report) -> None:
    """Replay the year both ways and add a table of each."""
    for mode, title in TITLES.items():
        found = replaying.decisions("flights", None, mode)
        report.section(title, [*HEAD, *map(_row, found)])


def _row(decision: Decision) -> str:
    compared = decision.comparison
    cells = [decision.period]
    for periods, measured in (
        (decision.champion, decision.of_champion.numbers),
        (decision.challenger, decision.of_challenger.numbers),
    ):
        cells += [", ".join(periods), f"{measured['auc']:.4f}", f"{measured['brier']:.4f}"]
    cells += [_interval(compared.auc_gain), _interval(compared.brier_gain)]
    cells.append(f"**{compared.outcome}**")
    return f"| {' | '.join(cells)} |"


def _interval(found: Interval | None) -> str:
    if found is None:  # one class only in the month
        return "-"
    return f"{found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


if __name__ == "__main__":
    collected = Report()
    year(collected)
    collected.merge()
