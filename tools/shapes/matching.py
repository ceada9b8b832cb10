"""Finds the operation that creates a resource type of azure-native."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.shapes.arm_models import reachable
from tools.shapes.arm_operations import Operation, Package
from tools.shapes.mapping import find, norm
from tools.shapes.native import Property, Resource

PLACEHOLDER = re.compile(r"\{(\w+)\}")
NOT_INPUTS = {"subscriptionid", "apiversion"}


@dataclass(frozen=True)
class Match:
    """An operation with its path in the names of the resource's inputs."""

    operation: Operation
    package: Package
    path: str
    used: frozenset[str]
    score: float


def match_resource(resource: Resource, packages: tuple[Package, ...]) -> Match | None:
    """Return the PUT that makes this resource, or nothing when none fits well."""
    best: Match | None = None
    for package in packages:
        for operation in package.operations:
            if operation.method not in {"PUT", "PATCH", "POST"} or not operation.path.strip("/"):
                continue
            path = rename(operation.path, resource.inputs)
            if path is None:
                continue
            found = _score(resource, package, operation, path)
            if found and (best is None or found.score > best.score):
                best = found
    return best if best and best.score >= 4 else None


def rename(path: str, inputs: dict[str, Property]) -> str | None:
    """Rewrite a URL's placeholders to the inputs that fill them; None if one has no input."""
    by_norm = {norm(name): name for name in inputs} | {
        norm(p.python): p.name for p in inputs.values()
    }
    missing = False

    def swap(found: re.Match[str]) -> str:
        nonlocal missing
        key = norm(found[1])
        if key in NOT_INPUTS:
            return "{subscriptionId}"
        name = by_norm.get(key)
        missing |= name is None
        return "{" + (name or "") + "}"

    # no slash twice: `/{scope}` is filled with an id that starts with one
    result = PLACEHOLDER.sub(swap, "/" + path.strip("/")).replace(
        "/resourcegroups/", "/resourceGroups/"
    )
    return None if missing else result


def _score(resource: Resource, package: Package, operation: Operation, path: str) -> Match | None:
    used = frozenset(PLACEHOLDER.findall(path)) - {"subscriptionId"}
    path, extra = fill_default_name(path, resource, used)
    used |= extra
    rest = [prop for name, prop in resource.inputs.items() if name not in used]
    if operation.body and operation.body in package.models:
        wire = list(reachable(package.models, operation.body))
        hit = sum(find(prop, wire, resource.name) is not None for prop in rest)
    else:
        wire, hit = [], 0
    strays = sum(1 for prop in rest if prop.required and not find(prop, wire, resource.name))
    # an input that names something and fills no segment: this is another type's path
    strays += 2 * sum(
        1 for prop in rest if _names_something(prop) and not find(prop, wire, resource.name)
    )
    coverage = hit / len(rest) if rest else 0.5
    group = norm(operation.group.removesuffix("Operations").removesuffix("OperationsMixin"))
    name = norm(resource.name)
    kin = 3.0 if singular(group) == name or norm(operation.body) == name else 0.0
    kin = kin or (1.0 if name in group or group in name or name in norm(operation.body) else 0.0)
    score = 6 * coverage + kin - 2 * strays - (0 if operation.method == "PUT" else 2.5)
    score += 0.5 * min(len(used), 3) + (
        1 if norm(operation.version) == norm(resource.version) else 0
    )
    score -= age(operation.version, resource.version)
    score -= 0.1 * int(package.name.split(":")[0])
    plain = operation.name in {
        "create_or_update",
        "create",
        "put",
        "update",
        "set_service_properties",
    }
    score += (
        0.5 if plain or operation.name.endswith(("_create_or_update", "_create", "_put")) else 0
    )
    return Match(operation, package, path, used, score)


def _names_something(prop: Property) -> bool:
    return prop.type.kind == "str" and prop.name.endswith(("Name", "Id", "name"))


def fill_default_name(
    path: str, resource: Resource, used: frozenset[str]
) -> tuple[str, frozenset[str]]:
    """Give a fixed last segment to the input that names it: `{blobServicesName:default}`."""
    parts = path.rsplit("/", 2)
    if len(parts) < 3 or parts[-1].startswith("{"):
        return path, frozenset()
    for name, prop in resource.inputs.items():
        key = norm(name)
        if name not in used and prop.type.kind in {"str", "enum"} and key.endswith("name"):
            stem = singular(norm(parts[-2]))
            if (
                key.removesuffix("name") in {stem, norm(parts[-2])}
                or singular(key.removesuffix("name")) == stem
            ):
                return f"{parts[0]}/{parts[1]}/{{{name}:{parts[-1]}}}", frozenset({name})
    return path, frozenset()


def singular(word: str) -> str:
    """`policies` and `policy` are one."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes")):
        return word[:-2]
    return word.removesuffix("s") if not word.endswith("ss") else word


def age(version: str, wanted: str) -> float:
    """Prefer a version near the wanted one; up to one point for many years apart."""
    years = [int(text[:4]) for text in (version, wanted) if text[:4].isdigit()]
    return min(1.0, abs(years[0] - years[1]) / 5) if len(years) == 2 else 0.5
