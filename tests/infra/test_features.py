"""The list of features is true: each names a file and a test that are there."""

import ast
import json
import re
from pathlib import Path

import pytest

from infra.__main__ import main
from tests.infra.recorder import record
from tests.infra.stacks import PROJECT, stack_config

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "features.md").read_text(encoding="utf-8"))
DONE = [row for row in ROWS if row[2].strip() != "-"]
PERSON = "00000000-0000-0000-0000-00000000f00d"


def test_all_95_features_are_listed_once_and_counted_right():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 96))
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    assert f"{len(DONE)} of 95 are done." in text


@pytest.mark.parametrize(("number", "what", "where", "proof"), DONE, ids=[r[0] for r in DONE])
def test_a_feature_that_is_done_has_its_file_and_its_test(number, what, where, proof):
    assert (ROOT / where.strip(" `")).exists(), (number, what)
    file, _, name = proof.strip(" `").partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_feature_that_is_not_done_says_why():
    for number, what, where, why in ROWS:
        if where.strip() == "-":
            assert re.match(r"(not yet|partly): .{20,}", why), (number, what)


def test_work_lists_of_batch_jobs_are_reached_privately(platform):
    groups = {
        group
        for endpoint in platform.all("network:PrivateEndpoint")
        if endpoint.name.startswith("link-data-")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
        for group in connection["groupIds"]
    }
    assert groups == {"blob", "file", "queue", "table"}


def test_an_instance_shuts_down_when_nobody_works_on_it():
    instances = json.dumps({"ada": {"assigned_to": PERSON, "idle_minutes": 45}})
    made = record(main, config={**stack_config("dev"), f"{PROJECT}:instances": instances})
    computes = {c.name: c.inputs["properties"] for c in made.all("Compute")}
    assert computes["instance-ada-weu"]["properties"]["idleTimeBeforeShutdown"] == "PT45M"
