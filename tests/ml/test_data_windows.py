"""Windows are folders with a version of their own; what was read once is not read again."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from ml.data import manifest
from ml.errors import TaskError
from ml.steps import ingest as step
from ml.steps.ingest import ingest
from ml.steps.validate import moment, validate

MONTHS = ("2013-01", "2013-02", "2013-03")
AS_OF = "2013-04-01T06:00:00"


@pytest.fixture(scope="session")
def windows(tmp_path_factory, sample) -> Path:
    """Flights and weather in a folder a month; planes and airports came with the first."""
    folder = tmp_path_factory.mktemp("windows")
    for table in ("flights", "weather"):
        lines = (sample / f"{table}.csv").read_text().splitlines()
        header = lines[0].split(",")
        year, month = header.index("year"), header.index("month")
        for name in MONTHS:
            rows = [
                line
                for line in lines[1:]
                if (cells := line.split(","))[year] == name[:4]
                and int(cells[month]) == int(name[5:])
            ]
            (folder / name).mkdir(exist_ok=True)
            (folder / name / f"{table}.csv").write_text("\n".join([lines[0], *rows]) + "\n")
    for table in ("planes", "airports"):
        shutil.copy(sample / f"{table}.csv", folder / MONTHS[0])
    return folder


def part_of(windows: Path, folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copytree(windows / name, folder / name)
    return folder


def made(path: Path) -> Path:
    path.mkdir()
    return path


def test_each_window_has_a_version_made_of_its_content(flights, windows, tmp_path):
    whole = ingest(flights, windows, made(tmp_path / "whole"))
    alone = ingest(flights, part_of(windows, tmp_path / "raw", MONTHS[0]), made(tmp_path / "one"))
    assert tuple(whole.windows) == MONTHS
    assert len({window.version for window in whole.windows.values()}) == 3
    assert alone.windows[MONTHS[0]] == whole.windows[MONTHS[0]]
    assert alone.data_version != whole.data_version
    assert [len(whole.tables[name].parts) for name in ("flights", "weather", "planes")] == [3, 3, 1]


def test_reading_window_after_window_gives_the_same_tables_as_reading_all(
    flights, windows, tmp_path
):
    whole = ingest(flights, windows, made(tmp_path / "whole"))
    previous = None
    chain = []
    for name in MONTHS:
        raw, tables = part_of(windows, tmp_path / f"raw-{name}", name), made(tmp_path / name)
        chain.append(ingest(flights, raw, tables, previous))
        previous = tables
    last = chain[-1]
    assert last.digest == whole.digest
    assert last.data_version == whole.data_version
    assert last.windows == whole.windows
    assert last.raw_version == whole.windows[MONTHS[2]].version
    assert [parent.data_version for parent in last.parents] == [
        chain[1].data_version,
        chain[0].data_version,
    ]
    assert last.parents[0].tables_digest == chain[1].digest
    report = validate(flights, tmp_path / MONTHS[2], moment(AS_OF))
    assert report.passed, report.text
    assert report.windows == {name: window.version for name, window in whole.windows.items()}


def test_only_files_that_are_new_are_read(flights, windows, tmp_path, monkeypatch):
    before = made(tmp_path / "before")
    ingest(flights, part_of(windows, tmp_path / "raw", *MONTHS[:2]), before)
    read: list[str] = []
    real = step._read

    def spy(connection, task, file, source, tables):
        read.append(source.file)
        return real(connection, task, file, source, tables)

    monkeypatch.setattr(step, "_read", spy)
    ingest(flights, windows, made(tmp_path / "after"), before)
    assert read == ["2013-03/flights.csv", "2013-03/weather.csv"]


def test_a_corrected_file_replaces_what_was_read_of_it(flights, windows, tmp_path):
    before = made(tmp_path / "before")
    first = ingest(flights, windows, before)
    raw = part_of(windows, tmp_path / "raw", MONTHS[1])
    path = raw / MONTHS[1] / "flights.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    second = ingest(flights, raw, made(tmp_path / "after"), before)
    assert second.tables["flights"].rows == first.tables["flights"].rows - 1
    assert second.windows[MONTHS[1]].version != first.windows[MONTHS[1]].version
    assert second.windows[MONTHS[0]] == first.windows[MONTHS[0]]


def test_a_later_snapshot_of_a_register_replaces_the_earlier_one(flights, windows, tmp_path):
    raw = part_of(windows, tmp_path / "raw", *MONTHS)
    lines = (raw / MONTHS[0] / "planes.csv").read_text().splitlines()
    (raw / MONTHS[2] / "planes.csv").write_text("\n".join(lines[:101]) + "\n")
    found = ingest(flights, raw, made(tmp_path / "tables"))
    assert [part.window for part in found.tables["planes"].parts] == [MONTHS[2]]
    assert found.tables["planes"].rows == 100


def test_tables_of_another_schema_or_task_are_not_carried_over(flights, windows, tmp_path):
    before = made(tmp_path / "before")
    ingest(flights, windows, before)
    other = flights.model_copy(update={"schema_digest": "0" * 64})
    with pytest.raises(TaskError, match=r"another schema\.yaml; ingest all raw files anew"):
        ingest(other, windows, made(tmp_path / "a"), before)
    named = flights.settings.model_copy(update={"name": "trains"})
    with pytest.raises(TaskError, match="are of task flights, not trains"):
        ingest(
            flights.model_copy(update={"settings": named}), windows, made(tmp_path / "b"), before
        )


def test_tables_that_were_changed_since_are_not_carried_over(flights, windows, tmp_path):
    before = made(tmp_path / "before")
    part = ingest(flights, windows, before).tables["weather"].parts[0]
    (before / part.file).write_bytes(b"other")
    with pytest.raises(TaskError, match="is not what its manifest says"):
        ingest(flights, windows, made(tmp_path / "after"), before)


def test_the_same_file_under_two_endings_is_refused(flights, windows, tmp_path):
    raw = part_of(windows, tmp_path / "raw", MONTHS[0])
    shutil.copy(raw / MONTHS[0] / "flights.csv", raw / MONTHS[0] / "flights.csv.gz")
    with pytest.raises(TaskError, match=r"holds flights twice, as flights\.csv and as flights"):
        ingest(flights, raw, made(tmp_path / "tables"))


def test_files_that_no_table_names_change_nothing(flights, windows, tmp_path):
    raw = part_of(windows, tmp_path / "raw", MONTHS[0])
    first = ingest(flights, raw, made(tmp_path / "a"))
    (raw / "readme.csv").write_text("not,a,table\n")
    assert ingest(flights, raw, made(tmp_path / "b")) == first


def test_a_manifest_is_read_as_it_was_written(flights, windows, tmp_path):
    written = ingest(flights, windows, made(tmp_path / "tables"))
    assert manifest.read(tmp_path / "tables") == written


def as_parquet(windows: Path, folder: Path, change) -> Path:
    """Write January's flights as a Parquet file with types of its own."""
    raw = part_of(windows, folder, MONTHS[0])
    path = raw / MONTHS[0] / "flights.csv"
    options = pacsv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    table = pacsv.read_csv(path, convert_options=options)
    path.unlink()
    pq.write_table(change(table), path.with_suffix(".parquet"))
    return raw


