"""Turns rows of the table in `infra.roles` into role assignments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import authorization

from infra.naming import Names
from infra.roles import Grant, Scope


@dataclass(frozen=True, kw_only=True)
class GrantsArgs:
    """What `Grants` takes from the rest of the stamp."""

    names: Names
    grants: Sequence[Grant]
    principals: Mapping[str, Input[str]]
    """Object ids by the identity's name in the table."""
    scopes: Mapping[Scope, Input[str]]
    """Resource ids by the scope's name in the table."""


class Grants(ComponentResource):
    """Role assignments whose names a second run finds again."""

    assignments: list[authorization.RoleAssignment]

    def __init__(self, name: str, args: GrantsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:identity:Grants", name, None, opts)
        definitions = (
            f"/subscriptions/{args.names.subscription}"
            "/providers/Microsoft.Authorization/roleDefinitions"
        )
        self.assignments = [
            authorization.RoleAssignment(
                f"{name}-{grant.name}",
                role_assignment_name=args.names.role_assignment(
                    grant.identity, grant.role.value, grant.scope.value
                ),
                scope=args.scopes[grant.scope],
                role_definition_id=f"{definitions}/{grant.role.value}",
                principal_id=args.principals[grant.identity],
                # Said aloud, Azure does not look a new identity up before the directory knows it.
                principal_type=authorization.PrincipalType(grant.kind.value),
                description=grant.reason,
                condition=grant.condition,
                condition_version="2.0" if grant.condition else None,
                # The name is the grant's, so the old assignment has to go first.
                opts=ResourceOptions(parent=self, delete_before_replace=True),
            )
            for grant in args.grants
        ]
        self.register_outputs({})
