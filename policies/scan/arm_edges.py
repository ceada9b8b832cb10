"""What a resource of an ARM template is made from: expressions that give the ids of others."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapes import catalog, convert

_ATTACHED = re.compile(r"/\{(\w+)\}/providers/")
_ID = re.compile(
    r"resourceId\(\s*(?:[^'(),]+\([^()]*\)\s*,\s*)*'([\w.]+/[\w./]+)'\s*,", re.IGNORECASE
)
# The scope of an extension resource: format('Microsoft.Storage/storageAccounts/{0}', <its name>).
_FORMATTED = re.compile(r"format\(\s*'([\w.]+/[\w./{}]+?/\{\d\})'\s*,", re.IGNORECASE)
# Bicep takes the name of a child apart: split(<name>, '/')[0], split(<name>, '/')[1].
_SPLIT = re.compile(r"split\((.+?),\s*'/'\)\[0\](?:,\s*split\(\1,\s*'/'\)\[\d\])+")


@dataclass(frozen=True)
class Found:
    """A resource of a template with its full type and name."""

    type: str
    name: str
    body: Mapping[str, object]
    within: str
    """The scope that its template is deployed to."""
    holder: "Found | None" = None
    """What an extension, such as a lock, is written inside of."""


class Names:
    """The resources of a template by what expressions call them."""

    def __init__(self, placed: Mapping[str, Found]) -> None:
        self._found = placed
        self._urns = {(one.type.casefold(), written(one.name)): urn for urn, one in placed.items()}

    def edges(self, token: str, one: Found) -> Mapping[str, tuple[str, ...]]:
        """URNs that a resource and each of its inputs are made from."""
        before = tuple(self._named(one.body.get("dependsOn")))
        needs = {"": before}
        if not token.startswith("azure-native:") or not (one.holder or any(self._named(one.body))):
            return needs
        shape = catalog.resource(token)
        place = place_of(shape)
        if place and (sources := self._holders(one)):
            needs[place] = sources
        # The name of a child says whose it is, and is often an expression.
        owner = (shape.path.own_names or ("",))[-2:][0]
        if owner and (parents := self._parents(one)):
            needs[owner] = parents
        for name, field in shape.inputs.items():
            wire = field.wire or (name,)
            if name != place and (
                sources := tuple(dict.fromkeys(self._named(convert.lookup(one.body, wire))))
            ):
                needs[name] = sources
        return needs

    def _holders(self, one: Found) -> tuple[str, ...]:
        """What an extension is attached to; a service of an account counts for the account."""
        if one.holder is not None:
            urn = self._urns.get((one.holder.type.casefold(), written(one.holder.name)))
            return (urn,) if urn else ()
        found = tuple(dict.fromkeys(self._named(one.body.get("scope"))))
        return (*found, *(up for urn in found for up in self._parents(self._found[urn])))

    def _parents(self, one: Found) -> tuple[str, ...]:
        """What a child depends on that is of its parent's type."""
        of = one.type.casefold().rpartition("/")[0]
        before = self._named(one.body.get("dependsOn")) if of.count("/") else ()
        return tuple(urn for urn in before if self._found[urn].type.casefold() == of)

    def _named(self, value: object) -> Iterator[str]:
        """The resources that expressions anywhere in a value give the ids of."""
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                yield from self._named(item)
        if not isinstance(value, str) or not is_expression(value):
            return
        for match in (*_ID.finditer(value), *_FORMATTED.finditer(value)):
            kind = re.sub(r"/\{\d\}", "", match[1]).casefold()
            if urn := self._urns.get((kind, _arguments(value[match.end() :]))):
                yield urn


def place_of(shape: catalog.ResourceShape) -> str:
    """The input that says what an extension resource is attached to, if it is one."""
    found = _ATTACHED.match(shape.path.text)
    return found[1] if found else ""


def written(name: str) -> str:
    """A resource's name as it stands in a call of resourceId."""
    return _bare(name[1:-1] if is_expression(name) else f"'{name}'")


def is_expression(text: str) -> bool:
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def _arguments(rest: str) -> str:
    """The names of a resourceId call in one text, up to the bracket that closes the call."""
    depth, kept = 0, ""
    for sign in rest:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
        kept += sign
    return _bare(_SPLIT.sub(r"\1", kept))


def _bare(expression: str) -> str:
    """Without spaces and the difference between one name of two parts and two of one."""
    return re.sub(r"\s+", "", expression).replace("','", "/").casefold()
