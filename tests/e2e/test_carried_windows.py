"""A month of flights alone is sent; the pipeline carries over what it lacks, and reads only it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.test_training import raw_copy

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(600),
]


def of_hours(keep: Callable[[int], bool]) -> Callable[[list[str]], list[str]]:
    """Keep the flights of some scheduled hours."""

    def chosen(lines: list[str]) -> list[str]:
        at = lines[0].split(",").index("hour")
        return [lines[0], *(line for line in lines[1:] if keep(int(line.split(",")[at])))]

    return chosen


def sent(platform, folder: Path) -> str:
    words = ("train", "--stack", "dev", "--data", str(folder), "--no-wait")
    platform.mlops(*words).ok()
    jobs = json.loads(platform.mlops("jobs", "--stack", "dev", "--limit", "1", "--json").ok().out)
    return jobs[0]["name"]


def steps_after(platform, job: str, step: str) -> dict[str, dict]:
    """Wait until a step has ended, then stop the job: what follows is as ever."""
    deadline = time.monotonic() + 180
    while True:
        found = json.loads(platform.mlops("steps", "--stack", "dev", job, "--json").ok().out)
        steps = {one["title"]: one for one in found}
        if steps.get(step, {}).get("status") in {"Completed", "Failed"}:
            platform.mlops("cancel", "--stack", "dev", job).ok()
            return steps
        assert time.monotonic() < deadline, steps
        time.sleep(1)


def test_only_the_new_window_is_read(platform, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    # The sample is of January: its evenings are the window that comes later.
    old = raw_copy(tmp_path / "old", flights=of_hours(lambda hour: hour < 18))
    late = raw_copy(tmp_path / "new", flights=of_hours(lambda hour: hour >= 18)) / "flights.csv"
    window = tmp_path / "window" / "evenings"
    window.mkdir(parents=True)
    late.rename(window / "flights.csv")

    steps_after(platform, sent(platform, old), "ingest")
    steps = steps_after(platform, sent(platform, window.parent), "ingest")
    assert steps["ingest_earlier_1"]["reused"]
    said = platform.mlops("logs", "--stack", "dev", steps["ingest"]["name"]).ok().out
    assert "flights: 1999 rows" in said
    assert "1 raw file(s) given, the others carried over" in said
