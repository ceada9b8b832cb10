"""`mlops train --sweep`: settings are tried side by side, and the best ones fit the model."""

import json
import re

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(600),
]


def steps_of(platform, job: str) -> dict[str, str]:
    """Names of a job's steps by their titles."""
    shown = platform.mlops("steps", "--stack", "dev", job, "--json").ok()
    return {step["title"]: step["name"] for step in json.loads(shown.out)}


def test_the_best_trial_fits_the_model_by_two_processes(platform):
    # Whether the gate lets the model pass is another matter: a champion may be as good.
    words = ("--sweep", "3", "--folds", "1", "--processes", "2")
    ran = platform.mlops("train", "--stack", "dev", *words, timeout=400)
    assert "sweep: Completed" in ran.out, ran.out
    assert "train: Completed" in ran.out, ran.out
    job = json.loads(platform.mlops("jobs", "--stack", "dev", "--limit", "1", "--json").ok().out)
    steps = steps_of(platform, job[0]["name"])
    tried: dict[str, float] = {}
    for trial in steps_of(platform, steps["sweep"]).values():
        said = platform.mlops("logs", "--stack", "dev", trial).ok().out
        found = re.search(r"^(\{.*\}): stop_log_loss ([\d.]+)$", said, re.MULTILINE)
        assert found, said
        tried[found[1]] = float(found[2])
    assert len(tried) == 3
    said = platform.mlops("logs", "--stack", "dev", steps["train"]).ok().out
    best = json.loads(min(tried, key=lambda settings: tried[settings]))
    chosen = re.search(r"^from the sweep: (\{.*\})$", said, re.MULTILINE)
    assert chosen, said
    assert json.loads(chosen[1]) == best
