"""A table's row asks a rule about every state that one property can be in."""

from dataclasses import dataclass, field

from policies.engine.rule import ResourceRule
from policies.engine.verdict import FAIL, PASS, UNDECIDED, Outcome
from tests.policies.asking import UNKNOWN, evaluate


@dataclass(frozen=True)
class Row:
    """A rule, where its property is, and what it has to say of the values there."""

    rule: ResourceRule
    path: str
    good: list
    bad: list
    absent: Outcome
    """The verdict where nothing is set: the service's default decides."""
    given: dict = field(default_factory=dict)
    """What else the resource needs for the rule to be asked, by dotted path."""
    unknown: Outcome = UNDECIDED
    """The verdict of an unknown value: an id of this program is as good as set."""
    kind: str = ""
    """The resource's type where it is not the rule's first."""

    def __str__(self) -> str:
        return f"{self.rule.id}: {self.path}"

    def props(self, *value: object) -> dict:
        tree: dict = {}
        for path, one in self.given.items():
            put(tree, path, one)
        for one in value:
            put(tree, self.path, one)
        return tree

    def token(self, version: str = "") -> str:
        module, name = (self.kind or self.rule.types[0]).split(":")
        return f"azure-native:{module}{'/' if version else ''}{version}:{name}"


def put(tree: dict, path: str, value: object) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[last] = value


def swapped(value: object) -> object:
    return value.swapcase() if isinstance(value, str) else value


def hold(row: Row) -> None:
    """Ask about set and good, set and bad, absent, null, unknown, other casing, other versions."""

    def verdict(props: dict, version: str = "") -> Outcome:
        return evaluate(row.rule, props, type_token=row.token(version))

    wanted = [(value, PASS) for value in row.good] + [(value, FAIL) for value in row.bad]
    for value, expected in wanted:
        assert verdict(row.props(value)) == expected, value
        assert verdict(row.props(swapped(value))) == expected, f"{value} in other casing"
        assert verdict(row.props(value), "v20990101preview") == expected, f"{value}, other version"
    assert verdict(row.props()) == row.absent, "absent"
    assert verdict(row.props(None)) == row.absent, "null"
    assert verdict(row.props(UNKNOWN)) == row.unknown, "unknown"
    above = row.path.rpartition(".")[0]
    if above and not any(path.startswith(above) for path in row.given):
        tree = row.props()
        put(tree, above, None)
        assert verdict(tree) == row.absent, f"{above} is null"
        put(tree, above, UNKNOWN)
        assert verdict(tree) == UNDECIDED, f"{above} is unknown"
