"""Which of Microsoft's clients reads a type, by which operation; a type without one fails."""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from azure.core.credentials import TokenCredential

SEGMENTS = re.compile(r"/([^/]+)/([^/]+)")


@dataclass(frozen=True)
class Reader:
    """An operation of a management client and the parts of an id that it wants, in order.

    `parts` are types as they stand in the id (`storageAccounts`); `scope` stands for all before
    the last `/providers/`, `id` for the whole, `!word` for the word itself.
    """

    client: str
    operation: str
    parts: tuple[str, ...]
    api_version: str | None = None

    def read(self, clients: "Clients", resource_id: str) -> Mapping[str, object]:
        """Return what the client's models hold of a resource, under the wire's names."""
        client = clients.of(self.client)
        group, method = self.operation.split(".")
        call: Callable[..., object] = getattr(getattr(client, group), method)
        version = {"api_version": self.api_version} if self.api_version else {}
        return body(call(*self.arguments(resource_id), **version))

    def arguments(self, resource_id: str) -> list[str]:
        """Return the operation's positional arguments for an id."""
        names = {kind.lower(): name for kind, name in SEGMENTS.findall(resource_id)}
        scope = resource_id.rpartition("/providers/")[0]
        fixed = {"scope": scope.lstrip("/"), "id": resource_id}
        return [
            part[1:] if part.startswith("!") else fixed.get(part) or names[part.lower()]
            for part in self.parts
        ]


class _Serialized(Protocol):
    def serialize(self, *, keep_readonly: bool) -> Mapping[str, object]: ...


def body(model: object) -> Mapping[str, object]:
    """Return a model's REST body: what the client did not understand is not in it.

    Raises:
        TypeError: neither generation of Microsoft's models made it.
    """
    if isinstance(model, Mapping):  # the newer generation's are mappings
        return model
    if hasattr(model, "serialize"):
        return cast("_Serialized", model).serialize(keep_readonly=True)
    raise TypeError(f"{type(model)} is no model of a management client")


class Clients:
    """Each client once."""

    def __init__(self, credential: TokenCredential, subscription: str):
        self.credential, self.subscription = credential, subscription
        self._made: dict[str, object] = {}

    def of(self, path: str) -> object:
        """Return the client `module:Class`."""
        if path not in self._made:
            module, _, name = path.partition(":")
            made = getattr(importlib.import_module(module), name)
            self._made[path] = made(self.credential, self.subscription)
        return self._made[path]


def _rows(client: str, **rows: str) -> dict[str, Reader]:
    """Return readers of one client; a row is `operation part part ...`."""
    module = client.partition("@")[2]
    found = {}
    for name, row in rows.items():
        operation, *parts = row.split()
        found[f"azure-native:{module}:{name}"] = Reader(
            client.partition("@")[0], operation, tuple(parts)
        )
    return found


GROUP = "resourceGroups"
_ML = f"get {GROUP} workspaces"
_generic = "azure.mgmt.resource.resources:ResourceManagementClient"


def _by_id(api_version: str) -> Reader:
    """The generic client: for what Microsoft's present packages have no operation for."""
    return Reader(_generic, "resources.get_by_id", ("id",), api_version)


