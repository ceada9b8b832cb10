"""A served month is monitored by a job on the platform, as users start it."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(900),
]

STEPS = Path(__file__).parent / "fixtures" / "monitor_steps.py"
ENDPOINT = "monitor-steps"
APRIL = ("--from", "2013-04-01", "--to", "2013-04-30")
TAGS = """
import json
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
client = MLClient(DefaultAzureCredential(), *sys.argv[1:4])
(step,) = client.jobs.list(parent_job_name=sys.argv[4])
print("TAGS " + json.dumps(client.jobs.get(step.name).tags))
"""
REMOVE = """
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
client = MLClient(DefaultAzureCredential(), *sys.argv[1:])
client.online_endpoints.begin_delete("monitor-steps").result()
"""


@pytest.fixture(scope="module")
def place(platform) -> list[str]:
    shown = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok()
    outputs = json.loads(shown.out)
    return [outputs[name] for name in ("subscription_id", "resource_group", "workspace")]


def said(ran, word):
    line = next(line for line in ran.ok().out.splitlines() if line.startswith(word))
    return json.loads(line.removeprefix(word))


@pytest.fixture(scope="module")
def sent(platform, trained, place):
    """April at an endpoint of its own, which goes in the end: scorers take memory."""
    assert trained.code == 0
    models = json.loads(platform.mlops("models", "--stack", "dev", "--json").ok().out)
    reference = f"{models[0]['name']}:{models[0]['version']}"
    words = (sys.executable, str(STEPS), *place, reference)
    yield said(platform.azlocal("exec", "--", *words, timeout=420), "SEEN ")
    platform.azlocal("exec", "--", sys.executable, "-c", REMOVE, *place).ok()


def monitored(platform, *more):
    words = ("monitor", "--stack", "dev", "--endpoint", ENDPOINT, *more)
    return platform.mlops(*words, timeout=240)


@pytest.fixture(scope="module")
def first(platform, sent):
    """The first look, as JSON; what is said on the way goes before it."""
    out = monitored(platform, *APRIL, "--json").ok().out
    return json.loads(out[out.index("{\n") :])


def test_the_job_finds_every_row_and_label_that_was_sent(sent, first):
    assert sent["statuses"] == [200]
    summary = first["summary"]
    assert (summary["rows"], summary["labelled"]) == (sent["rows"], sent["labelled"])
    assert (summary["days"], summary["answers_without_inputs"]) == (30, 0)
    assert summary["tests"] > 50


def test_a_month_that_the_model_learned_from_wakes_nobody(first):
    assert first["summary"]["alarm"] in {"none", "note"}
    assert not [found for found in first["findings"] if found["level"] == "page"]


def test_the_run_is_tagged_so_that_an_event_can_be_made_of_it(platform, place, first):
    words = (sys.executable, "-c", TAGS, *place, first["job"])
    tags = said(platform.azlocal("exec", "--", *words), "TAGS ")
    assert tags["alarm"] == first["summary"]["alarm"]
    assert tags["event"] == first["summary"]["event"]


def test_looking_again_reads_nothing_twice_and_is_the_same_event(platform, first):
    out = monitored(platform, *APRIL).ok().out
    assert f"event {first['summary']['event']}" in out
    out = monitored(platform, *APRIL, "--json").ok().out
    summary = json.loads(out[out.index("{\n") :])["summary"]
    assert summary["hours_read"] == 0
    assert summary["hours_known"] >= 1


def test_days_that_nobody_was_served_are_said(platform, sent):
    ran = monitored(platform, "--from", "2013-05-01", "--to", "2013-05-31")
    assert ran.code == 1
    assert "answered nothing about 2013-05-01 to 2013-05-31" in ran.out


def test_an_endpoint_that_is_not_there_is_named(platform):
    ran = platform.mlops("monitor", "--stack", "dev", "--endpoint", "nowhere")
    assert ran.code == 1
    assert "error: there is no endpoint nowhere" in ran.out
