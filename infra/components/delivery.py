"""Identities of CI: they sign in by federation, so that there is no secret to lose."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import managedidentity

from infra.naming import Kind, Names

# What Entra expects as the audience of a token that it exchanges.
_AUDIENCE = "api://AzureADTokenExchange"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose tokens an identity accepts."""

    name: str
    issuer: str
    subject: str
    """Exactly one workflow environment or service connection: never a whole repository."""


@dataclass(frozen=True, kw_only=True)
class DeliveryIdentityArgs:
    """What a `DeliveryIdentity` takes from the rest of the platform."""

    names: Names
    purpose: str
    location: str
    resource_group_name: Input[str]
    trusts: Sequence[Trust]


class DeliveryIdentity(ComponentResource):
    """An identity that only named pipelines of one environment can sign in as."""

    client_id: Output[str]
    principal_id: Output[str]

    def __init__(
        self, name: str, args: DeliveryIdentityArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:identity:DeliveryIdentity", name, None, opts)
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_name_=args.names.of(Kind.IDENTITY, args.purpose),
            location=args.location,
            resource_group_name=args.resource_group_name,
            opts=ResourceOptions(parent=self),
        )
        # Azure refuses two changes of one identity's credentials at a time.
        previous: list[Resource] = []
        for trust in args.trusts:
            credential = managedidentity.FederatedIdentityCredential(
                f"{name}-{trust.name}",
                federated_identity_credential_resource_name=trust.name,
                resource_name_=identity.name,
                resource_group_name=args.resource_group_name,
                issuer=trust.issuer,
                subject=trust.subject,
                audiences=[_AUDIENCE],
                opts=ResourceOptions(parent=self, depends_on=previous),
            )
            previous = [credential]
        self.client_id = identity.client_id
        self.principal_id = identity.principal_id
        self.register_outputs({"client_id": self.client_id})
