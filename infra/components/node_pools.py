"""Pools of a Kubernetes cluster's nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import containerservice as aks


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What one pool is like."""

    name: str
    """At most 12 lower-case letters and digits."""
    vm_size: str
    min_nodes: int
    max_nodes: int
    taints: Sequence[str] = ()
    spot: bool = False


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """What a `NodePool` takes from the rest of the stamp."""

    pool: Pool
    cluster_name: Input[str]
    resource_group_name: Input[str]
    subnet_id: Input[str]
    zones: Sequence[str]


class NodePool(ComponentResource):
    """Nodes of models, which come and go with the work."""

    def __init__(self, name: str, args: NodePoolArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:kubernetes:NodePool", name, None, opts)
        spot = args.pool.spot
        aks.AgentPool(
            name,
            agent_pool_name=args.pool.name,
            resource_name_=args.cluster_name,
            resource_group_name=args.resource_group_name,
            mode=aks.AgentPoolMode.USER,
            vm_size=args.pool.vm_size,
            vnet_subnet_id=args.subnet_id,
            availability_zones=list(args.zones),
            os_type=aks.OSType.LINUX,
            os_sku=aks.OSSKU.AZURE_LINUX,
            os_disk_type=aks.OSDiskType.EPHEMERAL,
            enable_auto_scaling=True,
            min_count=args.pool.min_nodes,
            max_count=args.pool.max_nodes,
            enable_encryption_at_host=True,
            enable_node_public_ip=False,
            security_profile={"ssh_access": aks.AgentPoolSSHAccess.DISABLED},
            node_taints=list(args.pool.taints),
            scale_set_priority=(
                aks.ScaleSetPriority.SPOT if spot else aks.ScaleSetPriority.REGULAR
            ),
            scale_set_eviction_policy=aks.ScaleSetEvictionPolicy.DELETE if spot else None,
            upgrade_settings={"max_surge": "33%"} if not spot else None,
            opts=ResourceOptions(
                parent=self,
                # The autoscaler moves it all the time.
                ignore_changes=["count"],
            ),
        )
        self.register_outputs({})
