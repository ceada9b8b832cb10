"""What should be there of a task: what changes its digest, and what is another task's."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ml import task as tasks
from ml.deploying import content, found
from ml.deploying.plan import CONTENT, MADE_BY, OURS, TASK, Kind
from ml.deploying.wanted import Deployable, Place
from ml.pipelines.train import Gate
from ml.place import Place as Where
from ml.target import Target
from ml.workspace import Workspace

PLACE = Place(
    online="flights",
    batch="retrain",
    compute="cpu",
    gate=Gate(key="https://vault/keys/verdict", compute="gate"),
    release_compute="gate",
    target=Target(
        Where("s", "g", "w"), "cpu", "gate", "https://vault/keys/verdict", {"flights": "flights"}
    ),
    data="azureml:raw:1",
    code_version="code:1",
)


def wanted(task: str) -> Deployable:
    return Deployable(Workspace(Where("s", "g", "w")), tasks.load(task), PLACE)


def contents(task: str, *kinds: Kind) -> list[str]:
    return [item.content for item in wanted(task).items if item.kind in kinds]


def test_another_graph_of_the_same_steps_is_deployed_anew(monkeypatch, tmp_path: Path):
    kinds = (Kind.DEPLOYMENT, Kind.SCHEDULE)
    before = contents("flights", *kinds)
    for path in content.PIPELINES.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(content, "PIPELINES", tmp_path)
    assert contents("flights", *kinds) == before
    with (tmp_path / "train.py").open("a", encoding="utf-8") as graph:
        graph.write("# joined otherwise\n")
    assert not set(contents("flights", *kinds)) & set(before)


def test_two_tasks_never_have_the_same_deployment():
    assert wanted("flights").deployment != wanted("employment").deployment


@pytest.mark.parametrize(
    ("tags", "seen"),
    [
        ({MADE_BY: OURS, CONTENT: "c", TASK: "flights"}, 1),
        ({MADE_BY: OURS, CONTENT: "c", TASK: "employment"}, 0),
        ({MADE_BY: "somebody", CONTENT: "c", TASK: "flights"}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_only_a_tasks_own_deployments_are_seen_and_so_pruned(tags, seen):
    listed = [SimpleNamespace(name="train-1", tags=tags)]
    client = SimpleNamespace(batch_deployments=SimpleNamespace(list=lambda _: listed))
    assert len(list(found._deployments(client, "retrain", "flights"))) == seen
