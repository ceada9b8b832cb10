"""A data factory that works in a network of its own and reaches what it may, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import datafactory, resources

_API_VERSION = "2018-06-01"
# The service knows no other name for the network that it manages.
_NETWORK = "default"
_REFERENCE = datafactory.ManagedVirtualNetworkReferenceType.MANAGED_VIRTUAL_NETWORK_REFERENCE
RUNTIME = "managed"
CREDENTIAL = "factory"


@dataclass(frozen=True, kw_only=True)
class DataFactoryArgs:
    """What a `DataFactory` takes from the rest of the stamp."""

    factory_name: str
    location: str
    resource_group_name: Input[str]
    identity_id: Input[str]
    private_targets: Mapping[str, tuple[Input[str], str]]
    """What it reaches: id of the resource and group of the endpoint, by a name."""
    catalogue_id: Input[str] | None
    """The Purview account that hears of what pipelines read and write."""


class DataFactory(ComponentResource):
    """A private factory, its identity and its runtime in the managed network.

    The owners of the targets have to approve its endpoints: `mlops deploy` does, where Azure lets
    whoever deploys, and until then pipelines wait.
    """

    factory_id: Output[str]
    factory_name: Output[str]
    ready: Sequence[Resource]
    """What a linked service needs: the runtime and the credential."""

    def __init__(
        self, name: str, args: DataFactoryArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:data:DataFactory", name, None, opts)
        factory = datafactory.Factory(
            name,
            factory_name=args.factory_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            identity={
                "type": datafactory.FactoryIdentityType.USER_ASSIGNED,
                "user_assigned_identities": Output.from_input(args.identity_id).apply(_held),
            },
            public_network_access=datafactory.PublicNetworkAccess.DISABLED,
            purview_configuration=(
                None if args.catalogue_id is None else {"purview_resource_id": args.catalogue_id}
            ),
            opts=ResourceOptions(parent=self),
        )
        managed_network = self._manage_network(name, args, factory)
        endpoints = self._reach(name, args, factory, managed_network)
        runtime = datafactory.IntegrationRuntime(
            name,
            integration_runtime_name=RUNTIME,
            factory_name=factory.name,
            resource_group_name=args.resource_group_name,
            # Classes here and below: there are several kinds of each, which the SDK cannot tell
            # apart in plain dictionaries.
            properties=datafactory.ManagedIntegrationRuntimeArgs(
                type="Managed",
                managed_virtual_network=datafactory.ManagedVirtualNetworkReferenceArgs(
                    reference_name=_NETWORK, type=_REFERENCE
                ),
                # Data stays in its region.
                compute_properties=datafactory.IntegrationRuntimeComputePropertiesArgs(
                    location=args.location
                ),
            ),
            opts=ResourceOptions(parent=self, depends_on=[managed_network, *endpoints]),
        )
        credential = datafactory.CredentialOperation(
            name,
            credential_name=CREDENTIAL,
            factory_name=factory.name,
            resource_group_name=args.resource_group_name,
            properties=datafactory.ManagedIdentityCredentialArgs(
                type="ManagedIdentity", resource_id=args.identity_id
            ),
            opts=ResourceOptions(parent=self),
        )
        self.ready = [runtime, credential]
        self.factory_id = factory.id
        self.factory_name = factory.name
        self.register_outputs({"factory_id": self.factory_id})

    def _manage_network(
        self, name: str, args: DataFactoryArgs, factory: datafactory.Factory
    ) -> resources.Deployment:
        """Make the managed network through a template: the SDK has no type for it.

        https://github.com/pulumi/pulumi-azure-native/issues/896
        """
        template = {
            "$schema": (
                "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
            ),
            "contentVersion": "1.0.0.0",
            "resources": [
                {
                    "type": "Microsoft.DataFactory/factories/managedVirtualNetworks",
                    "apiVersion": _API_VERSION,
                    "name": f"{args.factory_name}/{_NETWORK}",
                    "properties": {},
                }
            ],
        }
        return resources.Deployment(
            f"{name}-network",
            deployment_name=f"{args.factory_name}-network",
            resource_group_name=args.resource_group_name,
            properties={
                "mode": resources.DeploymentMode.INCREMENTAL,
                "template": template,
            },
            opts=ResourceOptions(parent=self, depends_on=[factory]),
        )

    def _reach(
        self,
        name: str,
        args: DataFactoryArgs,
        factory: datafactory.Factory,
        managed_network: Resource,
    ) -> list[Resource]:
        return [
            datafactory.ManagedPrivateEndpoint(
                f"{name}-{target}",
                managed_private_endpoint_name=target,
                managed_virtual_network_name=_NETWORK,
                factory_name=factory.name,
                resource_group_name=args.resource_group_name,
                properties={"private_link_resource_id": target_id, "group_id": group},
                opts=ResourceOptions(parent=self, depends_on=[managed_network]),
            )
            for target, (target_id, group) in args.private_targets.items()
        ]


def _held(identity_id: str) -> dict[str, dict[str, str]]:
    return {identity_id: {}}
