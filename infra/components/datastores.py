"""Datastores: containers that a workspace shows, opened as whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import machinelearningservices as ml


@dataclass(frozen=True, kw_only=True)
class DatastoresArgs:
    """What `Datastores` take from the rest of the stamp."""

    resource_group_name: Input[str]
    workspace_name: Input[str]
    account_name: Input[str]
    containers: Mapping[str, Input[str]]
    """Containers by the name of the datastore that shows them."""


class Datastores(ComponentResource):
    """Datastores without credentials: jobs open them as their cluster, people as themselves."""

    def __init__(
        self, name: str, args: DatastoresArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:ml:Datastores", name, None, opts)
        for datastore, container in args.containers.items():
            ml.Datastore(
                f"{name}-{datastore}",
                name=datastore,
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group_name,
                properties={
                    "datastore_type": ml.DatastoreType.AZURE_BLOB,
                    "account_name": args.account_name,
                    "container_name": container,
                    "credentials": {"credentials_type": ml.CredentialsType.NONE},
                    "service_data_access_auth_identity": (
                        ml.ServiceDataAccessAuthIdentity.WORKSPACE_USER_ASSIGNED_IDENTITY
                    ),
                },
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})
