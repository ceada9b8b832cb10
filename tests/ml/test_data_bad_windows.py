"""A window that cannot be trusted is stopped, whatever the windows beside it look like."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ml import task as tasks
from ml.cli import raw_data
from ml.data import report as reports
from ml.errors import TaskError
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare
from ml.steps.validate import moment, validate

LAST = "2018"


@pytest.fixture(scope="session")
def employment() -> tasks.Task:
    return tasks.load("employment")


@pytest.fixture(scope="session")
def years(tmp_path_factory, employment) -> Path:
    """Every 40th person, a folder a year, as surveys would arrive."""
    source = raw_data.folder(employment.settings.data, None)
    folder = tmp_path_factory.mktemp("years")
    reference = pq.read_table(source / "employment_MA_reference.pq")
    later = pq.read_table(source / "employment_MA_analysis.pq")
    target = pq.read_table(source / "employment_MA_analysis_target.pq")
    later = later.append_column("employed", target["employed"])
    both = pa.concat_tables([reference.select(later.column_names), later], promote_options="none")
    for year in range(2015, 2019):
        chosen = both.filter(pa.compute.equal(both["year"], year))
        (folder / str(year)).mkdir()
        write(chosen.take(list(range(0, chosen.num_rows, 40))), folder / str(year))
    return folder


def write(table: pa.Table, folder: Path) -> None:
    pq.write_table(table, folder / "employment_MA_reference.pq")


def check(task, raw: Path, folder: Path, as_of: str | None = None) -> reports.Report:
    tables = folder / "tables"
    tables.mkdir()
    ingest(task, raw, tables)
    return validate(task, tables, moment(as_of or task.settings.data.as_of))


@pytest.fixture
def spoiled(years, tmp_path):
    """Return a function that copies the windows and changes the rows of the last one."""

    def spoil(change) -> Path:
        raw = tmp_path / "raw"
        shutil.copytree(years, raw)
        path = raw / LAST / "employment_MA_reference.pq"
        write(change(pq.read_table(path)), path.parent)
        return raw

    return spoil


def cells(name: str, change):
    """Change the cells of one column; it gets them as a list."""

    def spoil(table: pa.Table) -> pa.Table:
        field = table.schema.field(name)
        plain = pa.string() if pa.types.is_dictionary(field.type) else field.type
        made = pa.array(change(table[name].to_pylist()), type=plain)
        return table.set_column(table.schema.get_field_index(name), name, made)

    return spoil


def first(value):
    return lambda found: [value, *found[1:]]


def every(value):
    return lambda found: [value] * len(found)


def test_the_windows_pass_as_they_are(employment, years, tmp_path):
    report = check(employment, years, tmp_path)
    assert report.passed, report.text
    assert tuple(report.windows) == ("2015", "2016", "2017", "2018")


@pytest.mark.parametrize(
    ("change", "rule", "table", "columns", "rows", "words"),
    [
        (cells("SEX", every(None)), "all-null column", "people", ("SEX",), 1754, "100.00% empty"),
        (cells("AGEP", every(None)), "all-null column", "people", ("AGEP",), 1754, "at most 1.00%"),
        (cells("SEX", first("3")), "unknown category", "people", ("SEX",), 1, "one of 1, 2"),
        (cells("CIT", every("9")), "unknown category", "people", ("CIT",), 1754, "at most 1.0000%"),
        (
            cells("id", lambda ids: [ids[1], *ids[1:]]),
            "duplicate key",
            "people",
            ("id",),
            2,
            "once",
        ),
        (cells("id", first(0)), "duplicate key", "people", ("id",), 2, "each key once"),
        (cells("year", first(2031)), "rows from the future", "people", ("year",), 1, "2031"),
        (
            cells("employed", every(None)),
            "target missing",
            "outcomes",
            ("employed",),
            1754,
            "until",
        ),
        (
            lambda table: table.drop_columns("employed"),
            "target missing",
            "outcomes",
            ("employed",),
            1754,
            "no labels can be read from 2018/employment_MA_reference.pq",
        ),
        (
            cells("employed", every(1)),
            "one class",
            "outcomes",
            ("employed",),
            1754,
            "every label is 1",
        ),
        (
            cells("employed", every(0)),
            "one class",
            "outcomes",
            ("employed",),
            1754,
            "every label is 0",
        ),
        (
            lambda table: table.drop_columns("MAR"),
            "missing column",
            "people",
            ("MAR",),
            1754,
            "no column MAR",
        ),
        (
            lambda table: table.set_column(1, "AGEP", table["AGEP"].cast(pa.string())),
            "wrong type",
            "people",
            ("AGEP",),
            1754,
            "found VARCHAR in 2018/employment_MA_reference.pq; wanted number",
        ),
        (lambda table: table.slice(0, 0), "no rows", "people", (), 0, "0 rows"),
    ],
)
def test_a_bad_window_among_good_ones_stops_and_is_named(
    employment, spoiled, tmp_path, change, rule, table, columns, rows, words
):
    report = check(employment, spoiled(change), tmp_path)
    assert not report.passed
    found = [problem for problem in report.problems if problem.rule == rule]
    problem = next(problem for problem in found if problem.table == table)
    assert problem.columns == columns
    assert problem.rows == rows
    assert words in problem.sentence
    if rule != "duplicate key":  # which may be shared by two windows
        assert problem.window == LAST
        assert f" in window {LAST}" in problem.sentence
    if rule not in {"missing column", "wrong type", "no rows"} and "read from" not in words:
        assert problem.examples
        assert any(f"{LAST}/employment_MA_reference.pq row" in shown for shown in problem.examples)


def test_a_key_that_two_windows_share_names_both_places(employment, spoiled, tmp_path):
    report = check(employment, spoiled(cells("id", first(0))), tmp_path)
    (people,) = [problem for problem in report.problems if problem.table == "people"]
    places = [f"{year}/employment_MA_reference.pq row 1" for year in (2015, 2018)]
    assert people.examples == (f"2 rows with id=0: {', '.join(places)}",)


def test_new_categories_up_to_the_tolerated_share_are_noted_and_pass(employment, spoiled, tmp_path):
    report = check(employment, spoiled(cells("CIT", first("9"))), tmp_path)
    assert report.passed
    assert [(note.rule, note.window, note.rows) for note in report.notes] == [
        ("unknown category", LAST, 1)
    ]


def test_types_are_never_tolerated(employment, spoiled, tmp_path):
    raw = spoiled(
        lambda table: table.set_column(3, "MAR", table["MAR"].cast(pa.string()).cast("int64"))
    )
    report = check(employment, raw, tmp_path)
    assert [(problem.rule, problem.columns) for problem in report.problems] == [
        ("wrong type", ("MAR",))
    ]


def test_all_that_is_wrong_with_a_window_is_said_at_once(employment, spoiled, tmp_path):
    def change(table: pa.Table) -> pa.Table:
        for spoil in (
            cells("SEX", first("3")),
            cells("year", first(2031)),
            cells("DIS", every(None)),
        ):
            table = spoil(table)
        return table

    report = check(employment, spoiled(change), tmp_path)
    assert {problem.rule for problem in report.problems} == {
        "unknown category",
        "rows from the future",
        "all-null column",
    }


def test_a_bad_window_stays_bad_when_carried_over_and_goes_when_it_is_sent_anew(
    employment, spoiled, years, tmp_path
):
    raw = spoiled(cells("SEX", every(None)))
    bad, carried, mended = (tmp_path / name for name in ("bad", "carried", "mended"))
    for folder in (bad, carried, mended):
        folder.mkdir()
    ingest(employment, raw, bad)
    as_of = moment(employment.settings.data.as_of)
    # A window that says nothing of the bad one leaves it where it is.
    other = tmp_path / "other"
    shutil.copytree(years / "2015", other / "2015")
    ingest(employment, other, carried, bad)
    report = validate(employment, carried, as_of)
    assert {(problem.rule, problem.window) for problem in report.problems} == {
        ("all-null column", LAST)
    }
    again = tmp_path / "again"
    shutil.copytree(years / LAST, again / LAST)
    ingest(employment, again, mended, carried)
    assert validate(employment, mended, as_of).passed


def test_examples_of_one_class_are_refused_in_either_part(employment, years, tmp_path):
    check(employment, years, tmp_path).write(tmp_path)
    never = employment.settings.label.model_copy(update={"above": 5.0})
    settings = employment.settings.model_copy(update={"label": never})
    task = employment.model_copy(update={"settings": settings})
    targets = dict.fromkeys(("train", "holdout"), tmp_path)
    with pytest.raises(
        TaskError, match=r"train: all \d+ rows from 2015 to 2016 have the same label"
    ):
        prepare(task, tmp_path / "tables", tmp_path, targets)


def test_a_task_file_without_its_schema_is_refused(tmp_path):
    folder = tmp_path / "task"
    shutil.copytree(tasks.TASKS / "employment", folder)
    (folder / "schema.yaml").unlink()
    with pytest.raises(TaskError, match=r"task has no schema\.yaml"):
        tasks.load(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda people: people["columns"]["AGEP"].update(nulls=0.1), "AGEP.nulls: Extra inputs"),
        (
            lambda people: people["columns"]["AGEP"].update(type="float"),
            "AGEP.type: Input should be",
        ),
        (
            lambda people: people["columns"]["AGEP"].update(tolerate={"nulls": 2}),
            "AGEP.tolerate.nulls: Input should be less",
        ),
        (
            lambda people: people["columns"]["AGEP"].update(tolerate={"type": 0.1}),
            "AGEP.tolerate.type: Extra inputs",
        ),
        (
            lambda people: people["columns"]["id"].update(min=None, tolerate={"outside": 0.1}),
            "tolerate.outside needs min, max or values",
        ),
        (
            lambda people: people["columns"]["id"].update(tolerate={"nulls": 0.1}),
            "id is part of the key: it cannot tolerate empty cells",
        ),
        (lambda people: people.update(ignored=["SEX"]), "SEX: both a column and ignored"),
        (lambda people: people.update(files=[]), "files: Tuple should have at least 1 item"),
        (lambda people: people.update(file="people"), "people.file: Extra inputs"),
    ],
)
def test_a_schema_file_that_is_wrong_is_named_with_its_place(tmp_path, edit, words):
    folder = tmp_path / "task"
    shutil.copytree(tasks.TASKS / "employment", folder)
    document = yaml.safe_load((folder / "schema.yaml").read_text())
    edit(document["tables"]["people"])
    (folder / "schema.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(TaskError, match=words) as caught:
        tasks.load(folder)
    assert str(caught.value).startswith("task/schema.yaml is wrong:\n")
