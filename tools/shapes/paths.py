"""Handles the URL templates of resource types."""

from __future__ import annotations

import re

from tools.shapes.matching import PLACEHOLDER, Match, singular
from tools.shapes.native import Resource

NAMED = re.compile(r"\{(\w+)(?::([\w.-]+))?\}")


def inputs_of(path: str) -> set[str]:
    """Return the inputs that a template takes."""
    return {name for name, _ in NAMED.findall(path)}


def defaults_of(path: str) -> set[str]:
    """Return the inputs of a template that have a value of their own."""
    return {name for name, value in NAMED.findall(path) if value}


def fold(path: str) -> str:
    """Make two spellings of one URL equal."""
    return PLACEHOLDER.sub("{}", re.sub(r":[\w.-]+\}", "}", "/" + path.strip("/"))).lower()


def read_model(match: Match) -> str:
    """Return the model that GET on the same path answers with."""
    return next(
        (
            other.answer
            for other in match.package.operations
            if other.method == "GET"
            and other.answer
            and fold(other.path) == fold(match.operation.path)
        ),
        "",
    )


def is_singleton(path: str, match: Match | None) -> bool:
    """Tell whether a resource always exists: its name is fixed and nothing deletes it."""
    if match is None:
        return path.endswith(("/default", ":default}"))
    last = path.rsplit("/", 1)[-1]
    fixed = not last.startswith("{") or ":" in last
    return fixed and not any(
        other.method == "DELETE" and fold(other.path) == fold(match.operation.path)
        for other in match.package.operations
    )


def guess_path(module: str, resource: Resource) -> str:
    """Guess the path of a type no package knows: parents first, the type's own name last."""
    names = [
        name
        for name, prop in resource.inputs.items()
        if prop.type.kind == "str" and name.endswith("Name") and name != "resourceGroupName"
    ]
    free = [name for name in names if not resource.inputs[name].required]
    kin = [n for n in free if singular(n.removesuffix("Name").lower()) in resource.name.lower()]
    own = next(iter([*kin, *free]), "")
    parents = [name for name in names if name != own and resource.inputs[name].required]
    scope = "/{scope}" if "scope" in resource.inputs else "/subscriptions/{subscriptionId}"
    if "resourceGroupName" in resource.inputs:
        scope += "/resourceGroups/{resourceGroupName}"
    steps = "".join(f"/{plural(name.removesuffix('Name'))}/{{{name}}}" for name in parents)
    kind = plural(resource.name[:1].lower() + resource.name[1:])
    last = f"{{{own}}}" if own else "default"
    return f"{scope}/providers/Microsoft.{module[:1].upper()}{module[1:]}{steps}/{kind}/{last}"


def plural(word: str) -> str:
    """`policy` becomes `policies`."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch")) else "s")
