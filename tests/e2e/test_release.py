"""Releases on the deployed platform while replies get lost, scorers die, controllers are killed."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(1500),
]

STEPS = Path(__file__).parent / "fixtures" / "release_steps.py"
PLACE = ("subscription_id", "resource_group", "workspace", "endpoint_flights")
CLEAN = """
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
*place, name = sys.argv[1:]
client = MLClient(DefaultAzureCredential(), *place)
endpoint = client.online_endpoints.get(name)
endpoint.traffic, endpoint.mirror_traffic = {}, {}
client.online_endpoints.begin_create_or_update(endpoint).result()
for each in client.online_deployments.list(name):
    client.online_deployments.begin_delete(each.name, name).result()
"""


@pytest.fixture(scope="module")
def seen(platform, trained):
    """All scenes, one after the other on one endpoint; its deployments go in the end."""
    assert trained.code == 0
    shown = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok()
    outputs = json.loads(shown.out)
    place = [outputs[name] for name in PLACE]
    ran = platform.azlocal("exec", "--", sys.executable, str(STEPS), *place, timeout=1200).ok()
    line = next(line for line in ran.out.splitlines() if line.startswith("SEEN "))
    yield json.loads(line.removeprefix("SEEN "))
    platform.azlocal("exec", "--", sys.executable, "-c", CLEAN, *place).ok()


def _champion_kept(scene):
    assert scene["traffic"] == f"{scene['champion']} 100 %"


def _all_answered(statuses):
    assert {code for codes in statuses.values() for code in codes} == {"200"}


def test_a_release_ends_promoted_though_replies_get_lost_and_calls_are_refused(seen):
    scene = seen["lost_reply_and_storm"]
    assert scene["ending"] == "promoted"
    assert scene["traffic"] == f"{scene['challenger']} 100 %"
    assert scene["verbs"].count("promote") == 1
    _all_answered(scene["statuses"])


def test_a_deployment_that_never_becomes_ready_leaves_the_champion_serving(seen):
    scene = seen["never_ready"]
    assert scene["ending"] == "kept"
    _champion_kept(scene)
    _all_answered(scene["statuses"])
    assert set(scene["statuses"]) == {scene["champion"]}


def test_a_scorer_that_dies_under_load_fails_its_own_share_only_and_goes_back(seen):
    scene = seen["dies"]
    assert scene["ending"] == "rolled_back"
    assert "promote" not in scene["verbs"]
    _champion_kept(scene)
    _all_answered(scene["before"])
    assert set(scene["during"][scene["champion"]]) == {"200"}
    assert set(scene["during"][scene["challenger"]]) - {"200"}
    assert set(scene["since"]) == {scene["champion"]}
    _all_answered(scene["since"])


def test_without_collected_answers_nothing_is_promoted_and_no_request_is_lost(seen):
    scene = seen["disk_full"]
    assert scene["ending"] == "kept"
    assert "promote" not in scene["verbs"]
    _champion_kept(scene)
    _all_answered(scene["statuses"])


def test_a_controller_killed_at_everything_it_does_ends_where_an_unharmed_one_does(seen):
    scene = seen["killed"]
    assert scene["kills"] >= 8
    assert scene["ending"] == "promoted"
    assert scene["traffic"] == f"{scene['challenger']} 100 %"
    for verb in ("begin", "promote", "retire", "end"):
        assert scene["verbs"].count(verb) == 1
    assert scene["verbs"].count("advance") == 2
    _all_answered(scene["statuses"])


def test_a_rollback_by_hand_takes_seconds_and_needs_the_endpoint_only(seen):
    scene = seen["rehearsal"]
    assert scene["seconds"] < 30
    assert scene["ending"] in {"taken_over", "rolled_back"}
    _champion_kept(scene)
    assert set(scene["since"]) == {scene["champion"]}
    _all_answered(scene["since"])


def test_what_serves_cannot_be_retired(seen):
    assert seen["rehearsal"]["kept"] == "ChangedError"
