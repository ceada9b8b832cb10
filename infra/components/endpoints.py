"""Endpoints of models: the doors that releases put deployments behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceHookBinding, ResourceOptions
from pulumi_azure_native import machinelearningservices as ml


@dataclass(frozen=True, kw_only=True)
class EndpointArgs:
    """What an endpoint takes from the rest of the stamp."""

    endpoint_name: str
    location: str
    resource_group_name: Input[str]
    workspace_name: Input[str]
    description: str


@dataclass(frozen=True, kw_only=True)
class OnlineEndpointArgs(EndpointArgs):
    """What an `OnlineEndpoint` takes from the rest of the stamp."""

    identity_id: Input[str]
    after: Sequence[Resource]
    """Grants without which its first deployment fails."""
    hooks: ResourceHookBinding
    traffic: Mapping[str, int]
    """Percent by deployment, as it is in Azure now: releases own it."""
    mirror_traffic: Mapping[str, int]
    release_tags: Mapping[str, str]
    """What a release has written into the endpoint's tags; the stack's own are added to them."""
    compute_id: Input[str] | None = None
    """A Kubernetes compute; without it Azure runs the deployments by itself."""


class OnlineEndpoint(ComponentResource):
    """An endpoint without keys or a public address, whose traffic belongs to releases."""

    endpoint_id: Output[str]
    endpoint_name: Output[str]

    def __init__(
        self, name: str, args: OnlineEndpointArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:ml:OnlineEndpoint", name, None, opts)
        properties: ml.OnlineEndpointPropertiesArgsDict = {
            # One audience serves every region, and there is no key to rotate or to lose.
            "auth_mode": ml.EndpointAuthMode.AAD_TOKEN,
            "description": args.description,
            "public_network_access": ml.PublicNetworkAccessType.DISABLED,
            # Azure clears what an update leaves out, so the program sends back what is there.
            "traffic": dict(args.traffic),
            "mirror_traffic": dict(args.mirror_traffic),
        }
        if args.compute_id is not None:
            properties["compute"] = args.compute_id
        endpoint = ml.OnlineEndpoint(
            name,
            endpoint_name=args.endpoint_name,
            kind="Managed" if args.compute_id is None else "K8S",
            location=args.location,
            resource_group_name=args.resource_group_name,
            workspace_name=args.workspace_name,
            identity={
                "type": ml.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.identity_id],
            },
            properties=properties,
            tags=dict(args.release_tags),
            opts=ResourceOptions(parent=self, depends_on=args.after, hooks=args.hooks),
        )
        self.endpoint_id = endpoint.id
        self.endpoint_name = endpoint.name
        self.register_outputs({"endpoint_name": self.endpoint_name})


@dataclass(frozen=True, kw_only=True)
class BatchEndpointArgs(EndpointArgs):
    """What a `BatchEndpoint` takes from the rest of the stamp."""

    default_deployment: str | None
    """The deployment that answers, as it is in Azure now: releases own it."""


class BatchEndpoint(ComponentResource):
    """An endpoint that starts pipelines; it takes no keys, and jobs run as their cluster."""

    endpoint_id: Output[str]
    endpoint_name: Output[str]

    def __init__(
        self, name: str, args: BatchEndpointArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:ml:BatchEndpoint", name, None, opts)
        properties: ml.BatchEndpointPropertiesArgsDict = {
            "auth_mode": ml.EndpointAuthMode.AAD_TOKEN,
            "description": args.description,
        }
        if args.default_deployment is not None:
            properties["defaults"] = {"deployment_name": args.default_deployment}
        endpoint = ml.BatchEndpoint(
            name,
            endpoint_name=args.endpoint_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            workspace_name=args.workspace_name,
            properties=properties,
            opts=ResourceOptions(parent=self),
        )
        self.endpoint_id = endpoint.id
        self.endpoint_name = endpoint.name
        self.register_outputs({"endpoint_name": self.endpoint_name})
