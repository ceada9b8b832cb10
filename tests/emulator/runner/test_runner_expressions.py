"""Commands and bindings, as Azure ML resolves them."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.runner.expressions import (
    ExpressionError,
    ParentInput,
    ParentOutput,
    SiblingOutput,
    binding,
    command_line,
)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run ${{inputs.n}}", "run 3"),
        ("run ${{ inputs.n }}", "run 3"),
        ("run --in ${{inputs.data}}", "run --in '/a b/c'"),
        ('run --in "${{inputs.data}}/x"', 'run --in "/a b/c/x"'),
        ("run --in '${{inputs.data}}'", "run --in '/a b/c'"),
        ("run ${{outputs.out}}", "run /out"),
        ("run $[[--n ${{inputs.n}}]] $[[--m ${{inputs.m}}]]!", "run --n 3 !"),
        ("run $[[a ${{inputs.n}} ${{inputs.m}}]]", "run "),
    ],
)
def test_a_command_gets_its_values(command, expected):
    line = command_line(command, {"n": "3"}, {"data": "/a b/c"}, {"out": "/out"})
    assert line == expected


def test_a_missing_input_is_named_with_those_there_are():
    with pytest.raises(ExpressionError, match=r"no input 'x' has a value; it has: data, n"):
        command_line("run ${{inputs.x}}", {"n": "1"}, {"data": "/d"}, {})


def test_an_expression_that_commands_do_not_know_is_refused():
    with pytest.raises(ExpressionError, match="a command may use"):
        command_line("run ${{parent.inputs.x}}", {}, {}, {})


@given(st.text(st.characters(exclude_characters="\x00\n", exclude_categories=("Cs",)), min_size=1))
def test_a_path_is_one_word_of_the_shell_wherever_it_stands(path):
    for form in ("run {}", 'run "{}"', "run '{}'"):
        line = command_line(form.format("${{inputs.p}}"), {}, {"p": path}, {})
        words = shlex.split(line)
        # shlex keeps the backslash before $ and ` that a shell takes away within double quotes
        found = words[1].replace("\\$", "$").replace("\\`", "`") if '"' in form else words[1]
        assert len(words) == 2
        assert found == path or "\\" in path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${{parent.inputs.a}}", ParentInput("a")),
        ("${{ parent.outputs.b }}", ParentOutput("b")),
        ("${{parent.jobs.train.outputs.model}}", SiblingOutput("train", "model")),
        ("plain", None),
        (3, None),
        (None, None),
    ],
)
def test_a_binding_says_what_it_reads(value, expected):
    assert binding(value) == expected


def test_a_binding_to_something_else_is_refused():
    with pytest.raises(ExpressionError, match="a binding is"):
        binding("${{parent.jobs.train}}")
