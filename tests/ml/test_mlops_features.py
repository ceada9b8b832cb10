"""The list of what the machine-learning life has is true: each names a file and a test."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "mlops-features.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
DONE = [row for row in ROWS if row[2].strip() != "-"]


def test_all_89_features_are_listed_once_and_counted_right():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 90))
    assert f"{len(DONE)} of 89 are done." in TEXT


@pytest.mark.parametrize(("number", "what", "where", "proof"), DONE, ids=[r[0] for r in DONE])
def test_a_feature_that_is_done_has_its_file_and_its_test(number, what, where, proof):
    assert (ROOT / where.strip(" `")).exists(), (number, what)
    file, _, name = proof.strip(" `").partition("::")
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for group in body:
        if isinstance(group, ast.ClassDef):
            names |= {f"{group.name}.{node.name}" for node in group.body if hasattr(node, "name")}
    assert name in names


def test_a_feature_that_is_not_done_says_why():
    for number, what, where, why in ROWS:
        if where.strip() == "-":
            assert re.match(r"(not yet|partly): .{20,}", why), (number, what)
