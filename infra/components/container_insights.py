"""What container insights sends of a cluster, and by which way."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import monitor

from infra.naming import Kind, Names

_STREAM = "Microsoft-ContainerInsights-Group-Default"
# Azure knows the associations of an agent by these names.
_ENDPOINT_OF_THE_AGENT = "configurationAccessEndpoint"
_RULE_OF_THE_AGENT = "ContainerInsightsExtension"


@dataclass(frozen=True, kw_only=True)
class ContainerInsightsArgs:
    """What `ContainerInsights` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    cluster_id: Input[str]
    logs_id: Input[str]
    scope_name: str | None
    """Name of the private link scope that leads to the logs; None where they are public."""


class ContainerInsights(ComponentResource):
    """The rule that the agent of the add-on `omsagent` follows.

    The agent signs in with an identity instead of the workspace's key; then it sends nothing until
    a rule says what. Where logs are private, it reads the rule and sends by an endpoint in the
    private link scope.
    https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-private-link
    """

    def __init__(
        self, name: str, args: ContainerInsightsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:ContainerInsights", name, None, opts)
        endpoint = self._endpoint(name, args) if args.scope_name else None
        rule = monitor.DataCollectionRule(
            name,
            data_collection_rule_name=args.names.of(Kind.COLLECTION_RULE, "containers"),
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind=monitor.KnownDataCollectionRuleResourceKind.LINUX,
            data_collection_endpoint_id=endpoint.id if endpoint else None,
            data_sources={
                "extensions": [
                    {
                        "name": _RULE_OF_THE_AGENT,
                        "extension_name": "ContainerInsights",
                        "streams": [_STREAM],
                        "extension_settings": {
                            "dataCollectionSettings": {
                                "interval": "1m",
                                # What the cluster's own parts say costs more than it tells.
                                "namespaceFilteringMode": "Exclude",
                                "namespaces": ["kube-system", "gatekeeper-system"],
                                "enableContainerLogV2": True,
                            }
                        },
                    }
                ]
            },
            destinations={
                "log_analytics": [{"name": "logs", "workspace_resource_id": args.logs_id}]
            },
            data_flows=[{"streams": [_STREAM], "destinations": ["logs"]}],
            opts=ResourceOptions(parent=self),
        )
        monitor.DataCollectionRuleAssociation(
            f"{name}-rule",
            association_name=_RULE_OF_THE_AGENT,
            resource_uri=args.cluster_id,
            data_collection_rule_id=rule.id,
            opts=ResourceOptions(parent=self),
        )
        if endpoint is not None:
            monitor.DataCollectionRuleAssociation(
                f"{name}-endpoint",
                association_name=_ENDPOINT_OF_THE_AGENT,
                resource_uri=args.cluster_id,
                data_collection_endpoint_id=endpoint.id,
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})

    def _endpoint(self, name: str, args: ContainerInsightsArgs) -> monitor.DataCollectionEndpoint:
        endpoint = monitor.DataCollectionEndpoint(
            name,
            data_collection_endpoint_name=args.names.of(Kind.COLLECTION_ENDPOINT, "containers"),
            location=args.location,
            resource_group_name=args.resource_group_name,
            network_acls={
                "public_network_access": (monitor.KnownPublicNetworkAccessOptions.DISABLED)
            },
            opts=ResourceOptions(parent=self),
        )
        monitor.PrivateLinkScopedResource(
            f"{name}-scope",
            name="containers",
            scope_name=args.scope_name,
            resource_group_name=args.resource_group_name,
            linked_resource_id=endpoint.id,
            opts=ResourceOptions(parent=self),
        )
        return endpoint
