"""Bad files are found, and the report says which rows and columns."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ml.data import report as reports
from ml.errors import TaskError
from ml.steps.ingest import ingest
from ml.steps.validate import moment, validate

HEADER = [
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time",
    "sched_arr_time", "arr_delay", "carrier", "flight", "tailnum", "origin", "dest", "air_time",
    "distance", "hour", "minute", "time_hour",
]  # fmt: skip


def with_cell(line: int, column: str, value: str):
    """Change one cell; line 0 is the header."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[line].split(",")
        cells[HEADER.index(column)] = value
        return [*lines[:line], ",".join(cells), *lines[line + 1 :]]

    return change


def without_column(column: str):
    position = HEADER.index(column)

    def change(lines: list[str]) -> list[str]:
        rows = [line.split(",") for line in lines]
        return [",".join(row[:position] + row[position + 1 :]) for row in rows]

    return change


def check(task, raw: Path, folder: Path, as_of: str | None = None) -> reports.Report:
    tables = folder / "tables"
    tables.mkdir()
    ingest(task, raw, tables)
    return validate(task, tables, moment(as_of or task.settings.data.as_of))


def test_the_sample_of_the_real_flights_passes(flights, made):
    report = reports.read(made.report)
    assert report.passed
    assert report.rows["flights"] == 5612
    # The one impossible wind speed of the real data is within what the schema tolerates.
    assert [(note.table, note.columns, note.rows) for note in report.notes] == [
        ("weather", ("wind_speed",), 1)
    ]


@pytest.mark.parametrize(
    ("change", "rule", "columns", "rows", "example"),
    [
        (without_column("distance"), "missing column", ("distance",), 5612, None),
        (lambda lines: lines[:1], "no rows", (), 0, None),
        (with_cell(3, "distance", "far"), "wrong type", ("distance",), 1, "line 4: 'far'"),
        (with_cell(3, "distance", "3.7"), "wrong type", ("distance",), 1, "line 4: '3.7'"),
        (with_cell(3, "time_hour", "soon"), "wrong type", ("time_hour",), 1, "line 4: 'soon'"),
        (with_cell(3, "carrier", "NA"), "empty cells", ("carrier",), 1, "row 3: year=2013"),
        (with_cell(3, "dest", ""), "empty cells", ("dest",), 1, "row 3: year=2013"),
        (with_cell(3, "origin", "XXX"), "unknown category", ("origin",), 1, "origin=XXX"),
        (with_cell(3, "hour", "24"), "out of range", ("hour",), 1, "hour=24"),
        (with_cell(3, "distance", "-1"), "out of range", ("distance",), 1, "distance=-1"),
        (lambda lines: [*lines, lines[5]], "duplicate key", (), 2, "2 rows with year=2013"),
        (lambda lines: [*lines, "1,2,3"], "malformed line", (), 1, "'1,2,3'"),
        (
            with_cell(3, "time_hour", "2031-01-01T00:00:00Z"),
            "rows from the future",
            ("time_hour",),
            1,
            "time_hour=2031-01-01",
        ),
    ],
)
def test_a_violation_stops_with_rule_columns_rows_and_an_example(
    flights, spoiled, tmp_path, change, rule, columns, rows, example
):
    report = check(flights, spoiled("flights", change), tmp_path)
    assert not report.passed
    found = [problem for problem in report.problems if problem.rule == rule]
    assert len(found) == 1, report.text
    assert found[0].table == "flights"
    assert found[0].rows == rows
    if columns:
        assert found[0].columns == columns
    if example:
        assert any(example in shown for shown in found[0].examples), found[0].examples


def test_several_mistakes_are_reported_at_once(flights, spoiled, tmp_path):
    first, second = with_cell(3, "origin", "XXX"), with_cell(9, "distance", "far")
    report = check(flights, spoiled("flights", lambda lines: second(first(lines))), tmp_path)
    assert {problem.rule for problem in report.problems} == {"unknown category", "wrong type"}


