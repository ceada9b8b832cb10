"""A workbook: one page on how the platform of a region is doing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import applicationinsights

from infra.naming import Names

_DAY_MS = 24 * 60 * 60 * 1000
_LOGS = "microsoft.operationalinsights/workspaces"
_MARKDOWN, _QUERY = 1, 3
_MEDIUM = 0

# Title, question and how the answer is shown.
_PANELS = (
    (
        "Requests by deployment",
        (
            "AmlOnlineEndpointTrafficLog | summarize Requests = count() by"
            " bin(TimeGenerated, 5m), strcat(EndpointName, '/', DeploymentName)"
        ),
        "timechart",
    ),
    (
        "Failed requests, percent",
        (
            "AmlOnlineEndpointTrafficLog | summarize"
            " Failed = 100.0 * countif(toint(ResponseCode) >= 500) / count() by"
            " bin(TimeGenerated, 5m), strcat(EndpointName, '/', DeploymentName)"
        ),
        "timechart",
    ),
    (
        "Latency, slowest of twenty (ms)",
        (
            "AmlOnlineEndpointTrafficLog | summarize percentile(TotalDurationMs, 95) by"
            " bin(TimeGenerated, 5m), strcat(EndpointName, '/', DeploymentName)"
        ),
        "timechart",
    ),
    (
        "Runs by how they ended",
        "AmlRunStatusChangedEvent | summarize Runs = count() by Status, bin(TimeGenerated, 1h)",
        "barchart",
    ),
    (
        "Nodes by cluster",
        (
            "AmlComputeClusterEvent | summarize Nodes = max(CurrentNodeCount) by"
            " ClusterName, bin(TimeGenerated, 15m)"
        ),
        "timechart",
    ),
    (
        "What data has been refused to whom",
        (
            "StorageBlobLogs | where StatusCode in (401, 403) | summarize Refused = count() by"
            " AccountName, AuthenticationType, CallerIpAddress, bin(TimeGenerated, 1h)"
        ),
        "table",
    ),
    (
        "Who read secrets",
        (
            "AZKVAuditLogs | where OperationName == 'SecretGet' | summarize Reads = count() by"
            " _ResourceId, tostring(Identity.claim.oid), bin(TimeGenerated, 1h)"
        ),
        "table",
    ),
)


@dataclass(frozen=True, kw_only=True)
class WorkbookArgs:
    """What a `Workbook` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    title: str
    logs_id: Input[str]


class Workbook(ComponentResource):
    """The page, kept as code: a change by hand goes with the next deployment."""

    def __init__(self, name: str, args: WorkbookArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:monitoring:Workbook", name, None, opts)
        applicationinsights.Workbook(
            name,
            # Azure takes no other name than a GUID.
            resource_name_=args.names.guid("workbook"),
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind=applicationinsights.WorkbookSharedTypeKind.SHARED,
            category="workbook",
            display_name=args.title,
            source_id=args.logs_id,
            serialized_data=Output.from_input(args.logs_id).apply(
                lambda logs_id: page(args.title, logs_id)
            ),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})


def page(title: str, logs_id: str) -> str:
    """Return the workbook's content as Azure keeps it: the same text for the same page."""
    items: list[Mapping[str, object]] = [
        {"type": _MARKDOWN, "name": "title", "content": {"json": f"# {title}"}}
    ]
    items += [
        {
            "type": _QUERY,
            "name": heading,
            "content": {
                "version": "KqlItem/1.0",
                "title": heading,
                "query": query,
                "size": _MEDIUM,
                "timeContext": {"durationMs": _DAY_MS},
                "queryType": 0,
                "resourceType": _LOGS,
                "crossComponentResources": [logs_id],
                "visualization": shape,
            },
        }
        for heading, query, shape in _PANELS
    ]
    content = {"version": "Notebook/1.0", "items": items, "fallbackResourceIds": [logs_id]}
    return json.dumps(content, sort_keys=True)
