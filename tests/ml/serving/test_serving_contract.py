"""The contract of a served model: every mistake names column, found and wanted."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ml.serving import contract, model, payload
from ml.serving.contract import Contract, ContractError, RefusedError

COLUMNS = Contract(
    {"carrier": "string", "distance": "double", "stops": "long", "cargo": "boolean"},
    {"carrier": frozenset({"AA", "UA"})},
)
ROW = {"carrier": ["AA"], "distance": [10.5], "stops": [0], "cargo": [False]}


def test_a_right_request_passes_with_empty_cells_where_they_may_be():
    COLUMNS.check({**ROW, "carrier": [None], "distance": [None]})


@pytest.mark.parametrize(
    ("column", "cell", "found", "wanted"),
    [
        ("distance", "far", '"far" in row 0', "a finite number or null"),
        ("distance", True, "true in row 0", "a finite number or null"),
        ("distance", float("inf"), "Infinity in row 0", "a finite number or null"),
        ("stops", 1.5, "1.5 in row 0", "a whole number"),
        ("stops", None, "null in row 0", "a whole number"),
        ("carrier", 7, "7 in row 0", "text or null"),
        ("cargo", "no", '"no" in row 0', "true or false"),
    ],
)
def test_a_cell_of_another_type_is_named(column, cell, found, wanted):
    with pytest.raises(RefusedError) as caught:
        COLUMNS.check({**ROW, column: [cell]})
    (problem,) = caught.value.problems
    assert (caught.value.status, caught.value.code) == (422, "ContractViolated")
    assert (problem.column, problem.found, problem.wanted) == (column, found, wanted)


def test_missing_and_misspelt_columns_are_named_together():
    given_columns = {name: cells for name, cells in ROW.items() if name != "stops"}
    with pytest.raises(RefusedError, match=r"stops: found no such column.*stop: found a column"):
        COLUMNS.check({**given_columns, "stop": [1]})


def test_a_new_category_is_told_and_refused_only_where_that_is_wanted():
    columns = {**ROW, "carrier": ["ZZ"]}
    COLUMNS.check(columns)
    assert COLUMNS.unknown(columns) == {"carrier": 1}
    strict = Contract(COLUMNS.columns, COLUMNS.categories, strict=True)
    with pytest.raises(RefusedError, match='found "ZZ" in row 0, wanted one of its 2 categories'):
        strict.check(columns)


def test_the_contract_is_read_from_the_models_own_folder(tmp_path):
    inputs = [{"type": "double", "name": "a"}, {"type": "string", "name": "b"}]
    (tmp_path / "MLmodel").write_text(yaml.safe_dump({"signature": {"inputs": json.dumps(inputs)}}))
    encoder = tmp_path / "data" / "scorer" / "encoder.json"
    encoder.parent.mkdir(parents=True)
    encoder.write_text(json.dumps({"categories": {"b": ["x"]}}))
    found = contract.read(tmp_path)
    assert dict(found.columns) == {"a": "double", "b": "string"}
    assert found.categories == {"b": frozenset({"x"})}


def test_a_model_without_a_signature_is_not_served(tmp_path):
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(ContractError, match="no signature"):
        contract.read(tmp_path)


def test_the_model_is_found_below_its_name_and_version(tmp_path):
    root = tmp_path / "flights-late" / "3"
    (root / "model" / "inner").mkdir(parents=True)
    for folder in (root / "model", root / "model" / "inner"):
        (folder / "MLmodel").write_text("{}")
    found = model.find(root)
    assert (found.name, found.version, found.folder) == ("flights-late", "3", root / "model")


def test_two_models_side_by_side_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "MLmodel").write_text("{}")
    with pytest.raises(ContractError, match="must hold one MLflow model"):
        model.find(tmp_path)


SPLIT = {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}
RECORDS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize(
    "document",
    [
        {"input_data": SPLIT},
        {"dataframe_split": SPLIT},
        {"input_data": RECORDS},
        {"dataframe_records": RECORDS},
    ],
)
def test_each_form_of_a_table_gives_the_same_columns(document):
    table = payload.read(json.dumps(document), most_rows=2)
    assert table.columns == {"a": [1, 2], "b": ["x", None]}
    assert table.rows == 2


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("{", 400, "not JSON"),
        ("[1]", 400, "a list"),
        ('{"rows": []}', 400, "the keys rows"),
        ('{"input_data": [], "dataframe_records": []}', 400, "the keys"),
        ('{"input_data": {"columns": ["a"], "data": [[1, 2]]}}', 400, "row 0 with 2 cells for 1"),
        ('{"input_data": {"columns": ["a", "a"], "data": []}}', 400, "the columns a twice"),
        ('{"input_data": []}', 400, "no rows"),
        ('{"input_data": [{"a": 1}, {"b": 1}]}', 422, "a: found not in row 1"),
        ('{"input_data": [{"a": 1}, {"a": 2}, {"a": 3}]}', 413, "send 2 at most"),
        ('{"input_data": [{"a": 1}], "context": {"id": []}}', 422, "a list of 1 texts"),
    ],
)
def test_what_is_no_table_is_refused_with_what_is_wanted(body, status, told):
    with pytest.raises(RefusedError, match=told) as caught:
        payload.read(body, most_rows=2)
    assert caught.value.status == status


@given(st.text() | st.binary())
def test_whatever_comes_is_a_table_or_refused(body):
    try:
        rows = payload.read(body, most_rows=10).rows
    except RefusedError as refusal:
        rows = refusal.status
    assert 1 <= rows <= 10 or 400 <= rows < 500
