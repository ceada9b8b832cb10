"""The metrics of types of resources with the dimensions that they can be split by.

https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index
"""

from collections.abc import Iterable, Mapping

Dimensions = tuple[str, ...]


def _all(names: Iterable[str], *dimensions: str) -> dict[str, Dimensions]:
    return dict.fromkeys(names, dimensions)


_RUN = ("Scenario", "RunType", "PublishedPipelineId", "ComputeType", "PipelineStepType")
_USE = ("Scenario", "runId", "NodeId", "ClusterName")
_ON_RUN = ("RunId", "InstanceId", "ComputeName")
_WORKSPACE = {
    **_all(
        (
            f"{state} Runs"
            for state in (
                *("Cancel Requested", "Cancelled", "Completed", "Finalizing", "Not Responding"),
                *("Not Started", "Preparing", "Provisioning", "Queued", "Started", "Starting"),
            )
        ),
        *_RUN,
        "ExperimentName",
    ),
    **_all(("Failed Runs",), *_RUN, "ExperimentName"),
    **_all(
        (
            f"{state} {unit}"
            for state in ("Active", "Idle", "Leaving", "Preempted", "Total", "Unusable")
            for unit in ("Cores", "Nodes")
        ),
        "Scenario",
        "ClusterName",
    ),
    "Quota Utilization Percentage": ("Scenario", "ClusterName", "VmFamilyName", "VmPriority"),
    "Model Deploy Failed": ("Scenario", "StatusCode"),
    **_all(("Model Deploy Started", "Model Deploy Succeeded"), "Scenario"),
    "Model Register Failed": ("Scenario", "StatusCode"),
    "Model Register Succeeded": ("Scenario",),
    **_all(("Errors", "Warnings"), "Scenario"),
    **_all(("CpuUtilization",), *_USE),
    **_all(("GpuUtilization", "GpuMemoryUtilization"), *_USE, "DeviceId"),
    **_all(
        (
            *("CpuCapacityMillicores", "CpuUtilizationMillicores", "CpuUtilizationPercentage"),
            *("CpuMemoryCapacityMegabytes", "CpuMemoryUtilizationMegabytes"),
            *("CpuMemoryUtilizationPercentage", "DiskAvailMegabytes", "DiskReadMegabytes"),
            *("DiskUsedMegabytes", "DiskWriteMegabytes", "StorageAPIFailureCount"),
            "StorageAPISuccessCount",
        ),
        *_ON_RUN,
    ),
    **_all(
        (
            *("GpuCapacityMilliGPUs", "GpuEnergyJoules", "GpuMemoryCapacityMegabytes"),
            *("GpuMemoryUtilizationMegabytes", "GpuMemoryUtilizationPercentage"),
            *("GpuUtilizationMilliGPUs", "GpuUtilizationPercentage", "IBReceiveMegabytes"),
            *("IBTransmitMegabytes", "NetworkInputMegabytes", "NetworkOutputMegabytes"),
        ),
        *_ON_RUN,
        "DeviceId",
    ),
}
_LATENCIES = tuple(f"RequestLatency_P{percent}" for percent in (50, 90, 95, 99))
_ENDPOINT = {
    **_all(("RequestLatency", *_LATENCIES), "deployment"),
    "RequestsPerMinute": ("deployment", "statusCode", "statusCodeClass", "modelStatusCode"),
    **_all(("ConnectionsActive", "NetworkBytes", "NewConnectionsPerSecond")),
    "DataCollectionErrorsPerMinute": ("deployment", "reason", "type"),
    "DataCollectionEventsPerMinute": ("deployment", "type"),
}
_DEPLOYMENT = {
    **_all(
        (
            *("CpuUtilizationPercentage", "CpuMemoryUtilizationPercentage"),
            *("GpuUtilizationPercentage", "GpuMemoryUtilizationPercentage", "GpuEnergyJoules"),
        ),
        "instanceId",
    ),
    "DiskUtilization": ("instanceId", "disk"),
    "DeploymentCapacity": ("instanceId", "State"),
    **_all(_LATENCIES),
    "RequestsPerMinute": ("envoy_response_code",),
    "DataCollectionErrorsPerMinute": ("instanceId", "reason", "type"),
    "DataCollectionEventsPerMinute": ("instanceId", "type"),
}
_CALL = ("ActivityType", "ActivityName", "StatusCode", "StatusCodeClass")
_VAULT = {
    **_all(("Availability", "ServiceApiLatency", "ServiceApiResult"), *_CALL),
    "SaturationShoebox": ("ActivityType", "ActivityName", "TransactionType"),
    "ServiceApiHit": ("ActivityType", "ActivityName"),
}
_STORAGE = {
    **_all(
        ("Availability", "Egress", "Ingress", "SuccessE2ELatency", "SuccessServerLatency"),
        *("GeoType", "ApiName", "Authentication"),
    ),
    "Transactions": ("ResponseType", "GeoType", "ApiName", "Authentication", "TransactionType"),
}
_BLOBS = {
    **_STORAGE,
    **_all(("BlobCapacity", "BlobCount", "BlobProvisionedSize"), "BlobType", "Tier"),
    **_all(("ContainerCount", "IndexCapacity")),
}
_REGISTRY = {
    **_all(("SuccessfulPullCount", "SuccessfulPushCount", "TotalPullCount", "TotalPushCount")),
    **_all(("AgentPoolCPUTime", "RunDuration")),
    "StorageUsed": ("Geolocation",),
}
_ENDS = ("Cancelled", "Failed", "Succeeded")
_FACTORY = {
    **_all(
        (f"Activity{end}Runs" for end in _ENDS),
        *("ActivityType", "PipelineName", "FailureType", "Name"),
    ),
    **_all((f"Pipeline{end}Runs" for end in _ENDS), "FailureType", "CancelledBy", "Name"),
    "PipelineElapsedTimeRuns": ("RunId", "Name"),
    **_all((f"Trigger{end}Runs" for end in _ENDS), "Name", "FailureType"),
    **_all(
        (
            *("FactorySizeInGbUnits", "MaxAllowedFactorySizeInGbUnits"),
            *("MaxAllowedResourceCount", "ResourceCount"),
        )
    ),
    **_all(
        (
            *("IntegrationRuntimeAvailableMemory", "IntegrationRuntimeCpuPercentage"),
            "IntegrationRuntimeAvailableNodeNumber",
            "IntegrationRuntimeAverageTaskPickupDelay",
            "IntegrationRuntimeQueueLength",
        ),
        *("IntegrationRuntimeName", "NodeName"),
    ),
}
_NODE = ("node", "nodepool")
_CLUSTER = {
    **_all(
        ("apiserver_cpu_usage_percentage", "apiserver_memory_usage_percentage"),
    ),
    **_all(
        (f"etcd_{what}_usage_percentage" for what in ("cpu", "database", "memory")), "partition"
    ),
    "apiserver_current_inflight_requests": ("requestKind",),
    **_all(
        f"cluster_autoscaler_{what}"
        for what in (
            *("cluster_safe_to_autoscale", "scale_down_in_cooldown"),
            *("unneeded_nodes_count", "unschedulable_pods_count"),
        )
    ),
    **_all(("kube_node_status_allocatable_cpu_cores", "kube_node_status_allocatable_memory_bytes")),
    "kube_node_status_condition": ("condition", "status", "status2", "node"),
    "kube_pod_status_phase": ("phase", "namespace", "pod"),
    "kube_pod_status_ready": ("namespace", "pod", "condition"),
    **_all(
        (
            *("node_cpu_usage_millicores", "node_cpu_usage_percentage"),
            *("node_memory_rss_bytes", "node_memory_rss_percentage"),
            *("node_memory_working_set_bytes", "node_memory_working_set_percentage"),
            *("node_network_in_bytes", "node_network_out_bytes"),
        ),
        *_NODE,
    ),
    **_all(("node_disk_usage_bytes", "node_disk_usage_percentage"), *_NODE, "device"),
}
_SUBSCRIBER = "EventSubscriptionName"
_EVENTS = {
    "PublishFailCount": ("ErrorType", "Error"),
    **_all(("PublishSuccessCount", "PublishSuccessLatencyInMs", "UnmatchedEventCount")),
    **_all(
        (
            *("AdvancedFilterEvaluationCount", "DeliverySuccessCount", "MatchedEventCount"),
            "DestinationProcessingDurationInMs",
        ),
        _SUBSCRIBER,
    ),
    "DeliveryAttemptFailCount": ("Error", "ErrorType", _SUBSCRIBER),
    "DroppedEventCount": ("DropReason", _SUBSCRIBER),
    "DeadLetteredCount": ("DeadLetterReason", _SUBSCRIBER),
    "ServerDeliverySuccessRate": (_SUBSCRIBER,),
}
_CLIENT = ("ClientRegion", "ClientCountry", "Endpoint")
_STATUS = ("HttpStatus", "HttpStatusGroup")
_FRONT_DOOR = {
    "ByteHitRatio": ("Endpoint",),
    "OriginHealthPercentage": ("Origin", "OriginGroup"),
    "OriginLatency": ("Origin", "Endpoint"),
    "OriginRequestCount": (*_STATUS, "Origin", "Endpoint"),
    **_all(("Percentage4XX", "Percentage5XX"), *_CLIENT),
    **_all(("RequestCount", "RequestSize", "ResponseSize", "TotalLatency"), *_STATUS, *_CLIENT),
    "WebApplicationFirewallRequestCount": ("PolicyName", "RuleName", "Action"),
}

# By lower-case type; a type that is missing is not checked.
METRICS: Mapping[str, Mapping[str, Dimensions]] = {
    "microsoft.machinelearningservices/workspaces": _WORKSPACE,
    "microsoft.machinelearningservices/workspaces/onlineendpoints": _ENDPOINT,
    "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments": _DEPLOYMENT,
    "microsoft.keyvault/vaults": _VAULT,
    "microsoft.storage/storageaccounts": {**_STORAGE, "UsedCapacity": ()},
    "microsoft.storage/storageaccounts/blobservices": _BLOBS,
    "microsoft.containerregistry/registries": _REGISTRY,
    "microsoft.datafactory/factories": _FACTORY,
    "microsoft.containerservice/managedclusters": _CLUSTER,
    "microsoft.eventgrid/topics": _EVENTS,
    "microsoft.eventgrid/domains": _EVENTS,
    "microsoft.eventgrid/systemtopics": _EVENTS,
    "microsoft.cdn/profiles": _FRONT_DOOR,
    "microsoft.network/trafficmanagerprofiles": {
        "ProbeAgentCurrentEndpointStateByProfileResourceId": ("EndpointName",),
        "QpsByEndpoint": ("EndpointName",),
    },
}
