"""A private Kubernetes cluster (AKS) that people and pods enter with identities only.

https://learn.microsoft.com/azure/architecture/reference-architectures/containers/aks/baseline-aks
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceHookBinding, ResourceOptions
from pulumi_azure_native import containerservice as aks

from infra.components.node_pools import Pool

_SYSTEM_TAINT = "CriticalAddonsOnly=true:NoSchedule"
_CLEANER_HOURS = 168


@dataclass(frozen=True, kw_only=True)
class KubernetesArgs:
    """What `Kubernetes` takes from the rest of the stamp."""

    cluster_name: str
    node_group_name: str
    location: str
    resource_group_name: Input[str]
    tenant_id: str
    sku_tier: str
    upgrade_channel: str
    admin_groups: Sequence[str]
    system_pool: Pool
    zones: Sequence[str]
    nodes_subnet_id: Input[str]
    api_server_subnet_id: Input[str]
    api_server_zone_id: Input[str]
    """The private zone with the API server's name; Azure's own could not be linked to a hub."""
    pods: str
    """Addresses of pods; the overlay hides them from the network."""
    services: str
    dns_service: str
    outbound: aks.OutboundType
    identity_id: Input[str]
    kubelet_id: Input[str]
    kubelet_client_id: Input[str]
    kubelet_object_id: Input[str]
    logs_id: Input[str] | None
    """Log Analytics for container insights and Defender; None does without both."""
    after: Sequence[Resource]
    hooks: ResourceHookBinding


class Kubernetes(ComponentResource):
    """A cluster without a public address, local accounts or remote commands."""

    cluster_id: Output[str]
    cluster_name: Output[str]

    def __init__(
        self, name: str, args: KubernetesArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:kubernetes:Kubernetes", name, None, opts)
        cluster = aks.ManagedCluster(
            name,
            resource_name_=args.cluster_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            node_resource_group=args.node_group_name,
            # What Azure makes for the cluster is changed through the cluster only.
            node_resource_group_profile={"restriction_level": aks.RestrictionLevel.READ_ONLY},
            dns_prefix=args.cluster_name,
            sku={"name": aks.ManagedClusterSKUName.BASE, "tier": args.sku_tier},
            identity={
                "type": aks.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.identity_id],
            },
            identity_profile={
                "kubeletidentity": {
                    "resource_id": args.kubelet_id,
                    "client_id": args.kubelet_client_id,
                    "object_id": args.kubelet_object_id,
                }
            },
            disable_local_accounts=True,
            enable_rbac=True,
            aad_profile={
                "managed": True,
                "enable_azure_rbac": True,
                "tenant_id": args.tenant_id,
                "admin_group_object_ids": list(args.admin_groups),
            },
            public_network_access=aks.PublicNetworkAccess.DISABLED,
            api_server_access_profile={
                "enable_private_cluster": True,
                "enable_private_cluster_public_fqdn": False,
                "enable_vnet_integration": True,
                "subnet_id": args.api_server_subnet_id,
                "private_dns_zone": args.api_server_zone_id,
                "disable_run_command": True,
            },
            network_profile={
                "network_plugin": aks.NetworkPlugin.AZURE,
                "network_plugin_mode": aks.NetworkPluginMode.OVERLAY,
                "network_dataplane": aks.NetworkDataplane.CILIUM,
                "network_policy": aks.NetworkPolicy.CILIUM,
                "load_balancer_sku": aks.LoadBalancerSku.STANDARD,
                "outbound_type": args.outbound,
                "pod_cidr": args.pods,
                "service_cidr": args.services,
                "dns_service_ip": args.dns_service,
            },
            oidc_issuer_profile={"enabled": True},
            security_profile=_security(args),
            addon_profiles=_add_ons(args),
            storage_profile={
                "disk_csi_driver": {"enabled": True},
                "file_csi_driver": {"enabled": True},
                # Jobs of Azure Machine Learning mount blobs.
                "blob_csi_driver": {"enabled": True},
            },
            auto_upgrade_profile={
                "upgrade_channel": args.upgrade_channel,
                "node_os_upgrade_channel": aks.NodeOSUpgradeChannel.NODE_IMAGE,
            },
            auto_scaler_profile={
                "balance_similar_node_groups": "true",
                "expander": aks.Expander.LEAST_WASTE,
                "scale_down_delay_after_add": "10m",
                "scale_down_unneeded_time": "10m",
                "skip_nodes_with_local_storage": "false",
            },
            agent_pool_profiles=[_system_pool(args)],
            opts=ResourceOptions(
                parent=self,
                depends_on=args.after,
                hooks=args.hooks,
                # A cluster must be made with a pool, but Azure shows all its pools here, with as
                # many nodes as the autoscaler wants. The system pool's limits are changed by
                # `az aks nodepool update`: https://github.com/pulumi/pulumi-azure-native/issues/579
                ignore_changes=["agentPoolProfiles"],
            ),
        )
        for schedule, channel in _WINDOWS.items():
            aks.MaintenanceConfiguration(
                f"{name}-{channel}",
                config_name=schedule,
                resource_name_=cluster.name,
                resource_group_name=args.resource_group_name,
                maintenance_window={
                    "start_time": "01:00",
                    "utc_offset": "+00:00",
                    "duration_hours": 4,
                    "schedule": {
                        "weekly": {"day_of_week": aks.WeekDay.SUNDAY, "interval_weeks": 1}
                    },
                },
                opts=ResourceOptions(parent=self),
            )
        self.cluster_id = cluster.id
        self.cluster_name = cluster.name
        self.register_outputs({"cluster_name": self.cluster_name})


_WINDOWS = {
    "aksManagedAutoUpgradeSchedule": "cluster-upgrades",
    "aksManagedNodeOSUpgradeSchedule": "node-upgrades",
}


def _system_pool(args: KubernetesArgs) -> aks.ManagedClusterAgentPoolProfileArgsDict:
    pool = args.system_pool
    return {
        "name": pool.name,
        "mode": aks.AgentPoolMode.SYSTEM,
        "type": aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        "vm_size": pool.vm_size,
        "vnet_subnet_id": args.nodes_subnet_id,
        "availability_zones": list(args.zones),
        "os_type": aks.OSType.LINUX,
        "os_sku": aks.OSSKU.AZURE_LINUX,
        "os_disk_type": aks.OSDiskType.EPHEMERAL,
        "enable_auto_scaling": True,
        "count": pool.min_nodes,
        "min_count": pool.min_nodes,
        "max_count": pool.max_nodes,
        "enable_encryption_at_host": True,
        "enable_node_public_ip": False,
        "security_profile": {"ssh_access": aks.AgentPoolSSHAccess.DISABLED},
        "node_taints": [_SYSTEM_TAINT],
        "upgrade_settings": {"max_surge": "33%"},
    }


def _security(args: KubernetesArgs) -> aks.ManagedClusterSecurityProfileArgsDict:
    profile: aks.ManagedClusterSecurityProfileArgsDict = {
        "workload_identity": {"enabled": True},
        "image_cleaner": {"enabled": True, "interval_hours": _CLEANER_HOURS},
    }
    if args.logs_id is not None:
        profile["defender"] = {
            "log_analytics_workspace_resource_id": args.logs_id,
            "security_monitoring": {"enabled": True},
        }
    return profile


def _add_ons(args: KubernetesArgs) -> dict[str, aks.ManagedClusterAddonProfileArgsDict]:
    add_ons: dict[str, aks.ManagedClusterAddonProfileArgsDict] = {
        "azurepolicy": {"enabled": True, "config": {"version": "v2"}},
        "azureKeyvaultSecretsProvider": {
            "enabled": True,
            "config": {"enableSecretRotation": "true", "rotationPollInterval": "2m"},
        },
    }
    if args.logs_id is not None:
        add_ons["omsagent"] = {
            "enabled": True,
            "config": {"logAnalyticsWorkspaceResourceID": args.logs_id, "useAADAuth": "true"},
        }
    return add_ons
