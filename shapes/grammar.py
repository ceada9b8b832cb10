"""The one-line notation of the shapes data: a property's type and its place in the body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

SCALARS = frozenset({"str", "bool", "int", "num", "any", "asset"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a scalar kind, `object`, `enum`, `const`, `list`, `map` or `union`."""

    kind: str
    name: str = ""  # of the object or enum type, or the constant's value
    items: tuple[Type, ...] = ()  # of a list or map (one), of a union (all members)
    open: bool = False  # an enum that also takes values outside its list

    def __str__(self) -> str:
        match self.kind:
            case "object":
                return f"#{self.name}"
            case "enum":
                return f"${self.name}{'~' if self.open else ''}"
            case "const":
                return f"'{self.name}'"
            case "list" | "map":
                inner = str(self.items[0])
                inner = f"({inner})" if self.items[0].kind == "union" else inner
                return inner + ("[]" if self.kind == "list" else "{}")
            case "union":
                return "|".join(str(item) for item in self.items)
            case _:
                return self.kind

    def references(self) -> Iterator[Type]:
        """Yield every object and enum named in this type."""
        if self.kind in {"object", "enum"}:
            yield self
        for item in self.items:
            yield from item.references()


ANY = Type("any")


@dataclass(frozen=True, slots=True)
class Shape:
    """One property: its type, where it stands in the ARM body, and what is special about it."""

    type: Type
    wire: tuple[str, ...] = ()  # empty: under its own name
    required: bool = False
    in_path: bool = False  # part of the resource's path, not of its body
    replaces: bool = False  # a change needs a new resource
    secret: bool = False
    write_only: bool = False  # not among the outputs
    guessed: bool = False  # no model says where it goes
    keys_of_map: bool = False  # a list of names here, a map with these keys on the wire
    children: bool = False  # a collection that has a resource type of its own

    def __str__(self) -> str:
        flags = "".join(sign for sign, value in _FLAGS.items() if getattr(self, value))
        wire = " >" + "/".join(self.wire) if self.wire else ""
        return f"{self.type}{' ' + flags if flags else ''}{wire}"


_FLAGS = {
    "!": "required",
    "@": "in_path",
    "^": "replaces",
    "*": "secret",
    "-": "write_only",
    "?": "guessed",
    "%": "keys_of_map",
    "&": "children",
}


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = field(default=0)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def union(self) -> Type:
        members = [self.postfix()]
        while self.peek() == "|":
            self.at += 1
            members.append(self.postfix())
        return members[0] if len(members) == 1 else Type("union", items=tuple(members))

    def postfix(self) -> Type:
        inner = self.atom()
        while (suffix := self.text[self.at : self.at + 2]) in {"[]", "{}"}:
            self.at += 2
            inner = Type("list" if suffix == "[]" else "map", items=(inner,))
        return inner

    def atom(self) -> Type:
        sign = self.peek()
        if sign == "(":
            self.at += 1
            inner = self.union()
            self.expect(")")
            return inner
        if sign == "'":
            end = self.text.index("'", self.at + 1)
            value, self.at = self.text[self.at + 1 : end], end + 1
            return Type("const", value)
        if sign in {"#", "$"}:
            self.at += 1
        name = self.word()
        if sign == "#":
            return Type("object", name)
        if sign == "$":
            loose = self.peek() == "~"
            self.at += loose
            return Type("enum", name, open=loose)
        if name not in SCALARS:
            msg = f"{self.text!r}: {name!r} is not a scalar type; want one of {sorted(SCALARS)}"
            raise ValueError(msg)
        return Type(name)

    def word(self) -> str:
        start = self.at
        while self.at < len(self.text) and (
            self.text[self.at].isalnum() or self.text[self.at] in "_."
        ):
            self.at += 1
        return self.text[start : self.at]

    def expect(self, sign: str) -> None:
        if self.peek() != sign:
            msg = f"{self.text!r}: found {self.peek()!r} at {self.at}, want {sign!r}"
            raise ValueError(msg)
        self.at += 1


@lru_cache(maxsize=65536)
def parse_type(text: str) -> Type:
    """Read a type; a sentence-like ValueError for anything else."""
    reader = _Reader(text)
    result = reader.union()
    if reader.at != len(text):
        msg = f"{text!r}: {text[reader.at :]!r} is left over after the type"
        raise ValueError(msg)
    return result


@lru_cache(maxsize=65536)
def parse_shape(text: str) -> Shape:
    """Read a property's line, for instance `#NetworkRuleSet ! >properties/networkAcls`."""
    head, _, wire = text.partition(" >")
    kind, _, flags = _split_flags(head)
    values = {_FLAGS[sign]: True for sign in flags}
    return Shape(parse_type(kind), wire=tuple(wire.split("/")) if wire else (), **values)


def _split_flags(head: str) -> tuple[str, str, str]:
    # a constant may hold spaces, so only a last word made of flags is one
    kind, space, flags = head.rpartition(" ")
    if space and flags and set(flags) <= set(_FLAGS):
        return kind, space, flags
    return head, "", ""
