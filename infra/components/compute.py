"""Compute clusters of the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import (
    ComponentResource,
    Input,
    Output,
    Resource,
    ResourceHookBinding,
    ResourceOptions,
)
from pulumi_azure_native import machinelearningservices as ml


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a `Cluster` takes from the rest of the stamp."""

    cluster_name: str
    location: str
    resource_group_name: Input[str]
    workspace_name: Input[str]
    identity_id: Input[str]
    vm_size: str
    vm_priority: ml.VmPriority
    min_nodes: int
    max_nodes: int
    idle_minutes: int
    after: Sequence[Resource]
    """Grants without which a first node fails to pull its image."""
    hooks: ResourceHookBinding
    subnet_id: Input[str] | None = None
    """Where the nodes stand if the workspace has no managed network."""


class Cluster(ComponentResource):
    """Nodes without public addresses or logins, with one identity; none stay when none work."""

    cluster_name: Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:ml:Cluster", name, None, opts)
        cluster = ml.Compute(
            name,
            compute_name=args.cluster_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            workspace_name=args.workspace_name,
            identity={
                "type": ml.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.identity_id],
            },
            properties={
                "compute_type": ml.ComputeType.AML_COMPUTE,
                "compute_location": args.location,
                "disable_local_auth": True,
                "properties": {
                    "os_type": ml.OsType.LINUX,
                    "vm_size": args.vm_size,
                    "vm_priority": args.vm_priority,
                    "enable_node_public_ip": False,
                    "subnet": _subnet(args.subnet_id),
                    "remote_login_port_public_access": ml.RemoteLoginPortPublicAccess.DISABLED,
                    "scale_settings": {
                        "min_node_count": args.min_nodes,
                        "max_node_count": args.max_nodes,
                        "node_idle_time_before_scale_down": f"PT{args.idle_minutes}M",
                    },
                },
            },
            opts=ResourceOptions(parent=self, depends_on=args.after, hooks=args.hooks),
        )
        self.cluster_name = cluster.name
        self.register_outputs({"cluster_name": self.cluster_name})


@dataclass(frozen=True, kw_only=True)
class InstanceArgs:
    """What an `Instance` takes from the rest of the stamp."""

    instance_name: str
    location: str
    resource_group_name: Input[str]
    workspace_name: Input[str]
    tenant_id: str
    assigned_to: str
    vm_size: str
    idle_minutes: int
    subnet_id: Input[str] | None = None
    """Where the machine stands if the workspace has no managed network."""


class Instance(ComponentResource):
    """One person's machine: nobody else opens it, and it stops when nobody works."""

    def __init__(self, name: str, args: InstanceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:ml:Instance", name, None, opts)
        ml.Compute(
            name,
            compute_name=args.instance_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            workspace_name=args.workspace_name,
            # Its own identity: work on it happens as the person, not as a shared account.
            identity={"type": ml.ManagedServiceIdentityType.SYSTEM_ASSIGNED},
            properties={
                "compute_type": ml.ComputeType.COMPUTE_INSTANCE,
                "compute_location": args.location,
                "disable_local_auth": True,
                "properties": {
                    "vm_size": args.vm_size,
                    "application_sharing_policy": ml.ApplicationSharingPolicy.PERSONAL,
                    "compute_instance_authorization_type": (
                        ml.ComputeInstanceAuthorizationType.PERSONAL
                    ),
                    "personal_compute_instance_settings": {
                        "assigned_user": {
                            "object_id": args.assigned_to,
                            "tenant_id": args.tenant_id,
                        }
                    },
                    "enable_node_public_ip": False,
                    "subnet": _subnet(args.subnet_id),
                    "enable_sso": True,
                    "idle_time_before_shutdown": f"PT{args.idle_minutes}M",
                    "ssh_settings": {"ssh_public_access": ml.SshPublicAccess.DISABLED},
                },
            },
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _subnet(subnet_id: Input[str] | None) -> ml.ResourceIdArgsDict | None:
    return None if subnet_id is None else {"id": subnet_id}
