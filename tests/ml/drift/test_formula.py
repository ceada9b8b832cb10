"""A cost formula is arithmetic on label and score, the same on arrays and in a database."""

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.drift import formula

LABEL, SCORE = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.2, 0.5, 0.3, 0.9])
COST = "where(score >= 0.5, 15, where(label == 1, 60, 0))"


def test_the_cost_of_a_wrong_prediction_is_worked_out_for_every_row():
    assert formula.parse(COST).of_arrays(LABEL, SCORE).tolist() == [0, 15, 60, 15]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs(label - score)", [0.2, 0.5, 0.7, 0.1]),
        ("-2 * score + 1 / 4", [-0.15, -0.75, -0.35, -1.55]),
        ("where(not label == 1 and score > 0.4 or score > 0.8, 1, 0)", [0, 1, 0, 1]),
        ("max(min(score, 0.4), 0.25)", [0.25, 0.4, 0.3, 0.4]),
        ("exp(log(sqrt(4)))", [2, 2, 2, 2]),
        ("7", [7, 7, 7, 7]),
    ],
)
def test_a_formula_has_the_value_of_its_arithmetic(text, expected):
    assert formula.parse(text).of_arrays(LABEL, SCORE) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "open('x')", "().__class__", "label.__class__",
        "[score for score in (1,)]", "lambda: 1", "score if label else 1", "score ** 99999",
        "'a' * 9", "score := 1", "f'{score}'", "price", "where(score, 1, 0)", "score > 0.5",
        "(score > 0.5) * 3", "True", "max(score)", "min(score, 1, 2)", "where(a=1)", "number(3)",
        "1 < score < 2", "neg(score)", "score & 1", "score, label", "1j", "", "(", "~label",
    ],
)  # fmt: skip
def test_whatever_is_no_arithmetic_is_refused(text):
    with pytest.raises(formula.FormulaError):
        formula.parse(text)


def test_a_refusal_names_the_place_and_what_is_allowed():
    with pytest.raises(
        formula.FormulaError, match="`price` at column 5 is not allowed; wanted a num"
    ):
        formula.parse("1 + price")
    with pytest.raises(formula.FormulaError, match=r"`score` at column 7 .* wanted a condition"):
        formula.parse("where(score, 1, 0)")


def test_endless_formulas_are_refused():
    with pytest.raises(formula.FormulaError, match="at most 500"):
        formula.parse("1+" * 300 + "1")
    with pytest.raises(formula.FormulaError, match="more than 200 parts"):
        formula.parse("1+" * 120 + "1")


def test_a_cost_that_is_no_number_is_refused_with_the_row():
    with pytest.raises(formula.FormulaError, match="is -inf for label 1 and score 0; a cost"):
        formula.parse("log(score)").of_arrays(np.array([1.0]), np.array([0.0]))


def texts():
    leaf = st.sampled_from(["label", "score", "2", "0.25"])

    def larger(inner):
        pairs = st.tuples(inner, inner)
        return st.one_of(
            st.tuples(st.sampled_from("+-*"), pairs).map(lambda x: f"({x[1][0]} {x[0]} {x[1][1]})"),
            st.tuples(st.sampled_from(["max", "min"]), pairs).map(
                lambda x: f"{x[0]}({x[1][0]}, {x[1][1]})"
            ),
            st.tuples(inner, inner, inner).map(
                lambda x: f"where(not {x[0]} < {x[1]} or label == 1, {x[2]}, abs({x[0]}))"
            ),
        )

    return st.recursive(leaf, larger, max_leaves=6)


@settings(deadline=None, max_examples=40)
@given(texts())
def test_a_database_works_out_the_same(text):
    parsed = formula.parse(text)
    table = ibis.memtable({"label": LABEL, "score": SCORE})
    found = table.select(
        row=ibis.row_number(), cost=parsed.of_columns(table["label"], table["score"])
    )
    there = ibis.duckdb.connect().to_pyarrow(found.order_by("row"))["cost"].to_pylist()
    assert there == pytest.approx(parsed.of_arrays(LABEL, SCORE).tolist())
