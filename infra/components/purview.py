"""The catalogue of the organisation's data, which exists once."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import purview


@dataclass(frozen=True, kw_only=True)
class PurviewArgs:
    """What a `Purview` takes from the rest of the platform."""

    account_name: str
    location: str
    resource_group_name: Input[str]
    protect: bool


class Purview(ComponentResource):
    """A private account; its own identity scans what it was given to read."""

    account_id: Output[str]
    account_name: Output[str]
    principal_id: Output[str]
    ingestion_id: Output[str]
    """Where scanners put what they found: a storage account that the service keeps."""

    def __init__(self, name: str, args: PurviewArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:data:Purview", name, None, opts)
        account = purview.Account(
            name,
            account_name=args.account_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            identity={"type": purview.ManagedIdentityType.SYSTEM_ASSIGNED},
            public_network_access=purview.PublicNetworkAccess.DISABLED,
            managed_resources_public_network_access=purview.PublicNetworkAccess.DISABLED,
            ingestion_storage={"public_network_access": purview.PublicNetworkAccess.DISABLED},
            # An event hub of the account's own is for notifications that nothing here reads.
            managed_event_hub_state=purview.ManagedEventHubState.DISABLED,
            # Lost with it: glossary, classifications and lineage that people have written.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        self.account_id = account.id
        self.account_name = account.name
        self.principal_id = account.identity.apply(_principal)
        self.ingestion_id = account.ingestion_storage.apply(_ingestion)
        self.register_outputs({"account_id": self.account_id})


def _principal(identity: purview.outputs.IdentityResponse | None) -> str:
    if identity is None:
        message = "the Purview account has no identity; wanted: its own, to which roles are granted"
        raise ValueError(message)
    return identity.principal_id


def _ingestion(storage: purview.outputs.IngestionStorageResponse | None) -> str:
    if storage is None:
        message = (
            "the Purview account has no ingestion storage; wanted: an account made after "
            "December 2023, which keeps its own"
        )
        raise ValueError(message)
    return storage.id
