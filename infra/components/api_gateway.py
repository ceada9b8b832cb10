"""The gateway of a stamp: what Front Door can reach of endpoints that have no public address."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import apimanagement as apim

from infra.components import gateway_policies

# The one tier with a private endpoint for Front Door and a way into the network.
# https://learn.microsoft.com/azure/api-management/private-endpoint
_TIER = apim.SkuType.STANDARD_V2


@dataclass(frozen=True, kw_only=True)
class ApiGatewayArgs:
    """What an `ApiGateway` takes from the rest of the stamp."""

    service_name: str
    location: str
    resource_group_name: Input[str]
    tenant_id: str
    contact: str
    owner: str
    subnet_id: Input[str]
    """Where it calls endpoints from."""
    endpoints: Mapping[str, str]
    """Where each task's endpoint answers, without a path: https://HOST."""
    public: bool
    """Whether its public address is there: Azure closes it only once a private link is approved.

    It serves nobody by that address in any case.
    """


class ApiGateway(ComponentResource):
    """An API for each endpoint, for callers with a token of the tenant who come by Front Door.

    It has no keys and no identity: callers score as themselves.
    """

    gateway_id: Output[str]
    host: str

    def __init__(
        self, name: str, args: ApiGatewayArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:serving:ApiGateway", name, None, opts)
        self._args = args
        service = apim.ApiManagementService(
            name,
            service_name=args.service_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={"name": _TIER, "capacity": 1},
            publisher_email=args.contact,
            publisher_name=args.owner,
            virtual_network_type=apim.VirtualNetworkType.EXTERNAL,
            virtual_network_configuration={"subnet_resource_id": args.subnet_id},
            public_network_access=(
                apim.PublicNetworkAccess.ENABLED
                if args.public
                else apim.PublicNetworkAccess.DISABLED
            ),
            developer_portal_status=apim.DeveloperPortalStatus.DISABLED,
            opts=ResourceOptions(parent=self),
        )
        self._service = service.name
        closed = apim.Policy(
            name,
            policy_id="policy",
            service_name=self._service,
            resource_group_name=args.resource_group_name,
            format=apim.PolicyContentFormat.XML,
            value=gateway_policies.whole_gateway(),
            opts=ResourceOptions(parent=self),
        )
        for task, base_url in args.endpoints.items():
            self._serve(f"{name}-{task}", task, base_url, closed)
        self.gateway_id = service.id
        self.host = f"{args.service_name}.azure-api.net"
        self.register_outputs({"gateway_id": self.gateway_id})

    def _serve(self, name: str, task: str, base_url: str, closed: apim.Policy) -> None:
        args = self._args
        api = apim.Api(
            name,
            api_id=task,
            display_name=task,
            path=task,
            service_url=base_url,
            protocols=[apim.Protocol.HTTPS],
            # Keys would be a second, weaker way in.
            subscription_required=False,
            service_name=self._service,
            resource_group_name=args.resource_group_name,
            # No API before the rule that closes the public address.
            opts=ResourceOptions(parent=self, depends_on=[closed]),
        )
        policies = {
            "score": ("POST", gateway_policies.score(task, args.tenant_id)),
            "health": ("GET", gateway_policies.health(task, base_url)),
        }
        for operation_id, (method, policy) in policies.items():
            operation = apim.ApiOperation(
                f"{name}-{operation_id}",
                operation_id=operation_id,
                display_name=operation_id,
                method=method,
                url_template=f"/{operation_id}",
                api_id=api.name,
                service_name=self._service,
                resource_group_name=args.resource_group_name,
                opts=ResourceOptions(parent=self),
            )
            apim.ApiOperationPolicy(
                f"{name}-{operation_id}",
                policy_id="policy",
                operation_id=operation.name,
                api_id=api.name,
                service_name=self._service,
                resource_group_name=args.resource_group_name,
                format=apim.PolicyContentFormat.XML,
                value=policy,
                opts=ResourceOptions(parent=self),
            )
