"""The `${{ ... }}` and `$[[ ... ]]` expressions of commands and pipeline bindings."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_EXPRESSION = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_NAME = r"[A-Za-z_][\w.\-]*"
_INPUT = re.compile(rf"^inputs\.({_NAME})$")
_OUTPUT = re.compile(rf"^outputs\.({_NAME})$")
_PARENT_INPUT = re.compile(rf"^parent\.inputs\.({_NAME})$")
_PARENT_OUTPUT = re.compile(rf"^parent\.outputs\.({_NAME})$")
_SIBLING = re.compile(r"^parent\.jobs\.([\w\-]+)\.outputs\.([\w\-]+)$")


class ExpressionError(ValueError):
    """An expression that names something the job does not have."""


@dataclass(frozen=True)
class ParentInput:
    """`${{parent.inputs.x}}`"""

    name: str


@dataclass(frozen=True)
class ParentOutput:
    """`${{parent.outputs.x}}`"""

    name: str


@dataclass(frozen=True)
class SiblingOutput:
    """`${{parent.jobs.node.outputs.x}}`"""

    node: str
    output: str


Binding = ParentInput | ParentOutput | SiblingOutput


def binding(value: object) -> Binding | None:
    """The binding that a node's input or output value is, or None for a plain value."""
    if not isinstance(value, str) or not (found := _EXPRESSION.fullmatch(value.strip())):
        return None
    inside = found[1]
    if match := _PARENT_INPUT.match(inside):
        return ParentInput(match[1])
    if match := _PARENT_OUTPUT.match(inside):
        return ParentOutput(match[1])
    if match := _SIBLING.match(inside):
        return SiblingOutput(match[1], match[2])
    msg = (
        f"cannot resolve {value!r}; a binding is ${{{{parent.inputs.NAME}}}},"
        " ${{parent.outputs.NAME}} or ${{parent.jobs.NODE.outputs.NAME}}"
    )
    raise ExpressionError(msg)


def command_line(
    command: str, literals: Mapping[str, str], paths: Mapping[str, str], outputs: Mapping[str, str]
) -> str:
    """The shell command of a step.

    Literals are put in as they are, as Azure ML does; paths, which are ours, are quoted for the
    place where they stand. A `$[[ ... ]]` part stays only when every input in it has a value.
    """
    given = {**literals, **paths}

    def keep(part: re.Match[str]) -> str:
        inside = [m[1] for e in _EXPRESSION.finditer(part[1]) if (m := _INPUT.match(e[1]))]
        return part[1] if all(name in given for name in inside) else ""

    text = _OPTIONAL.sub(keep, command)

    def value(found: re.Match[str]) -> str:
        if match := _INPUT.match(found[1]):
            name, known, kind = match[1], given, "input"
        elif match := _OUTPUT.match(found[1]):
            name, known, kind = match[1], outputs, "output"
        else:
            msg = (
                f"the command has {found[0]}; a command may use ${{{{inputs.NAME}}}} and"
                " ${{outputs.NAME}}"
            )
            raise ExpressionError(msg)
        if name not in known:
            has = ", ".join(sorted(known)) or "none"
            msg = f"the command uses {found[0]}, but no {kind} {name!r} has a value; it has: {has}"
            raise ExpressionError(msg)
        raw = known[name]
        return raw if kind == "input" and name in literals else _quoted(raw, text[: found.start()])

    return _EXPRESSION.sub(value, text)


def _quoted(path: str, before: str) -> str:
    quote = _open_quote(before)
    if quote == '"':
        return re.sub(r'([\\"$`])', r"\\\1", path)
    if quote == "'":
        return path.replace("'", "'\"'\"'")
    return shlex.quote(path)


def _open_quote(text: str) -> str:
    """The quote character that is still open at the end of `text`."""
    quote, escaped = "", False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return quote


def replace_all(text: str, lookup: Callable[[str], str]) -> str:
    """`text` with every `${{ x }}` replaced by `lookup("x")`, for paths such as `${{name}}`."""
    return _EXPRESSION.sub(lambda found: lookup(found[1]), text)