def test_a_few_cells_outside_are_tolerated_and_many_are_not(flights, spoiled, tmp_path):
    few = check(flights, spoiled("flights", with_cell(3, "carrier", "ZZ")), tmp_path)
    assert few.passed
    assert [note.columns for note in few.notes if note.table == "flights"] == [("carrier",)]


def test_many_unknown_categories_are_a_violation(flights, spoiled, tmp_path):
    def change(lines: list[str]) -> list[str]:
        return [line.replace(",UA,", ",ZZ,") for line in lines]

    report = check(flights, spoiled("flights", change), tmp_path)
    assert [problem.rule for problem in report.problems] == ["unknown category"]
    assert len(report.problems[0].examples) == 5


def test_an_old_window_is_not_fresh(flights, sample, tmp_path):
    report = check(flights, sample, tmp_path, as_of="2014-03-01T00:00:00")
    assert {(problem.table, problem.rule) for problem in report.problems} == {
        ("flights", "not fresh"),
        ("weather", "not fresh"),
    }


def test_an_unknown_column_is_left_out_and_noted(flights, spoiled, tmp_path):
    def change(lines: list[str]) -> list[str]:
        return [f"{line},{'extra' if number == 0 else number}" for number, line in enumerate(lines)]

    report = check(flights, spoiled("flights", change), tmp_path)
    assert report.passed
    assert ("unknown column", ("extra",)) in [(note.rule, note.columns) for note in report.notes]


def test_the_order_of_columns_does_not_matter(flights, spoiled, tmp_path):
    def change(lines: list[str]) -> list[str]:
        return [",".join(reversed(line.split(","))) for line in lines]

    assert check(flights, spoiled("flights", change), tmp_path).passed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: [], "it has no header line"),
        (lambda lines: ["a,b", "1,2"], "none of the schema's columns"),
        (lambda lines: [lines[0] + ",year", *lines[1:]], "twice: year"),
    ],
)
def test_a_file_that_is_no_table_of_this_schema_stops_ingest(
    flights, spoiled, tmp_path, change, words
):
    raw = spoiled("flights", change)
    if not change(["x"]):
        (raw / "flights.csv").write_text("")
    with pytest.raises(TaskError, match=words):
        check(flights, raw, tmp_path)


def test_an_absent_file_stops_ingest_and_says_what_was_there(flights, sample, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "planes.csv").write_text("tailnum\n")
    with pytest.raises(TaskError, match=r"wanted one of flights.csv.*found planes.csv"):
        check(flights, tmp_path / "raw", tmp_path)


def test_the_step_exits_non_zero_and_leaves_both_reports(spoiled, tmp_path):
    raw = spoiled("flights", with_cell(3, "distance", "far"))
    tables, report = tmp_path / "tables", tmp_path / "report"
    run = [sys.executable, "-m", "ml.steps.ingest", "--raw", raw, "--tables", tables]
    subprocess.run(run, check=True, capture_output=True)
    run = [sys.executable, "-m", "ml.steps.validate", "--tables", tables, "--report", report]
    ended = subprocess.run(run, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "flights.distance: wrong type in 1 rows" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert json.loads((report / reports.JSON).read_text())["passed"] is False
    assert "line 4: 'far'" in (report / reports.TEXT).read_text()


def test_tables_of_another_schema_are_refused(flights, made):
    other = flights.model_copy(update={"schema_digest": "0" * 64})
    with pytest.raises(TaskError, match=r"another schema\.yaml"):
        validate(other, made.tables, moment("now"))


def test_a_time_that_is_none_is_refused():
    with pytest.raises(TaskError, match="as-of is 'yesterday'"):
        moment("yesterday")


def test_a_time_with_a_zone_becomes_utc():
    assert moment("2014-01-01T01:00:00-05:00").isoformat() == "2014-01-01T06:00:00"
