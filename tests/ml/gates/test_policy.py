"""The gate policy: read whole or not at all, and known by its bytes."""

import hashlib
import shutil

import pytest
import yaml

from ml import task as tasks
from ml.errors import TaskError
from ml.gates import policy


@pytest.fixture
def task(tmp_path):
    """A copy of the flights task, whose policy a test may change."""
    folder = tmp_path / "flights"
    shutil.copytree(tasks.TASKS / "flights", folder)
    return folder


@pytest.fixture
def changed(task):
    """Return a function that changes the policy's document."""

    def change(**sections):
        path = task / policy.NAME
        document = yaml.safe_load(path.read_text())
        for name, section in sections.items():
            if section is None:
                del document[name]
            elif isinstance(section, dict) and isinstance(document.get(name), dict):
                document[name] |= section
            else:
                document[name] = section
        path.write_text(yaml.safe_dump(document))
        return task

    return change


def test_the_policy_of_every_task_is_valid():
    found = policy.load("flights")
    assert found.rules.bootstrap.block == "day"
    content = (tasks.TASKS / "flights" / policy.NAME).read_bytes()
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    for folder in sorted(path.parent for path in tasks.TASKS.glob(f"*/{policy.NAME}")):
        assert policy.load(folder).rules.absolute


def test_any_change_of_the_file_changes_its_digest(task):
    before = policy.load(task).sha256
    path = task / policy.NAME
    path.write_text(path.read_text() + "# more\n")
    assert policy.load(task).sha256 != before


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"latency": None}, "latency is missing; give its settings, or waive it with a reason"),
        ({"waived": {"latency": "nobody waits for an answer here"}}, "has settings and is waived"),
        ({"waived": {"champion": "we like the new one much more"}}, "champion cannot be waived"),
        ({"waived": {"sandbox": "it takes so very long to run"}}, "sandbox cannot be waived"),
        ({"waived": {"beauty": "there is no such rule at all"}}, "beauty cannot be waived"),
        ({"waived": {"latency": "no"}}, "waived.latency: String should have at least 20"),
        ({"absolute": None}, "absolute: Field required"),
        ({"absolute": {"brier_skill": None}}, "auc alone says nothing of the probabilities"),
        ({"absolute": {"auc": {"at_least": 0.6, "at_most": 0.9}}}, "either at_least or at_most"),
        ({"absolute": {"auc": {"at_least": float("nan")}}}, "finite number"),
        ({"absolute": {"f1": {"at_least": 0.6}}}, "absolute.f1: Extra inputs"),
        ({"bootstrap": {"resamples": 10}}, "bootstrap.resamples"),
        ({"bootstrap": {"level": 1}}, "bootstrap.level"),
        ({"bootstrap": {"block": "tailnum"}}, "names tailnum, which the task has no feature for"),
        ({"slices": {"by": [{"feature": "month"}]}}, "names month, which the task has no"),
        ({"slices": {"by": []}}, "slices.by"),
        ({"fairness": {"groups": [{"feature": "distance", "edges": [2, 1]}]}}, "must ascend"),
        ({"calibration": {"slope": [1.1, 1.5]}}, "give a range around 1"),
        ({"invariance": {"changes": [{"feature": "temp", "mean_change": 0.1}]}}, "give either add"),
        ({"valid_days": 0}, "valid_days"),
    ],
)
def test_what_is_wrong_is_named(changed, sections, said):
    with pytest.raises(TaskError, match=r"flights/gates\.yaml") as caught:
        policy.load(changed(**sections))
    assert said in str(caught.value)


def test_a_rule_can_be_waived_with_a_reason(changed):
    reason = "batch scoring at night, nobody waits"
    found = policy.load(changed(latency=None, waived={"latency": reason}))
    assert found.rules.latency is None
    assert found.rules.waived == {"latency": reason}


def test_all_mistakes_come_at_once(changed):
    with pytest.raises(TaskError) as caught:
        policy.load(changed(valid_days=-1, bootstrap={"level": 2}, size={"bytes": 0}))
    assert str(caught.value).count("\n") == 3


def test_a_missing_policy_and_a_broken_one_are_refused(task):
    (task / policy.NAME).write_text("a: [")
    with pytest.raises(TaskError, match="is no YAML"):
        policy.load(task)
    (task / policy.NAME).unlink()
    with pytest.raises(TaskError, match=r"has no gates\.yaml; write one, without it no gate opens"):
        policy.load(task)
