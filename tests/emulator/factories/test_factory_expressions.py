"""The expressions of data factories, as the documentation and our own pipelines write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.factories.expressions import ExpressionError, Scope, evaluate

SCOPE = Scope(
    {
        "triggerBody": {"folderPath": "raw/2013/01", "fileName": "a.csv"},
        "pipeline": {"parameters": {"folder": "2013/01", "file": "it's.csv", "n": 3, "none": None}},
        "activity": {"Copy 1": {"output": {"rows": [7, 8]}}}.get,
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@triggerBody().fileName", "a.csv"),
        ("@join(skip(split(triggerBody().folderPath, '/'), 1), '/')", "2013/01"),
        ("@pipeline().parameters.n", 3),
        ("n is @{pipeline().parameters.n}", "n is 3"),
        ('{"uri": "@{pipeline().parameters.folder}/x"}', '{"uri": "2013/01/x"}'),
        ("@concat('it''s ', pipeline().parameters['file'])", "it's it's.csv"),
        ("@activity('Copy 1').output.rows[1]", 8),
        ("@coalesce(pipeline().parameters.none, 'x')", "x"),
        ("@pipeline()?.parameters?.gone?.more", None),
        ("@toUpper(first(split('a/b', '/')))", "A"),
        ("@take(split('a/b/c', '/'), 2)", ["a", "b"]),
        ("@length(split('a/b/c', '/'))", 3),
        ("@true", None),
        ("@@literal", "@literal"),
        ("someone@example.com", "someone@example.com"),
        ({"value": "@triggerBody().fileName", "type": "Expression"}, "a.csv"),
        ({"a": ["@pipeline().parameters.n", 1]}, {"a": [3, 1]}),
    ],
)
def test_expressions_mean_what_the_documentation_says(text, expected):
    if text == "@true":
        expected = True
    assert evaluate(text, SCOPE) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@utcNow()", r"utcNow\(\) is not run here; there are: activity"),
        ("@pipeline().parameters.gone", "there is no 'gone'; there are: folder"),
        ("@triggerBody().fileName more", "goes on after its end"),
        ("@join('a'", "wanted: ,"),
        ("@{pipeline().parameters.n", "wanted: }"),
        ("@skip(1, 1)", "cannot be used like that"),
        ("@first(split('a', '/')).x", "cannot be taken of a str"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text, message):
    with pytest.raises(ExpressionError, match=message):
        evaluate(text, SCOPE)


@given(st.text(alphabet=st.characters(exclude_characters="@"), max_size=40))
def test_text_without_expressions_stays_as_it_is(text):
    assert evaluate(text, SCOPE) == text
    quoted = text.replace("'", "''")
    assert evaluate(f"@concat('{quoted}')", SCOPE) == text
