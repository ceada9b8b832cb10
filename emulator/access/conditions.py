"""Conditions of role assignments: those that limit which roles somebody may grant and remove.

https://learn.microsoft.com/azure/role-based-access-control/conditions-format
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

log = logging.getLogger(__name__)

_ATTRIBUTES = "Microsoft.Authorization/roleAssignments:"
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[(){},!])
      | (?P<attribute>@(?:Request|Resource)\s*\[[^\]]*\])
      | (?P<text>'(?:[^']|'')*')
      | (?P<word>[A-Za-z0-9][A-Za-z0-9:._-]*)
    )""",
    re.VERBOSE,
)
_DEEPEST = 50

Compare = Callable[[str, tuple[str, ...]], bool]


@dataclass(frozen=True)
class Facts:
    """What a condition may ask for: attributes by name, in lower case."""

    action: str
    request: Mapping[str, str] = field(default_factory=dict)
    """Of the assignment that is to be made."""
    resource: Mapping[str, str] = field(default_factory=dict)
    """Of the assignment that is there."""


Test = Callable[[Facts], bool]


class UnknownConditionError(ValueError):
    """A condition says something that the local Azure does not understand."""


def satisfied(condition: str, facts: Facts) -> bool:
    """Say whether a condition holds; one that is not understood does not."""
    try:
        test = parse(condition)
    except UnknownConditionError as error:
        log.warning("not satisfied, because not understood: %s", error)
        return False
    return test(facts)


@lru_cache(maxsize=256)
def parse(condition: str) -> Test:
    """Return a condition as a function of the facts.

    Raises:
        UnknownConditionError: naming what is not understood.
    """
    parser = _Parser(condition)
    test = parser.any_of(0)
    parser.end()
    return test


class _Parser:
    """Reads a condition from left to right; OR binds weaker than AND, AND weaker than `!`."""

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self._tokens = list(self._split(condition))
        self._at = 0

    def any_of(self, depth: int) -> Test:
        tests = [self._all_of(depth)]
        while self._skip_word("or"):
            tests.append(self._all_of(depth))
        return tests[0] if len(tests) == 1 else lambda facts: any(test(facts) for test in tests)

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._refuse(f"{self._tokens[self._at][1]!r} where the condition should end")

    def _all_of(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._skip_word("and"):
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda facts: all(test(facts) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            self._refuse(f"more than {_DEEPEST} brackets in each other")
        kind, text = self._next()
        if text == "!":
            inner = self._one(depth + 1)
            return lambda facts: not inner(facts)
        if text == "(":
            inner = self.any_of(depth + 1)
            self._expect(")")
            return inner
        if kind == "word" and text.lower() == "actionmatches":
            patterns = self._values()
            return lambda facts: any(_matches(pattern, facts.action) for pattern in patterns)
        if kind == "attribute":
            return self._comparison(text)
        return self._refuse(f"{text!r}; wanted: ActionMatches, an attribute or a bracket")

    def _comparison(self, attribute: str) -> Test:
        source, _, name = attribute.rstrip("]").partition("[")
        name = name.strip()
        if not name.lower().startswith(_ATTRIBUTES.lower()):
            self._refuse(f"the attribute {name!r}; wanted: one of {_ATTRIBUTES}")
        key, of_request = name[len(_ATTRIBUTES) :].lower(), source.strip() == "@Request"
        kind, operator = self._next()
        compare = _OPERATORS.get(operator.lower()) if kind == "word" else None
        if compare is None:
            self._refuse(f"the operator {operator!r}; wanted: one of {', '.join(_OPERATORS)}")
        values = self._values()

        def test(facts: Facts) -> bool:
            found = (facts.request if of_request else facts.resource).get(key)
            return found is not None and compare(found, values)

        return test

    def _values(self) -> tuple[str, ...]:
        """One value, or several in braces."""
        if self._peek() != "{":
            return (self._value(),)
        self._expect("{")
        values = [self._value()]
        while self._peek() == ",":
            self._expect(",")
            values.append(self._value())
        self._expect("}")
        return tuple(values)

    def _value(self) -> str:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        return text if kind == "word" else self._refuse(f"{text!r}; wanted: a value")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            self._refuse("its end, too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _skip_word(self, word: str) -> bool:
        if self._peek().lower() != word:
            return False
        self._at += 1
        return True

    def _expect(self, mark: str) -> None:
        _, text = self._next()
        if text != mark:
            self._refuse(f"{text!r}; wanted: {mark!r}")

    def _split(self, condition: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        condition = condition.strip()
        while at < len(condition):
            found = _TOKEN.match(condition, at)
            if found is None or found.lastgroup is None:
                self._refuse(f"{condition[at : at + 20]!r}")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _refuse(self, what: str) -> NoReturn:
        raise UnknownConditionError(f"{what} in the condition {self._condition!r}")


def _matches(pattern: str, action: str) -> bool:
    return pattern.lower() == action.lower()


def _equals(found: str, values: tuple[str, ...]) -> bool:
    return found.lower() in {value.lower() for value in values}


def _differs(found: str, values: tuple[str, ...]) -> bool:
    return not _equals(found, values)


_OPERATORS: Mapping[str, Compare] = {
    "guidequals": _equals,
    "foranyofanyvalues:guidequals": _equals,
    "guidnotequals": _differs,
    "foranyofallvalues:guidnotequals": _differs,
    "stringequalsignorecase": _equals,
    "foranyofanyvalues:stringequalsignorecase": _equals,
    "stringnotequalsignorecase": _differs,
    "foranyofallvalues:stringnotequalsignorecase": _differs,
}
