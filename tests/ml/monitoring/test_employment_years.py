"""The census hardly drifts: an alarm on its years would be a false one."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml import metrics, training
from ml import task as tasks
from ml.cli import raw_data
from ml.data import examples
from ml.drift import build, policy
from ml.drift.findings import Level
from ml.drift.layout import Block
from ml.drift.monitor import Window, monitor
from ml.steps import reference
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare, with_periods
from ml.steps.validate import moment, validate

pytestmark = pytest.mark.xdist_group("employment-years")  # one model for all tests
YEARS = ("2016", "2017", "2018")


@pytest.fixture(scope="module")
def task():
    return tasks.load("employment")


@pytest.fixture(scope="module")
def people(task, tmp_path_factory):
    """Return the answers of 2015 and those of the years after it."""
    folder = tmp_path_factory.mktemp("people")
    parts = {name: folder / name for name in ("tables", "report", "train", "holdout")}
    for part in parts.values():
        part.mkdir()
    wanted = dict.fromkeys(("train_from", "train_to"), "2015")
    split = with_periods(task, wanted | {"holdout_from": "2016", "holdout_to": "2018"})
    with raw_data.named(split, raw_data.folder(split.settings.data, None)) as files:
        ingest(split, files, parts["tables"])
    as_of = moment(split.settings.data.as_of)
    validate(split, parts["tables"], as_of).write(parts["report"])
    prepare(split, parts["tables"], parts["report"], {n: parts[n] for n in ("train", "holdout")})
    return parts


@pytest.fixture(scope="module")
def scorer(task, people):
    """Learn from every other person of 2015; a fold of them says when to stop."""
    rows = examples.read(people["train"], examples.about(people["train"], "train"))
    place = np.arange(len(rows.label))
    parted = replace(rows, period=np.where(place % 8 == 0, "2015-b", "2015-a"))
    settings = task.settings.training.model_copy(update={"rounds": 60})
    return training.fit(parted.chosen(place % 2 == 0), task.categories, settings, 1).scorer


@pytest.fixture(scope="module")
def known(task, people, scorer):
    """What the model says of the other half, that it never saw."""
    rows = examples.read(people["train"], examples.about(people["train"], "train"))
    held_out = rows.chosen(np.arange(len(rows.label)) % 2 == 1)
    return reference.counted(task, policy.load("employment"), scorer, held_out)


@pytest.fixture(scope="module")
def window(task, people, scorer, known):
    """Return a function that counts a year, or some rows of it, as served."""
    table = pq.read_table(people["holdout"] / examples.DATA)
    rows = examples.read(people["holdout"], examples.about(people["holdout"], "holdout"))
    wanted = policy.load("employment")
    layout = wanted.layout(task.feature_names, Block.DAY)

    def make(year, change=lambda found: found):
        chosen = rows.period == year
        part = change(table.filter(pa.array(chosen)))
        cells = {name: part[name].to_numpy(zero_copy_only=False) for name in task.feature_names}
        columns = {name: part[name] for name in task.feature_names}
        columns |= {
            wanted.score: pa.array(scorer.score(cells).astype(np.float32)),
            wanted.label: part[examples.LABEL],
            wanted.time: part[examples.TIME].cast(pa.timestamp("us")),
        }
        batches = pa.table(columns).combine_chunks().to_batches()
        by = wanted.segments.by
        return Window(
            profile=build.profile(batches, known.bins, layout),
            segments=build.segments(batches, known.bins, layout, by),
        )

    return make


@pytest.mark.parametrize("year", YEARS)
def test_no_year_of_the_census_raises_an_alarm(year, known, window):
    found = monitor(known, window(year), policy.load("employment"))
    assert found.alarms == ()
    assert found.rows > 65_000
    assert found.tests > 40
    assert not found.at(Level.UNKNOWN)


def test_the_model_is_good_enough_for_its_quiet_to_mean_something(known, window):
    found = monitor(known, window("2018"), policy.load("employment"))
    (auc,) = (each for each in found.findings if each.name == "performance of auc")
    assert auc.reference > 0.89
    assert abs(auc.effect) < 0.01


def test_the_same_monitor_speaks_where_there_is_something_to_say(known, window):
    def young(found):
        return found.filter(pa.array(found["age"].to_numpy() < 40))

    def emptied(found):
        place = found.schema.get_field_index("schooling")
        return found.set_column(place, "schooling", pa.nulls(len(found), pa.string()))

    wanted = policy.load("employment")
    older = monitor(known, window("2017", young), wanted)
    assert "drift of age" in {each.name for each in older.alarms}
    empty = monitor(known, window("2017", emptied), wanted)
    assert "nulls of schooling" in {each.name for each in empty.pages}


def test_the_scorer_was_judged_on_rows_that_it_never_saw(task, people, scorer):
    rows = examples.read(people["train"], examples.about(people["train"], "train"))
    odd = rows.chosen(np.arange(len(rows.label)) % 2 == 1)
    assert metrics.measure(odd.label, scorer.score(odd.columns)).numbers["auc"] > 0.89