def put(name: str, kind: pa.DataType):
    return lambda table: table.set_column(
        table.schema.get_field_index(name), name, table[name].cast(kind)
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table,
        put("arr_delay", pa.float64()),  # as data frames write integers with gaps
        put("carrier", pa.dictionary(pa.int8(), pa.string())),
        put("distance", pa.int16()),
        put("time_hour", pa.timestamp("ns", "America/New_York")),
        put("time_hour", pa.timestamp("ms")),
    ],
    ids=["as read", "float", "dictionary", "small integer", "other zone", "no zone"],
)
def test_parquet_files_give_the_same_tables_as_csv_files(flights, windows, tmp_path, change):
    csv = ingest(flights, part_of(windows, tmp_path / "csv", MONTHS[0]), made(tmp_path / "a"))
    raw = as_parquet(windows, tmp_path / "parquet", change)
    parquet = ingest(flights, raw, made(tmp_path / "b"))
    tables = [
        pq.read_table(tmp_path / folder / found.tables["flights"].parts[0].file)
        for folder, found in (("a", csv), ("b", parquet))
    ]
    names = tables[0].column_names
    assert tables[1].column_names == names
    for name in names:
        assert tables[0][name].equals(tables[1][name]), name


def test_a_parquet_column_of_another_type_is_never_converted(flights, windows, tmp_path):
    raw = as_parquet(windows, tmp_path / "raw", put("distance", pa.string()))
    ingest(flights, raw, made(tmp_path / "tables"))
    report = validate(flights, tmp_path / "tables", moment("2013-02-01T06:00:00"))
    (problem,) = report.problems
    assert (problem.rule, problem.columns, problem.window) == (
        "wrong type",
        ("distance",),
        "2013-01",
    )
    assert problem.found == "VARCHAR in 2013-01/flights.parquet"
    assert problem.wanted == "integer"
    assert problem.rows > 400


def test_a_fraction_or_an_infinity_in_a_parquet_file_is_found(flights, windows, tmp_path):
    def change(table):
        cells = table["distance"].cast(pa.float64()).to_pylist()
        cells[1], cells[4], cells[7] = 3.7, float("inf"), float("nan")
        return table.set_column(table.schema.get_field_index("distance"), "distance", [cells])

    raw = as_parquet(windows, tmp_path / "raw", change)
    ingest(flights, raw, made(tmp_path / "tables"))
    report = validate(flights, tmp_path / "tables", moment("2013-02-01T06:00:00"))
    found = {problem.rule: problem for problem in report.problems}
    assert set(found) == {"wrong type", "empty cells"}  # what is not a number is empty
    assert found["wrong type"].rows == 2
    assert found["wrong type"].examples == (
        "line 2: '3.7' (not whole)",
        "line 5: 'inf' (not whole)",
    )
    assert found["empty cells"].rows == 1


def test_a_file_that_only_claims_to_be_parquet_stops_ingest(flights, windows, tmp_path):
    raw = part_of(windows, tmp_path / "raw", MONTHS[0])
    (raw / MONTHS[0] / "flights.csv").rename(raw / MONTHS[0] / "flights.parquet")
    with pytest.raises(TaskError, match=r"flights\.parquet is no Parquet file"):
        ingest(flights, raw, made(tmp_path / "tables"))
