"""The expression language of data factories, as far as pipelines that copy and call need it.

https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>[().,\[\]}?]))"
)


class ExpressionError(ValueError):
    """An expression that cannot be evaluated here, with what is wrong in it."""


def _joined(items: Any, by: str) -> str:  # noqa: ANN401 - JSON
    return by.join(_text(item) for item in items)


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "concat": lambda *parts: "".join(_text(part) for part in parts),
    "join": _joined,
    "split": lambda text, by: str(text).split(by),
    "skip": lambda items, count: items[int(count) :],
    "take": lambda items, count: items[: int(count)],
    "first": lambda items: items[0],
    "last": lambda items: items[-1],
    "length": len,
    "replace": lambda text, old, new: str(text).replace(old, new),
    "tolower": lambda text: str(text).lower(),
    "toupper": lambda text: str(text).upper(),
    "trim": lambda text: str(text).strip(),
    "string": _text,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
}


@dataclass(frozen=True)
class Scope:
    """What expressions may ask for: functions without arguments, such as `pipeline()`."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def extended(self, **values: Any) -> "Scope":  # noqa: ANN401 - JSON
        return Scope({**self.values, **values})


def evaluate(value: Any, scope: Scope) -> Any:  # noqa: ANN401 - JSON
    """Give a value with all expressions in it evaluated.

    Raises:
        ExpressionError: one of them is not understood, or asks for what is not there.
    """
    if isinstance(value, Mapping):
        if str(value.get("type")).lower() == "expression" and "value" in value:
            return evaluate(value["value"], scope)
        return {key: evaluate(one, scope) for key, one in value.items()}
    if isinstance(value, list):
        return [evaluate(one, scope) for one in value]
    if not isinstance(value, str) or "@" not in value:
        return value
    if value.startswith("@@"):
        return value[1:]
    if value.startswith("@") and not value.startswith("@{"):
        reader = _Reader(value, 1, scope)
        found = reader.expression()
        if reader.peek():
            raise ExpressionError(f"{value!r} goes on after its end at {reader.position}")
        return found
    return _interpolated(value, scope)


def _interpolated(text: str, scope: Scope) -> str:
    parts, position = [], 0
    while (start := text.find("@{", position)) >= 0:
        parts.append(text[position:start])
        reader = _Reader(text, start + 2, scope)
        parts.append(_text(reader.expression()))
        reader.take("}")
        position = reader.position
    return "".join(parts) + text[position:]


class _Reader:
    """Reads one expression from a place in a text."""

    def __init__(self, text: str, position: int, scope: Scope) -> None:
        self._text, self.position, self._scope = text, position, scope

    def peek(self) -> str:
        found = _TOKEN.match(self._text, self.position)
        return found[0].strip() if found else self._text[self.position :].strip()[:1]

    def take(self, wanted: str = "") -> str:
        found = _TOKEN.match(self._text, self.position)
        token = found[0].strip() if found else ""
        if found is None or (wanted and token != wanted):
            at = self._text[self.position : self.position + 12]
            raise ExpressionError(f"{self._text!r} has {at!r}; wanted: {wanted or 'a value'}")
        self.position = found.end()
        return token

    def expression(self) -> Any:  # noqa: ANN401 - JSON
        value = self._primary()
        while self.peek() in {".", "[", "?"}:
            sign = self.take()
            absent = sign == "?"
            if absent:
                sign = self.take()
            if sign == "[":
                key = self.expression()
                self.take("]")
            else:
                key = self.take()
            value = self._member(value, key, absent=absent)
        return value

    def _primary(self) -> Any:  # noqa: ANN401 - JSON
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        if re.fullmatch(r"-?\d+\.\d+", token):
            return float(token)
        if token.lower() in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token.lower()]
        return self._call(token)

    def _call(self, name: str) -> Any:  # noqa: ANN401 - JSON
        self.take("(")
        arguments = []
        while self.peek() != ")":
            arguments.append(self.expression())
            if self.peek() != ")":
                self.take(",")
        self.take(")")
        known = {key.lower(): value for key, value in self._scope.values.items()}
        if name.lower() in known:
            given = known[name.lower()]
            return given(*arguments) if callable(given) else given
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            have = ", ".join(sorted({*self._scope.values, *_FUNCTIONS}))
            raise ExpressionError(f"the function {name}() is not run here; there are: {have}")
        try:
            return function(*arguments)
        except (TypeError, IndexError, ValueError) as error:
            raise ExpressionError(f"{name}() cannot be used like that: {error}") from error

    @staticmethod
    def _member(value: Any, key: Any, *, absent: bool) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, Mapping):
            low = {str(name).lower(): one for name, one in value.items()}
            if str(key).lower() in low:
                return low[str(key).lower()]
            if absent:
                return None
            raise ExpressionError(f"there is no {key!r}; there are: {', '.join(value) or 'none'}")
        if isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
            return value[key]
        if absent:
            return None
        raise ExpressionError(f"{key!r} cannot be taken of a {type(value).__name__}")
