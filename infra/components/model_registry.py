"""The Azure Machine Learning registry through which models go from one environment to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import machinelearningservices as ml


@dataclass(frozen=True, kw_only=True)
class ModelRegistryArgs:
    """What a `ModelRegistry` takes from the rest of the platform."""

    registry_name: str
    regions: Sequence[str]
    """The first is its home; assets are copied to the others."""
    resource_group_name: Input[str]
    replication: str
    """SKU name of the storage accounts that the service makes for it, such as Standard_ZRS."""
    protect: bool


class ModelRegistry(ComponentResource):
    """A registry without a public endpoint; the service keeps its stores in a group of its own."""

    registry_id: Output[str]

    def __init__(
        self, name: str, args: ModelRegistryArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:ml:ModelRegistry", name, None, opts)
        registry = ml.Registry(
            name,
            registry_name=args.registry_name,
            location=args.regions[0],
            resource_group_name=args.resource_group_name,
            identity={"type": ml.ManagedServiceIdentityType.SYSTEM_ASSIGNED},
            public_network_access=ml.PublicNetworkAccessType.DISABLED,
            region_details=[
                {
                    "location": region,
                    "acr_details": [
                        {"system_created_acr_account": {"acr_account_sku": "Premium"}},
                    ],
                    "storage_account_details": [
                        {
                            "system_created_storage_account": {
                                "storage_account_type": args.replication,
                                "storage_account_hns_enabled": False,
                                "allow_blob_public_access": False,
                            }
                        }
                    ],
                }
                for region in args.regions
            ],
            # Lost with it: the models that production rolls back to.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        self.registry_id = registry.id
        self.register_outputs({"registry_id": self.registry_id})