READERS: dict[str, Reader] = {
    **_rows(
        "azure.mgmt.apimanagement:ApiManagementClient@apimanagement",
        Api=f"api.get {GROUP} service apis",
        ApiManagementService=f"api_management_service.get {GROUP} service",
        ApiOperation=f"api_operation.get {GROUP} service apis operations",
        ApiOperationPolicy=f"api_operation_policy.get {GROUP} service apis operations policies",
        Policy=f"policy.get {GROUP} service policies",
    ),
    **_rows(
        "azure.mgmt.applicationinsights:ApplicationInsightsManagementClient@applicationinsights",
        Component=f"components.get {GROUP} components",
        Workbook=f"workbooks.get {GROUP} workbooks",
    ),
    **_rows(
        "azure.mgmt.resource.locks:ManagementLockClient@authorization",
        ManagementLockByScope="management_locks.get_by_scope scope locks",
    ),
    **_rows(
        "azure.mgmt.resource.policy:PolicyClient@authorization",
        PolicyAssignment="policy_assignments.get scope policyAssignments",
    ),
    **_rows(
        "azure.mgmt.authorization:AuthorizationManagementClient@authorization",
        RoleAssignment="role_assignments.get_by_id id",
    ),
    **_rows(
        "azure.mgmt.cdn:CdnManagementClient@cdn",
        AFDCustomDomain=f"afd_custom_domains.get {GROUP} profiles customDomains",
        AFDEndpoint=f"afd_endpoints.get {GROUP} profiles afdEndpoints",
        AFDOrigin=f"afd_origins.get {GROUP} profiles originGroups origins",
        AFDOriginGroup=f"afd_origin_groups.get {GROUP} profiles originGroups",
        Profile=f"profiles.get {GROUP} profiles",
        Route=f"routes.get {GROUP} profiles afdEndpoints routes",
        SecurityPolicy=f"security_policies.get {GROUP} profiles securityPolicies",
    ),
    **_rows(
        "azure.mgmt.compute:ComputeManagementClient@compute",
        VirtualMachine=f"virtual_machines.get {GROUP} virtualMachines",
        VirtualMachineExtension=(
            f"virtual_machine_extensions.get {GROUP} virtualMachines extensions"
        ),
    ),
    **_rows(
        "azure.mgmt.consumption:ConsumptionManagementClient@consumption",
        Budget="budgets.get scope budgets",
    ),
    **_rows(
        "azure.mgmt.containerinstance:ContainerInstanceManagementClient@containerinstance",
        ContainerGroup=f"container_groups.get {GROUP} containerGroups",
    ),
    **_rows(
        "azure.mgmt.containerregistry:ContainerRegistryManagementClient@containerregistry",
        Registry=f"registries.get {GROUP} registries",
    ),
    **_rows(
        "azure.mgmt.containerservice:ContainerServiceClient@containerservice",
        AgentPool=f"agent_pools.get {GROUP} managedClusters agentPools",
        MaintenanceConfiguration=(
            f"maintenance_configurations.get {GROUP} managedClusters maintenanceConfigurations"
        ),
        ManagedCluster=f"managed_clusters.get {GROUP} managedClusters",
        TrustedAccessRoleBinding=(
            f"trusted_access_role_bindings.get {GROUP} managedClusters trustedAccessRoleBindings"
        ),
    ),
    **_rows(
        "azure.mgmt.datafactory:DataFactoryManagementClient@datafactory",
        CredentialOperation=f"credential_operations.get {GROUP} factories credentials",
        Dataset=f"datasets.get {GROUP} factories datasets",
        Factory=f"factories.get {GROUP} factories",
        IntegrationRuntime=f"integration_runtimes.get {GROUP} factories integrationRuntimes",
        LinkedService=f"linked_services.get {GROUP} factories linkedServices",
        ManagedPrivateEndpoint=(
            f"managed_private_endpoints.get {GROUP} factories managedVirtualNetworks "
            "managedPrivateEndpoints"
        ),
        Pipeline=f"pipelines.get {GROUP} factories pipelines",
        Trigger=f"triggers.get {GROUP} factories triggers",
    ),
    **_rows(
        "azure.mgmt.eventgrid:EventGridManagementClient@eventgrid",
        SystemTopic=f"system_topics.get {GROUP} systemTopics",
        SystemTopicEventSubscription=(
            f"system_topic_event_subscriptions.get {GROUP} systemTopics eventSubscriptions"
        ),
    ),
    **_rows(
        "azure.mgmt.keyvault:KeyVaultManagementClient@keyvault",
        Key=f"keys.get {GROUP} vaults keys",
        Vault=f"vaults.get {GROUP} vaults",
    ),
    **_rows(
        "azure.mgmt.kubernetesconfiguration:SourceControlConfigurationClient@kubernetesconfiguration",
        Extension=(
            f"extensions.get {GROUP} !Microsoft.ContainerService !managedClusters managedClusters "
            "extensions"
        ),
    ),
    **_rows(
        # Azure ML's own client: azure-mgmt-machinelearningservices ends at a version of 2020.
        "azure.ai.ml._restclient.arm_ml_service:MachineLearningServicesMgmtClient"
        "@machinelearningservices",
        BatchEndpoint=f"batch_endpoints.{_ML} batchEndpoints",
        Compute=f"compute.{_ML} computes",
        Datastore=f"datastores.{_ML} datastores",
        OnlineEndpoint=f"online_endpoints.{_ML} onlineEndpoints",
        Registry=f"registries.get {GROUP} registries",
        Workspace=f"workspaces.{_ML}",
    ),
    **_rows(
        "azure.mgmt.msi:ManagedServiceIdentityClient@managedidentity",
        FederatedIdentityCredential=(
            f"federated_identity_credentials.get {GROUP} userAssignedIdentities "
            "federatedIdentityCredentials"
        ),
        UserAssignedIdentity=f"user_assigned_identities.get {GROUP} userAssignedIdentities",
    ),
    **_rows(
        "azure.mgmt.monitor:MonitorManagementClient@monitor",
        ActionGroup=f"action_groups.get {GROUP} actionGroups",
        ActivityLogAlert=f"activity_log_alerts.get {GROUP} activityLogAlerts",
        DataCollectionEndpoint=f"data_collection_endpoints.get {GROUP} dataCollectionEndpoints",
        DataCollectionRule=f"data_collection_rules.get {GROUP} dataCollectionRules",
        DataCollectionRuleAssociation=(
            "data_collection_rule_associations.get scope dataCollectionRuleAssociations"
        ),
        MetricAlert=f"metric_alerts.get {GROUP} metricAlerts",
        ScheduledQueryRule=f"scheduled_query_rules.get {GROUP} scheduledQueryRules",
    ),
    **_rows(
        "azure.mgmt.network:NetworkManagementClient@network",
        AzureFirewall=f"azure_firewalls.get {GROUP} azureFirewalls",
        BastionHost=f"bastion_hosts.get {GROUP} bastionHosts",
        FirewallPolicy=f"firewall_policies.get {GROUP} firewallPolicies",
        FirewallPolicyRuleCollectionGroup=(
            f"firewall_policy_rule_collection_groups.get {GROUP} firewallPolicies "
            "ruleCollectionGroups"
        ),
        FlowLog=f"flow_logs.get {GROUP} networkWatchers flowLogs",
        NatGateway=f"nat_gateways.get {GROUP} natGateways",
        NetworkInterface=f"network_interfaces.get {GROUP} networkInterfaces",
        NetworkSecurityGroup=f"network_security_groups.get {GROUP} networkSecurityGroups",
        PrivateDnsZoneGroup=(
            f"private_dns_zone_groups.get {GROUP} privateEndpoints privateDnsZoneGroups"
        ),
        PrivateEndpoint=f"private_endpoints.get {GROUP} privateEndpoints",
        PublicIPAddress=f"public_ip_addresses.get {GROUP} publicIPAddresses",
        RouteTable=f"route_tables.get {GROUP} routeTables",
        ServiceEndpointPolicy=f"service_endpoint_policies.get {GROUP} serviceEndpointPolicies",
        Subnet=f"subnets.get {GROUP} virtualNetworks subnets",
        VirtualNetwork=f"virtual_networks.get {GROUP} virtualNetworks",
        VirtualNetworkGateway=f"virtual_network_gateways.get {GROUP} virtualNetworkGateways",
        VirtualNetworkPeering=(
            f"virtual_network_peerings.get {GROUP} virtualNetworks virtualNetworkPeerings"
        ),
    ),
    **_rows(
        "azure.mgmt.loganalytics:LogAnalyticsManagementClient@operationalinsights",
        Workspace=f"workspaces.get {GROUP} workspaces",
    ),
    **_rows(
        "azure.mgmt.privatedns:PrivateDnsManagementClient@privatedns",
        PrivateZone=f"private_zones.get {GROUP} privateDnsZones",
        VirtualNetworkLink=f"virtual_network_links.get {GROUP} privateDnsZones virtualNetworkLinks",
    ),
    **_rows(
        "azure.mgmt.purview:PurviewManagementClient@purview",
        Account=f"accounts.get {GROUP} accounts",
    ),
    **_rows(
        f"{_generic}@resources",
        ResourceGroup=f"resource_groups.get {GROUP}",
    ),
    **_rows(
        "azure.mgmt.security:SecurityCenter@security",
        Pricing="pricings.get scope pricings",
    ),
    **_rows(
        "azure.mgmt.storage:StorageManagementClient@storage",
        BlobContainer=f"blob_containers.get {GROUP} storageAccounts containers",
        BlobServiceProperties=f"blob_services.get_service_properties {GROUP} storageAccounts",
        ManagementPolicy=f"management_policies.get {GROUP} storageAccounts managementPolicies",
        Queue=f"queue.get {GROUP} storageAccounts queues",
        StorageAccount=f"storage_accounts.get_properties {GROUP} storageAccounts",
    ),
    "azure-native:dnsresolver:DnsResolver": _by_id("2025-05-01"),
    "azure-native:dnsresolver:InboundEndpoint": _by_id("2025-05-01"),
    "azure-native:frontdoor:Policy": _by_id("2024-02-01"),
    "azure-native:monitor:DiagnosticSetting": _by_id("2021-05-01-preview"),
    "azure-native:monitor:PrivateLinkScope": _by_id("2021-07-01-preview"),
    "azure-native:monitor:PrivateLinkScopedResource": _by_id("2021-07-01-preview"),
    "azure-native:resources:Deployment": _by_id("2024-11-01"),
    "azure-native:security:SecurityContact": _by_id("2023-12-01-preview"),
}
