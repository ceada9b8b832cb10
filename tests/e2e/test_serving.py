"""Serving on the deployed platform: a trained model at endpoints, through the official client."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(600),
]

STEPS = Path(__file__).parent / "fixtures" / "serving_steps.py"
OUTSIDE = """
import os
import sys
import httpx
_, uri = sys.argv
with httpx.Client(proxy=os.environ["HTTPS_PROXY"], verify=os.environ["SSL_CERT_FILE"]) as http:
    print(http.post(uri, headers={"authorization": "Bearer x"}, json={}).status_code)
"""
REMOVE = """
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
client = MLClient(DefaultAzureCredential(), *sys.argv[1:])
for name in ("serving-steps", "serving-entra"):
    client.online_endpoints.begin_delete(name).result()
"""


@pytest.fixture(scope="module")
def place(platform) -> list[str]:
    shown = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok()
    outputs = json.loads(shown.out)
    return [outputs[name] for name in ("subscription_id", "resource_group", "workspace")]


@pytest.fixture(scope="module")
def seen(platform, trained, place):
    """All steps, once; the endpoints go in the end, for scorers take memory."""
    assert trained.code == 0
    models = json.loads(platform.mlops("models", "--stack", "dev", "--json").ok().out)
    words = (sys.executable, str(STEPS), *place, models[0]["name"])
    ran = platform.azlocal("exec", "--", *words, timeout=420).ok()
    line = next(line for line in ran.out.splitlines() if line.startswith("SEEN "))
    yield json.loads(line.removeprefix("SEEN "))
    platform.azlocal("exec", "--", sys.executable, "-c", REMOVE, *place).ok()


def test_the_registered_model_answers_with_its_version(seen):
    assert seen["states"] == ["Succeeded", "Succeeded"]
    answer = seen["answer"]
    assert answer["status"] == 200
    assert 0 < answer["predictions"][0] < 1
    assert answer["model_version"]
    assert answer["correlation_id"]


def test_a_request_that_breaks_the_contract_is_told_each_column(seen):
    problems = {one["column"]: one["found"] for one in seen["refused"]["error"]["problems"]}
    assert problems == {"dest_lon": "no such column", "origin": "7 in row 0"}


def test_traffic_must_sum_up_and_go_to_what_is_there(seen):
    assert "sums up to 95" in seen["wrong sum"]
    assert "which the endpoint does not have" in seen["nobody"]
    assert "gets 10 %" in seen["kept"]


def test_requests_are_shared_by_weight(seen):
    first, second = seen["shared"]["first"], seen["shared"]["second"]
    assert set(first) == set(second) == {"200"}
    assert first["200"] + second["200"] == 200
    assert 5 <= second["200"] <= 40


def test_a_mirror_changes_no_answer(seen):
    assert seen["mirrored"] == "done"
    assert seen["beside a mirror"] == {"first": {"200": 40}, "second": {}}


def test_a_wrong_key_is_refused(seen):
    assert seen["wrong key"] == 401


def test_a_killed_scorer_fails_its_share_and_comes_back(seen):
    assert seen["killed"]
    after = seen["after the kill"]
    assert set(after["first"]) == {"200"}
    assert set(after["second"]) <= {"200", "502", "503"}
    assert after["second"].keys() & {"502", "503"}
    assert seen["back"] == 200
    assert "Worker with pid" in seen["logs"]


def test_an_endpoint_with_entra_takes_its_tokens_only(seen):
    entra = seen["entra"]
    assert entra["state"] == "Succeeded"
    assert (entra["with token"], entra["other token"], entra["with key"]) == (200, 401, 401)


def test_a_closed_endpoint_does_not_answer_the_internet(platform, seen):
    words = (sys.executable, "-c", OUTSIDE, seen["entra"]["uri"])
    ran = platform.azlocal("exec", "--from", "internet", "--", *words).ok()
    assert ran.out.split()[-1] == "403"
