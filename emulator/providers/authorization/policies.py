"""Assignments of policies; they are kept, and no request is judged by them."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, choice, named, required


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
        choice(resource["properties"], "enforcementMode", ("Default", "DoNotEnforce"), "Default")
        resource["properties"]["scope"] = parse(resource["id"]).scope
