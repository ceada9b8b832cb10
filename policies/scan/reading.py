"""Reads a file of resources, whichever of the known kinds it is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from policies.engine.resource import Facts
from policies.engine.values import from_json
from policies.scan import arm_template, pulumi_files
from policies.scan.items import InputError, Item, Lines, made_urn

WANTED = (
    "want a Pulumi state export, the output of `pulumi preview --json`, an ARM template, or JSON "
    'lines such as {"type": "azure-native:storage:StorageAccount", "name": "x", "props": {}}'
)
Reader = Callable[[Mapping[str, object], str, str, Lines], list[Item]]


def read(path: Path, stack: str) -> list[Item]:
    """All resources of a file; those without a URN are taken to belong to `stack`."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; {WANTED}") from error
    return [_showable(item) for item in parse(text, str(path), stack)]


def parse(text: str, file: str, stack: str) -> list[Item]:
    """The resources of a file's text."""
    if not text.strip():
        raise InputError(f"{file} is empty; {WANTED}")
    try:
        return _parsed(text, file, stack)
    except RecursionError as error:
        raise InputError(f"{file} is nested too deeply to be read") from error


def _parsed(text: str, file: str, stack: str) -> list[Item]:
    try:
        document = json.loads(text)
    except ValueError:
        # Many objects, one a line, are not one JSON text.
        return _lines(text, file, stack)
    if isinstance(document, dict):
        for fits, reader in _READERS:
            if fits(document):
                return reader(document, file, stack, Lines(text))
        if "type" in document:
            return [_item(document, file, 1, stack)]
    raise InputError(f"{file} holds {_kind(document)} of no known kind; {WANTED}")


def _lines(text: str, file: str, stack: str) -> list[Item]:
    items: list[Item] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise InputError(f"{file}:{number} is not JSON ({error}); {WANTED}") from error
        items.append(_item(entry, file, number, stack))
    return items


def _item(entry: object, file: str, line: int, stack: str) -> Item:
    place = f"{file}:{line}"
    if not isinstance(entry, dict):
        raise InputError(f"{place} is {_kind(entry)}; {WANTED}")
    kind, name, props = entry.get("type"), entry.get("name"), entry.get("props")
    for key, value in (("type", kind), ("name", name)):
        if not isinstance(value, str) or not value:
            raise InputError(f"{place}: {key} is {_kind(value)}; a text is needed; {WANTED}")
    if not isinstance(props, dict):
        raise InputError(f"{place}: props is {_kind(props)}; an object is needed; {WANTED}")
    urn = entry.get("urn")
    facts = Facts(
        type=str(kind),
        name=str(name),
        urn=urn if isinstance(urn, str) and urn else made_urn(stack, str(kind), str(name)),
        protected=entry.get("protect") is True,
    )
    return Item(facts, from_json(props), file, line, pulumi_files.edges(entry))


def _showable(item: Item) -> Item:
    """The same with names that do no harm to a terminal and that every encoding can write."""
    facts = item.facts
    shown = {key: _escaped(getattr(facts, key)) for key in ("type", "name", "urn")}
    changed = any(getattr(facts, key) != text for key, text in shown.items())
    return replace(item, facts=replace(facts, **shown)) if changed else item


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def _kind(value: object) -> str:
    for kinds, words in _KINDS.items():
        if isinstance(value, kinds):
            return words
    return "nothing" if value is None else "something"


_KINDS: Mapping[type | tuple[type, ...], str] = {
    dict: "an object",
    list: "a list",
    str: "an empty text",
    bool: "true or false",
    (int, float): "a number",
}
_READERS: Sequence[tuple[Callable[[Mapping[str, object]], bool], Reader]] = (
    (pulumi_files.is_state, pulumi_files.read_state),
    (pulumi_files.is_preview, pulumi_files.read_preview),
    (arm_template.is_template, arm_template.read_template),
)
