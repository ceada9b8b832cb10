"""A user-assigned identity for each purpose, so that a grant reaches no further than its reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import managedidentity

from infra.naming import Kind, Names


@dataclass(frozen=True, kw_only=True)
class IdentitiesArgs:
    """What `Identities` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    purposes: Sequence[str]


class Identities(ComponentResource):
    """The identities of a stamp by purpose: their resource ids, and what roles are granted to."""

    ids: dict[str, Output[str]]
    principal_ids: dict[str, Output[str]]
    client_ids: dict[str, Output[str]]

    def __init__(
        self, name: str, args: IdentitiesArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:identity:Identities", name, None, opts)
        self.ids = {}
        self.principal_ids = {}
        self.client_ids = {}
        for purpose in args.purposes:
            identity = managedidentity.UserAssignedIdentity(
                f"{name}-{purpose}",
                resource_name_=args.names.of(Kind.IDENTITY, purpose),
                location=args.location,
                resource_group_name=args.resource_group_name,
                opts=ResourceOptions(parent=self),
            )
            self.ids[purpose] = identity.id
            self.principal_ids[purpose] = identity.principal_id
            self.client_ids[purpose] = identity.client_id
        self.register_outputs({"ids": self.ids})
