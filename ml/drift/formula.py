"""A business cost per prediction as a formula of label and score: parsed and checked, never run."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from ml.drift.distances import Floats

if TYPE_CHECKING:
    from ibis.expr.types import Value

LABEL, SCORE = "label", "score"
LONGEST, MOST = 500, 200  # characters and parts: enough for a cost table, too little for mischief
SYMBOLS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "0-", ast.Not: "not",
    ast.And: "and", ast.Or: "or", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
Kind = Literal["number", "condition"]
N, C = "number", "condition"
SIGNATURES: Mapping[str, tuple[tuple[Kind, ...], Kind]] = {
    **dict.fromkeys(("+", "-", "*", "/", "min", "max"), ((N, N), N)),
    **dict.fromkeys(("0-", "abs", "exp", "log", "sqrt"), ((N,), N)),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), ((N, N), C)),
    **dict.fromkeys(("and", "or"), ((C, C), C)),
    "not": ((C,), C),
    "where": ((C, N, N), N),
}
WANTED = {
    N: "a number: label, score, 1.5, + - * /, where(condition, a, b), "
    "abs, exp, log, sqrt, min, max",
    C: "a condition such as score < 0.5, with and, or, not",
}
T = TypeVar("T")


class FormulaError(ValueError):
    """The formula is wrong; the message shows where and what is allowed."""


@dataclass(frozen=True)
class Part:
    """An operation with its parts, a name, or a number."""

    name: str
    parts: tuple["Part", ...] = ()
    value: float = 0.0


@dataclass(frozen=True)
class Formula:
    """A checked formula, such as `where(score >= 0.5, 15, where(label == 1, 60, 0))`."""

    text: str
    root: Part

    def of_arrays(self, label: Floats, score: Floats) -> Floats:
        """Work the formula out for every row."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = _value(self.root, {LABEL: label, SCORE: score}, _arrays())
        value = np.broadcast_to(np.asarray(found, dtype=np.float64), label.shape)
        if not np.isfinite(value).all():
            first = int(np.argmin(np.isfinite(value)))
            raise FormulaError(
                f"`{self.text}` is {value[first]} for label {label[first]:g} and score "
                f"{score[first]:g}; a cost must be a number"
            )
        return value

    def of_columns(self, label: "Value", score: "Value") -> "Value":
        """Return the formula as an expression over columns."""
        names = {LABEL: label.cast("float64"), SCORE: score.cast("float64")}
        return _value(self.root, names, _columns())


def parse(text: str) -> Formula:
    """Read a formula and refuse whatever is not arithmetic on label and score."""
    if len(text) > LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters; at most {LONGEST} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"`{text}` is no formula: {error}") from error
    if sum(1 for _ in ast.walk(tree)) > MOST:
        raise FormulaError(f"the formula has more than {MOST} parts; make it shorter")
    return Formula(text, _part(tree, N))


def _part(node: ast.expr, wanted: Kind) -> Part:
    """Check one part and those below it."""
    found = _leaf(node)
    kind: Kind = N
    if found is None:
        name, operands = _operation(node)
        signature = SIGNATURES.get(name)
        if signature is None or len(signature[0]) != len(operands):
            raise _refused(node, wanted)
        below, kind = signature
        parts = tuple(_part(*each) for each in zip(operands, below, strict=True))
        found = Part(name, parts)
    if kind != wanted:
        raise _refused(node, wanted)
    return found


def _leaf(node: ast.expr) -> Part | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Part("number", value=float(value))
        case ast.Name(id=name) if name in {LABEL, SCORE}:
            return Part(name)
    return None


def _operation(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the name of an operation and what it works on; an empty name is not allowed."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return SYMBOLS.get(type(op), ""), [left, right]
        case ast.UnaryOp(op=op, operand=operand):
            return SYMBOLS.get(type(op), ""), [operand]
        case ast.BoolOp(op=op, values=[*first, last]):
            left = first[0] if len(first) == 1 else ast.BoolOp(op, first)
            return SYMBOLS.get(type(op), ""), [ast.copy_location(left, node), last]
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return SYMBOLS.get(type(op), ""), [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name, arguments
    return "", []


def _refused(node: ast.expr, wanted: Kind) -> FormulaError:
    return FormulaError(
        f"`{ast.unparse(node)}` at column {node.col_offset + 1} is not allowed; "
        f"wanted {WANTED[wanted]}"
    )


def _value(part: Part, names: Mapping[str, T], calls: Mapping[str, Callable[..., T]]) -> T:
    """Work a checked part out on whatever engine the calls belong to."""
    if part.name in names:
        return names[part.name]
    if part.name == "number":
        return calls["number"](part.value)
    return calls[part.name](*(_value(each, names, calls) for each in part.parts))


_OPERATORS: Mapping[str, Callable] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "0-": operator.neg, "not": operator.invert, "and": operator.and_, "or": operator.or_,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne,
}  # fmt: skip


def _arrays() -> Mapping[str, Callable]:
    return {
        **_OPERATORS, "number": np.float64, "where": np.where, "abs": np.abs, "exp": np.exp,
        "log": np.log, "sqrt": np.sqrt, "max": np.maximum, "min": np.minimum,
    }  # fmt: skip


def _columns() -> Mapping[str, Callable]:
    import ibis  # noqa: PLC0415  costs a second that arrays do not need

    return {
        **_OPERATORS,
        "number": lambda value: ibis.literal(value, "float64"),
        "where": ibis.ifelse,
        "abs": lambda value: value.abs(),
        "exp": lambda value: value.exp(),
        "log": lambda value: value.ln(),
        "sqrt": lambda value: value.sqrt(),
        "max": ibis.greatest,
        "min": ibis.least,
    }
