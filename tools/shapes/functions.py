"""Finds the operation behind a function of azure-native (`listStorageAccountKeys`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.shapes.arm_models import reachable
from tools.shapes.arm_operations import Operation, Package
from tools.shapes.mapping import find
from tools.shapes.matching import PLACEHOLDER, age, rename, singular
from tools.shapes.native import Function

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")


@dataclass(frozen=True)
class FunctionMatch:
    """The operation that a function calls."""

    operation: Operation
    package: Package
    path: str
    score: float


def match_function(function: Function, packages: tuple[Package, ...]) -> FunctionMatch | None:
    """Return the operation that answers this function, or nothing when none fits well."""
    best: FunctionMatch | None = None
    wanted = words(function.name)
    methods = {"GET"} if function.name.startswith("get") else {"POST", "GET"}
    for package in packages:
        for operation in package.operations:
            if operation.method not in methods:
                continue
            path = rename(operation.path, function.inputs)
            if path is None:
                continue
            score = _score(function, package, operation, path, wanted)
            if score > 0.5 and (best is None or score > best.score):
                best = FunctionMatch(operation, package, path, score)
    return best


def words(name: str) -> frozenset[str]:
    """Split a name into comparable words."""
    return frozenset(singular(word.lower()) for word in WORD.findall(name.replace("_", " ")))


def _score(
    function: Function, package: Package, operation: Operation, path: str, wanted: frozenset[str]
) -> float:
    group = operation.group.removesuffix("Operations").removesuffix("OperationsMixin")
    have = words(group) | words(operation.name) | words(path.rsplit("/", 1)[-1])
    likeness = len(wanted & have) / len(wanted | have)
    used = set(PLACEHOLDER.findall(path))
    query = {name.lstrip("$") for name in operation.query}
    wire = (
        list(reachable(package.models, operation.body))
        if operation.body and operation.body in package.models
        else []
    )
    lost = [
        name
        for name, prop in function.inputs.items()
        if name not in used and name not in query and not find(prop, wire)
    ]
    outputs = list(function.outputs)
    answered = 0.0
    if outputs and operation.answer in package.models:
        answer = list(reachable(package.models, operation.answer))
        answered = sum(bool(find(p, answer)) for p in function.outputs.values()) / len(outputs)
    return (
        likeness
        + 0.4 * answered
        - 0.3 * len(lost)
        - 0.1 * age(operation.version, function.version)
        - 0.02 * int(package.name.split(":")[0])
    )
