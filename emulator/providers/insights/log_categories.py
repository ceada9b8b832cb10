"""The categories of logs that types of resources have, and whether they have metrics.

https://learn.microsoft.com/azure/azure-monitor/reference/logs-index
"""

from collections.abc import Mapping

_STORAGE = ("StorageRead", "StorageWrite", "StorageDelete")
_EVENTS = ("DeliveryFailures", "PublishFailures", "DataPlaneRequests")
_WORKSPACE = (
    "AmlComputeClusterEvent",
    "AmlComputeClusterNodeEvent",
    "AmlComputeCpuGpuUtilization",
    "AmlComputeJobEvent",
    "AmlRunStatusChangedEvent",
    "ComputeInstanceEvent",
    "DataLabelChangeEvent",
    "DataLabelReadEvent",
    "DataSetChangeEvent",
    "DataSetReadEvent",
    "DataStoreChangeEvent",
    "DataStoreReadEvent",
    "DeploymentEventACI",
    "DeploymentEventAKS",
    "DeploymentReadEvent",
    "EnvironmentChangeEvent",
    "EnvironmentReadEvent",
    "InferencingOperationACI",
    "InferencingOperationAKS",
    "ModelsActionEvent",
    "ModelsChangeEvent",
    "ModelsReadEvent",
    "PipelineChangeEvent",
    "PipelineReadEvent",
    "RunEvent",
    "RunReadEvent",
)
_CLUSTER = (
    "kube-apiserver",
    "kube-audit",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
    "csi-azuredisk-controller",
    "csi-azurefile-controller",
    "csi-snapshot-controller",
    "fleet-member-agent",
    "fleet-member-net-controller-manager",
    "fleet-mcs-controller-manager",
    "karpenter-events",
)
_FACTORY = (
    "ActivityRuns",
    "PipelineRuns",
    "TriggerRuns",
    "SandboxActivityRuns",
    "SandboxPipelineRuns",
    "SSISIntegrationRuntimeLogs",
    "SSISPackageEventMessageContext",
    "SSISPackageEventMessages",
    "SSISPackageExecutableStatistics",
    "SSISPackageExecutionComponentPhases",
    "SSISPackageExecutionDataStatistics",
    "AirflowDagProcessingLogs",
    "AirflowSchedulerLogs",
    "AirflowTaskLogs",
    "AirflowWebLogs",
    "AirflowWorkerLogs",
)
_FIREWALL = (
    "AzureFirewallApplicationRule",
    "AzureFirewallDnsProxy",
    "AzureFirewallNetworkRule",
    "AZFWApplicationRule",
    "AZFWApplicationRuleAggregation",
    "AZFWDnsQuery",
    "AZFWFatFlow",
    "AZFWFlowTrace",
    "AZFWFqdnResolveFailure",
    "AZFWIdpsSignature",
    "AZFWNatRule",
    "AZFWNatRuleAggregation",
    "AZFWNetworkRule",
    "AZFWNetworkRuleAggregation",
    "AZFWThreatIntel",
)
_TELEMETRY = (
    "AppAvailabilityResults",
    "AppBrowserTimings",
    "AppDependencies",
    "AppEvents",
    "AppExceptions",
    "AppMetrics",
    "AppPageViews",
    "AppPerformanceCounters",
    "AppRequests",
    "AppSystemEvents",
    "AppTraces",
)

# By lower-case type; a type that is missing is not checked.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "microsoft.storage/storageaccounts": (),
    "microsoft.storage/storageaccounts/blobservices": _STORAGE,
    "microsoft.storage/storageaccounts/fileservices": _STORAGE,
    "microsoft.storage/storageaccounts/queueservices": _STORAGE,
    "microsoft.storage/storageaccounts/tableservices": _STORAGE,
    "microsoft.keyvault/vaults": ("AuditEvent", "AzurePolicyEvaluationDetails"),
    "microsoft.containerregistry/registries": (
        "ContainerRegistryLoginEvents",
        "ContainerRegistryRepositoryEvents",
    ),
    "microsoft.machinelearningservices/workspaces": _WORKSPACE,
    "microsoft.machinelearningservices/workspaces/onlineendpoints": (
        "AmlOnlineEndpointConsoleLog",
        "AmlOnlineEndpointEventLog",
        "AmlOnlineEndpointTrafficLog",
    ),
    "microsoft.machinelearningservices/registries": (
        "RegistryAssetReadEvent",
        "RegistryAssetWriteEvent",
    ),
    "microsoft.containerservice/managedclusters": _CLUSTER,
    "microsoft.datafactory/factories": _FACTORY,
    "microsoft.purview/accounts": ("ScanStatusLogEvent", "DataSensitivityLogEvent", "Security"),
    "microsoft.eventgrid/topics": _EVENTS,
    "microsoft.eventgrid/domains": _EVENTS,
    "microsoft.eventgrid/systemtopics": ("DeliveryFailures",),
    "microsoft.cdn/profiles": (
        "AzureCdnAccessLog",
        "FrontDoorAccessLog",
        "FrontDoorHealthProbeLog",
        "FrontDoorWebApplicationFirewallLog",
    ),
    "microsoft.network/azurefirewalls": _FIREWALL,
    "microsoft.network/bastionhosts": ("BastionAuditLogs",),
    "microsoft.network/networkinterfaces": (),
    "microsoft.network/networksecuritygroups": (
        "NetworkSecurityGroupEvent",
        "NetworkSecurityGroupRuleCounter",
    ),
    "microsoft.network/privatednszones": (),
    "microsoft.network/privateendpoints": (),
    "microsoft.network/publicipaddresses": (
        "DDoSMitigationFlowLogs",
        "DDoSMitigationReports",
        "DDoSProtectionNotifications",
    ),
    "microsoft.network/trafficmanagerprofiles": ("ProbeHealthStatusEvents",),
    "microsoft.network/virtualnetworkgateways": (
        "GatewayDiagnosticLog",
        "IKEDiagnosticLog",
        "P2SDiagnosticLog",
        "RouteDiagnosticLog",
        "TunnelDiagnosticLog",
    ),
    "microsoft.network/virtualnetworks": ("VMProtectionAlerts",),
    "microsoft.operationalinsights/workspaces": ("Audit", "SummaryLogs"),
    "microsoft.insights/autoscalesettings": ("AutoscaleEvaluations", "AutoscaleScaleActionsLog"),
    "microsoft.insights/components": _TELEMETRY,
}

# These have logs and no metrics that a setting could send.
WITHOUT_METRICS = frozenset(
    {
        "microsoft.network/networksecuritygroups",
        "microsoft.machinelearningservices/registries",
    }
)
