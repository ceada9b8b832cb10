"""Reading properties with three answers: what a rule asks never raises, whatever the tree holds."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeGuard

from policies.engine.values import ABSENT, UNKNOWN, Scalar, Value
from policies.engine.verdict import (
    FAIL,
    PASS,
    PASSED,
    UNDECIDED,
    Evidence,
    Verdict,
    all_of,
    any_of,
)

NOT_KNOWN = "not known before the deployment"


class Props:
    """The value at a path, which may be absent, null or unknown."""

    __slots__ = ("_default", "_inside_unknown", "path", "value")

    def __init__(
        self,
        value: Value,
        path: str = "",
        default: Scalar | None = None,
        *,
        inside_unknown: bool = False,
    ) -> None:
        self.value = value
        self.path = path
        self._default = default
        self._inside_unknown = inside_unknown

    def __getitem__(self, path: str) -> "Props":
        """Follow a dotted path. Keys match in any casing, for Azure's own differs by service."""
        value, inside_unknown = self.value, False
        for key in path.split("."):
            inside_unknown = value is UNKNOWN
            value = UNKNOWN if inside_unknown else _get(value, key)
        path = f"{self.path}.{path}" if self.path else path
        return Props(value, path, inside_unknown=inside_unknown)

    def or_default(self, default: Scalar) -> "Props":
        """Say what the service takes where nothing is given; null is nothing, too."""
        return Props(self.value, self.path, default)

    @property
    def given(self) -> bool:
        """Whether there is a value, known or not."""
        return self.value is not ABSENT and self.value is not None

    @property
    def known(self) -> Value:
        """The value or its default; a `Mark` where there is none."""
        if self.given:
            return self.value
        return ABSENT if self._default is None else self._default

    @property
    def text(self) -> str | None:
        """The value if it is a known string."""
        value = self.known
        return value if isinstance(value, str) else None

    # Questions: each gives a verdict.

    def must_equal(self, *wanted: Scalar, known: Sequence[str] = ()) -> Verdict:
        """One of `wanted`, strings in any casing. `known` are others that a message may show."""
        shown = [text for text in (*wanted, *known) if isinstance(text, str)]
        return self.must(
            lambda value: any(_same(value, one) for one in wanted),
            wanted=" or ".join(_quoted(one) for one in wanted),
            known=shown,
        )

    def must_not_equal(self, *unwanted: Scalar) -> Verdict:
        """None of `unwanted`; nothing at all is fine."""
        if self.known is ABSENT:
            return PASSED
        return self.must(
            lambda value: not any(_same(value, one) for one in unwanted),
            wanted="not " + " or ".join(_quoted(one) for one in unwanted),
            known=[text for text in unwanted if isinstance(text, str)],
        )

    def must_be_at_most(self, bound: float) -> Verdict:
        return self.must(lambda value: _is_number(value) and value <= bound, f"{bound:g} or less")

    def must_be_set(self) -> Verdict:
        """Something that is not empty."""
        return self.must(lambda value: value not in ("", [], {}), wanted="a value")

    def must_be_linked(self) -> Verdict:
        """The id of a resource: an unknown one is that of a resource in this program.

        Where the object that holds it is unknown, there may turn out to be none.
        """
        linked = self.value is UNKNOWN and not self._inside_unknown
        return PASSED if linked else self.must_be_set()

    def must(
        self, holds: Callable[[Value], bool], wanted: str, known: Sequence[str] = ()
    ) -> Verdict:
        """Ask anything of a known value; `known` are strings that a message may show."""
        value = self.known
        if value is UNKNOWN:
            return Verdict(UNDECIDED, (Evidence(self.path, NOT_KNOWN, wanted),))
        if value is not ABSENT and holds(value):
            return PASSED
        return Verdict(FAIL, (Evidence(self.path, self.found(known), wanted),))

    def found(self, known: Sequence[str] = ()) -> str:
        """Describe the value. A string is shown only if a rule knows it: it could be a secret."""
        value = self.known
        if value is UNKNOWN:
            return NOT_KNOWN
        if not self.given:
            nothing = "null" if self.value is None else "not set"
            default = self._default
            return nothing if default is None else f"{nothing}, which means {_quoted(default)}"
        if isinstance(value, bool | int | float):
            return _quoted(value)
        if isinstance(value, str):
            public = value.casefold() in {text.casefold() for text in known}
            return _quoted(value) if public else "another text" if value else "empty"
        if isinstance(value, list | dict) and not value:
            return "empty"
        return "a list" if isinstance(value, list) else "an object"

    # Lists.

    def elements(self) -> "Many":
        """The items of a list; a single value counts as one, nothing as none."""
        if self.value is UNKNOWN:
            return Many([], [self], self.path)
        if not self.given:
            return Many([], [], self.path)
        if not isinstance(self.value, list):
            return Many([self], [], self.path)
        items = [Props(item, f"{self.path}[{i}]") for i, item in enumerate(self.value)]
        return Many(items, [], self.path)

    def keys(self) -> list[str]:
        """The keys of an object, or none."""
        return list(self.value) if isinstance(self.value, dict) else []

    def one_or_many(self, singular: str, plural: str) -> "Many":
        """What Azure takes as one value, as a list, or as both at once."""
        return self[singular].elements() + self[plural].elements()


class Many:
    """Items of a list of which some, and then their number too, may be unknown."""

    def __init__(self, items: list[Props], unknown: list[Props], path: str) -> None:
        self._items = items
        self._unknown = unknown
        self._path = path

    def __add__(self, other: "Many") -> "Many":
        return Many(
            self._items + other._items,
            self._unknown + other._unknown,
            f"{self._path}, {other._path}",
        )

    def __iter__(self) -> Iterator[Props]:
        """What there is, or may be: an unknown list counts as one unknown item."""
        return iter((*self._items, *self._unknown))

    def all(self, check: Callable[[Props], Verdict]) -> Verdict:
        """Each item must pass; an empty list passes."""
        return all_of(map(check, self._items)) & all_of(
            # There may turn out to be none of these, so a failure is not certain.
            check(item).at_most_unknown(PASS, self._unsure)
            for item in self._unknown
        )

    def any(self, check: Callable[[Props], Verdict], wanted: str) -> Verdict:
        """One item must pass; an empty list fails."""
        verdicts = [check(item) for item in self._items]
        verdicts += [check(item).at_most_unknown(FAIL, self._unsure) for item in self._unknown]
        return any_of(verdicts, otherwise=Evidence(self._path, "without one", wanted))

    @property
    def _unsure(self) -> Evidence:
        return Evidence(self._path, NOT_KNOWN, "items that obey the rule")


def _get(value: Value, key: str) -> Value:
    if not isinstance(value, dict):
        return ABSENT
    if key in value:
        return value[key]
    folded = key.casefold()
    return next((found for name, found in value.items() if name.casefold() == folded), ABSENT)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Value, wanted: Scalar) -> bool:
    if isinstance(wanted, bool):
        # Some services and languages send a switch as text.
        text = value if isinstance(value, str) else ""
        return value is wanted or text.casefold() == str(wanted).casefold()
    if isinstance(wanted, str):
        return isinstance(value, str) and value.strip().casefold() == wanted.casefold()
    return not isinstance(value, bool) and value == wanted


def _quoted(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    # JSON has one kind of number: a 3 comes as 3.0.
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)
