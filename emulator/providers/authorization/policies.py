"""Assignments of policies; they are kept, and no request is judged by them."""

import re
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.authorization.built_in_policies import CHANGING, CHECKING
from emulator.providers.checks import bad, choice, named, required

_BUILT_IN = re.compile(
    r"/providers/Microsoft\.Authorization/policyDefinitions/(?P<guid>[^/]+)", re.IGNORECASE
)


@behaviour
class PolicyAssignment(Behaviour):
    """A policy or set of policies at a scope."""

    type: ClassVar[str] = "Microsoft.Authorization/policyAssignments"
    immutable: ClassVar[tuple[str, ...]] = ("properties.policyDefinitionId",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[^<>*%&:\\?+/]{1,128}",
            "InvalidPolicyAssignmentName",
            "The policy assignment name '{name}' is invalid: at most 128 characters, none of "
            r"< > * % & : \ ? + /.",
        )
        code = "InvalidCreatePolicyAssignmentRequest"
        path = "properties.policyDefinitionId"
        definition = str(required(resource, path, "the id of a policy (set) definition", code))
        low = definition.lower()
        if not ("/policydefinitions/" in low or "/policysetdefinitions/" in low):
            sentence = f"'{path}' is {definition!r}; wanted: the id of a policy (set) definition."
            raise bad(path, sentence, code)
        if _needs_identity(ctx, definition, path):
            _check_identity(resource)
        _check_parameters(resource["properties"])
        choice(resource["properties"], "enforcementMode", ("Default", "DoNotEnforce"), "Default")
        resource["properties"]["scope"] = parse(resource["id"]).scope


def _needs_identity(ctx: Context, definition: str, path: str) -> bool:
    """Say whether a policy changes things by itself; refuse one that is not there."""
    known = _BUILT_IN.fullmatch(definition)
    if known and known["guid"].lower() in CHECKING | CHANGING:
        return known["guid"].lower() in CHANGING
    found = ctx.store.get(definition)
    if found is None:
        sentence = f"The policy definition '{definition}' of '{path}' could not be found."
        raise ArmError(404, "PolicyDefinitionNotFound", sentence, path)
    effect = at(found, "properties.policyRule.then.effect")
    return str(effect).lower() in {"modify", "deployifnotexists"}


def _check_identity(resource: Resource) -> None:
    kind = str((resource.get("identity") or {}).get("type") or "None")
    if kind.lower() == "none":
        sentence = (
            f"The policy of '{resource['name']}' changes or deploys resources; wanted: an identity "
            "that may."
        )
        raise ArmError(400, "ResourceIdentityRequired", sentence, "identity")
    if not resource.get("location"):
        sentence = f"'{resource['name']}' has an identity and no location; wanted: both."
        raise ArmError(400, "LocationRequired", sentence, "location")


def _check_parameters(properties: dict[str, Any]) -> None:
    for name, given in (properties.get("parameters") or {}).items():
        if not isinstance(given, dict) or "value" not in given:
            path = f"properties.parameters.{name}"
            sentence = f"'{path}' is {given!r}; wanted: an object with a value."
            raise bad(path, sentence, "InvalidPolicyParameters")
    for message in properties.get("nonComplianceMessages") or []:
        if not message.get("message"):
            path = "properties.nonComplianceMessages"
            raise bad(path, f"'{path}' has an empty message.", "InvalidPolicyAssignment")
