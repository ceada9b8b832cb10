"""Deploying a task's pipelines onto dev: once, again without change, and what is there then."""

import json

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def deployed(platform, trained):
    assert trained.code == 0
    words = ("deploy", "--stack", "dev", "--json")
    planned, done, again = (
        _document(platform.mlops(*words, *more, timeout=400).ok().out)
        for more in (("--dry-run",), ("--yes",), ("--yes",))
    )
    return planned, done, again


def _document(text: str) -> dict:
    return json.loads(text[text.index("{\n") :])


def test_a_dry_run_plans_what_is_done_then_and_does_nothing(deployed):
    planned, done, _ = deployed
    assert planned["done"] == []
    wished = [step for step in planned["plan"] if step["change"] != "keep"]
    assert done["done"] == wished
    kinds = {step["kind"] for step in wished}
    assert {"component", "batch deployment", "default deployment", "schedule"} <= kinds


def test_the_second_time_everything_is_there(deployed):
    *_, again = deployed
    assert again["done"] == []
    assert {step["change"] for step in again["plan"]} == {"keep"}
