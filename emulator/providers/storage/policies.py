"""Lifecycle rules of an account."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, one_of, required
from emulator.providers.storage.accounts import TYPE

_PATH = "properties.policy.rules"
_MOST_RULES = 100
_BLOBS = ("blockBlob", "appendBlob")
_PARTS = ("baseBlob", "snapshot", "version")


@behaviour
class ManagementPolicy(Behaviour):
    """The one set of lifecycle rules that an account has."""

    type: ClassVar[str] = f"{TYPE}/managementPolicies"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource["name"] != "default":
            raise ArmError(
                400,
                "InvalidResourceName",
                f"The management policy is named '{resource['name']}'; the only name is default.",
                "name",
            )
        rules = required(resource, _PATH, "a list of lifecycle rules")
        if not isinstance(rules, list) or not 1 <= len(rules) <= _MOST_RULES:
            raise bad(_PATH, f"'{_PATH}' must be a list of 1 to {_MOST_RULES} rules.")
        names: set[str] = set()
        for index, rule in enumerate(rules):
            _check(rule, f"{_PATH}[{index}]")
            if rule["name"].lower() in names:
                raise bad(_PATH, f"'{_PATH}' has two rules of the name '{rule['name']}'.")
            names.add(rule["name"].lower())
        last = previous["properties"] if previous else {}
        changed = last.get("policy") != resource["properties"]["policy"]
        carry(resource, None if changed else previous, {"lastModifiedTime": now()})


def _check(rule: dict[str, Any], path: str) -> None:
    if not isinstance(rule.get("name"), str) or not rule["name"]:
        raise bad(f"{path}.name", f"'{path}.name' is {rule.get('name')!r}; wanted: a name.")
    rule["type"] = one_of(rule.get("type"), ("Lifecycle",), f"{path}.type")
    rule.setdefault("enabled", True)
    actions = at(rule, "definition.actions")
    if not isinstance(actions, dict) or not any(actions.get(part) for part in _PARTS):
        wanted = ", ".join(_PARTS)
        sentence = f"'{path}.definition.actions' needs at least one action of {wanted}."
        raise bad(f"{path}.definition.actions", sentence)
    blobs = at(rule, "definition.filters.blobTypes")
    if not isinstance(blobs, list) or not blobs:
        where = f"{path}.definition.filters.blobTypes"
        raise bad(where, f"'{where}' is {blobs!r}; wanted: a list of {', '.join(_BLOBS)}.")
    for blob in blobs:
        one_of(blob, _BLOBS, f"{path}.definition.filters.blobTypes")
