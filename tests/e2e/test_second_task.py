"""The second task on the same platform and by the same code: `mlops train --task employment`."""

import json

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(600),
]
DOWNLOAD = """
import sys
from pathlib import Path
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
subscription, group, workspace, folder = sys.argv[1:]
ml = MLClient(DefaultAzureCredential(), subscription, group, workspace, enable_telemetry=False)
ml.models.download("employment", version="1", download_path=folder)
"""


def test_the_second_task_registers_a_model_with_verdict_and_card(platform, tmp_path):
    platform.mlops("train", "--stack", "dev", "--task", "employment", timeout=400).ok()
    shown = platform.mlops("models", "--stack", "dev", "--name", "employment", "--json").ok()
    tags = json.loads(shown.out)[0]["tags"]
    assert (tags["task"], tags["verdict"]) == ("employment", "pass")
    # Public runs on this data reach .903 to .906 on the later years.
    assert 0.89 < float(tags["holdout_auc"]) < 0.92
    assert "differs" not in platform.mlops("lineage", "employment", "--stack", "dev").ok().out

    outputs = json.loads(platform.pulumi("stack", "output", "--json", "--stack", "dev").ok().out)
    place = [outputs[name] for name in ("subscription_id", "resource_group", "workspace")]
    script = ("python", "-W", "ignore", "-c", DOWNLOAD, *place, str(tmp_path))
    platform.azlocal("exec", "--", *script).ok()
    (card,) = tmp_path.rglob("card.md")
    assert "Is a person in Massachusetts employed?" in card.read_text()
    assert (card.parent / "verdict.json").is_file()
