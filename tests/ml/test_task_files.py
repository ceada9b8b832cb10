"""Mistakes in a task's own files are found when it is read, and named."""

import shutil
from pathlib import Path

import pytest
import yaml

from ml import task as tasks
from ml.cards import words
from ml.errors import TaskError
from ml.gates import policy


@pytest.fixture
def changed(tmp_path):
    """Return a function that copies the flights task and changes one of its files."""

    def change(name: str, edit) -> Path:
        folder = tmp_path / "task"
        shutil.copytree(tasks.TASKS / "flights", folder)
        document = yaml.safe_load((folder / name).read_text())
        edit(document)
        (folder / name).write_text(yaml.safe_dump(document))
        return folder

    return change


def put(*path, value):
    def edit(document):
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return edit


FLIGHTS = ("tables", "flights", "columns")


@pytest.mark.parametrize(
    ("file", "edit", "words"),
    [
        ("schema.yaml", put(*FLIGHTS, "hour", "typ", value="text"), "hour.typ: Extra inputs"),
        ("schema.yaml", put(*FLIGHTS, "hour", "type", value="int"), "hour.type: Input should be"),
        ("schema.yaml", put(*FLIGHTS, "hour", "min", value=99), "min 99 is above max 23"),
        ("schema.yaml", put(*FLIGHTS, "dest", "max", value=9), "not for text"),
        ("schema.yaml", put("tables", "flights", "key", value=["x"]), "x is used as key"),
        ("schema.yaml", put("tables", "planes", "fresh_days", value=1), "fresh_days needs"),
        ("task.yaml", put("label", "column", value="late"), "table flights has no column late"),
        ("task.yaml", put("label", "table", value="planes"), "give table and keys together"),
        ("task.yaml", put("time", value=None), "hours_before needs `time`"),
        ("task.yaml", put("joins", 1, "table", value="cars"), "schema.yaml has no table cars"),
        ("task.yaml", put("joins", 1, "keys", value={"flight": "year"}), "must cover"),
        ("task.yaml", put("features", "temp", value={"column": "hour"}), "temp: two features"),
        ("task.yaml", put("features", "hour", value={}), "give either column or weekday"),
        ("task.yaml", put("evaluation", "slices", value=["crew"]), "crew is no feature"),
        ("task.yaml", put("training", "rounds", value=0), "training.rounds"),
    ],
)
def test_a_mistake_is_named_with_its_place(changed, file, edit, words):
    with pytest.raises(TaskError, match=words):
        tasks.load(changed(file, edit))


def test_all_mistakes_of_a_file_are_named_at_once(changed):
    def edit(document):
        document["training"]["rounds"] = 0
        document["training"]["seed"] = "x"

    with pytest.raises(TaskError) as caught:
        tasks.load(changed("task.yaml", edit))
    assert "training.rounds" in str(caught.value)
    assert "training.seed" in str(caught.value)


def test_an_unknown_task_says_which_there_are():
    with pytest.raises(TaskError, match=r"no task 'trains'; known tasks: employment, flights"):
        tasks.load("trains")


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    shutil.copytree(tasks.TASKS / "flights", tmp_path / "task")
    (tmp_path / "task" / "schema.yaml").write_text("tables: [")
    with pytest.raises(TaskError, match=r"task/schema.yaml is no YAML"):
        tasks.load(tmp_path / "task")


def test_text_features_are_the_categories(flights):
    assert flights.categories == ("carrier", "origin", "dest")


@pytest.mark.parametrize("name", ["employment", "flights"])
def test_every_task_says_what_a_model_must_show_and_what_it_is_for(name):
    rules, task = policy.load(name).rules, tasks.load(name)
    assert {*rules.features} <= {*task.feature_names}
    assert rules.fairness is not None  # waiving it needs a reason; neither of ours has one
    assert rules.bootstrap.block == ("day" if task.settings.time else "row")
    said = words.read(name)
    assert "decisions about single people" in " ".join(said.not_for)
