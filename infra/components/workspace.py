"""The Azure Machine Learning workspace: private, without keys, its compute in a managed network."""

from collections.abc import Mapping, Sequence
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

from infra.components.customer_keys import CustomerKey


@dataclass(frozen=True, kw_only=True)
class WorkspaceArgs:
    """What a `Workspace` takes from the rest of the stamp."""

    workspace_name: str
    description: str
    location: str
    resource_group_name: Input[str]
    identity_id: Input[str]
    storage_account_id: Input[str]
    key_vault_id: Input[str]
    registry_id: Input[str]
    insights_id: Input[str]
    isolation: ml.IsolationMode
    firewall_sku: ml.FirewallSku
    allowed_hosts: Sequence[str]
    allowed_services: Sequence[str]
    """Service tags that jobs may reach by HTTPS."""
    private_targets: Mapping[str, tuple[Input[str], str]]
    """Resources that jobs reach by private endpoints of the managed network: id and group by rule
    name. The service makes those of its own stores by itself."""
    high_business_impact: bool
    image_build_compute: str
    after: Sequence[Resource]
    """Grants without which the service cannot set the workspace up."""
    hooks: ResourceHookBinding
    key: CustomerKey | None
    """The key that encrypts what the service keeps; fixed at creation."""
    protect: bool
    subnet_id: Input[str] | None = None
    """Where serverless compute runs if there is no managed network."""


class Workspace(ComponentResource):
    """A workspace that only private endpoints reach and that opens its data as an identity."""

    workspace_id: Output[str]
    workspace_name: Output[str]
    reached_by: list[Resource]
    """What leads to it: whatever calls it through its network is made later and goes earlier."""

    def __init__(self, name: str, args: WorkspaceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:ml:Workspace", name, None, opts)
        workspace = ml.Workspace(
            name,
            workspace_name=args.workspace_name,
            friendly_name=args.workspace_name,
            description=args.description,
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind="Default",
            sku={"name": "Basic", "tier": ml.SkuTier.BASIC},
            identity={
                "type": ml.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": _identities(args),
            },
            primary_user_assigned_identity=args.identity_id,
            storage_account=args.storage_account_id,
            key_vault=args.key_vault_id,
            container_registry=args.registry_id,
            application_insights=args.insights_id,
            public_network_access=ml.PublicNetworkAccessType.DISABLED,
            allow_public_access_when_behind_vnet=False,
            system_datastores_auth_mode=ml.SystemDatastoresAuthMode.IDENTITY,
            # Managed online endpoints exist in the current API only.
            v1_legacy_mode=False,
            hbi_workspace=args.high_business_impact,
            managed_network=_managed_network(args),
            # Else the first job waits half an hour for it, and a first deployment fails.
            provision_network_now=_is_managed(args) or None,
            serverless_compute_settings=_serverless(args),
            # A private registry builds no images. Set from the start, by name: changing it later
            # replaces the workspace.
            image_build_compute=args.image_build_compute,
            encryption=_encryption(args.key),
            enable_service_side_cmk_encryption=True if args.key else None,
            # Lost with it: jobs, metrics, models, and the lineage of everything trained.
            opts=ResourceOptions(
                parent=self,
                depends_on=args.after,
                protect=args.protect,
                hooks=args.hooks,
                # Azure takes a key at creation only. Sent later it would replace the workspace: a
                # new generation takes it; this one keeps it, with the identities it began with.
                ignore_changes=["encryption", "enableServiceSideCMKEncryption", "identity"],
            ),
        )
        self.workspace_id = workspace.id
        self.workspace_name = workspace.name
        self.reached_by = []
        self.register_outputs({"workspace_id": self.workspace_id})


def _identities(args: WorkspaceArgs) -> list[Input[str]]:
    # The service reads the key as the identity that the encryption names, so it has to hold it.
    return [args.identity_id, *([args.key.identity_id] if args.key else [])]


def _encryption(key: CustomerKey | None) -> ml.EncryptionPropertyArgsDict | None:
    if key is None:
        return None
    return {
        "status": ml.EncryptionStatus.ENABLED,
        "identity": {"user_assigned_identity": key.identity_id},
        "key_vault_properties": {
            "key_vault_arm_id": key.vault_id,
            "key_identifier": key.uri,
        },
    }


def _is_managed(args: WorkspaceArgs) -> bool:
    return args.isolation is not ml.IsolationMode.DISABLED


def _serverless(args: WorkspaceArgs) -> ml.ServerlessComputeSettingsArgsDict:
    settings: ml.ServerlessComputeSettingsArgsDict = {"serverless_compute_no_public_ip": True}
    if args.subnet_id is not None:
        settings["serverless_compute_custom_subnet"] = args.subnet_id
    return settings


def _managed_network(args: WorkspaceArgs) -> ml.ManagedNetworkSettingsArgsDict:
    network: ml.ManagedNetworkSettingsArgsDict = {"isolation_mode": args.isolation}
    if not _is_managed(args):
        return network
    if args.allowed_hosts:
        network["firewall_sku"] = args.firewall_sku
    rules = {
        **{name: _endpoint_rule(*target) for name, target in args.private_targets.items()},
        **{f"tag-{tag.replace('.', '-')}": _tag_rule(tag) for tag in args.allowed_services},
        **{_rule_name(host): _host_rule(host) for host in args.allowed_hosts},
    }
    # Absent without rules: the service adds rules of its own, which an empty list would fight.
    if rules:
        # Rules stand here and nowhere else: beside rule resources they fight over the list.
        # https://github.com/pulumi/pulumi-azure-native/issues/3225
        network["outbound_rules"] = rules
    return network


def _endpoint_rule(target_id: Input[str], group: str) -> ml.PrivateEndpointOutboundRuleArgsDict:
    return {
        "type": ml.RuleType.PRIVATE_ENDPOINT,
        "category": ml.RuleCategory.USER_DEFINED,
        "destination": {
            "service_resource_id": target_id,
            "subresource_target": group,
            "spark_enabled": False,
        },
    }


def _tag_rule(tag: str) -> ml.ServiceTagOutboundRuleArgsDict:
    return {
        "type": ml.RuleType.SERVICE_TAG,
        "category": ml.RuleCategory.USER_DEFINED,
        "destination": {"service_tag": tag, "protocol": "TCP", "port_ranges": "443"},
    }


def _host_rule(host: str) -> ml.FqdnOutboundRuleArgsDict:
    return {"type": ml.RuleType.FQDN, "category": ml.RuleCategory.USER_DEFINED, "destination": host}


def _rule_name(host: str) -> str:
    return host.replace("*", "any").replace(".", "-")
