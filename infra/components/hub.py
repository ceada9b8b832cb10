"""The stamp's half of a peering with a hub; the hub's owner makes the other."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import network

_NAME = "hub"


@dataclass(frozen=True, kw_only=True)
class HubPeeringArgs:
    """What a `HubPeering` takes from the rest of the stamp."""

    resource_group_name: Input[str]
    network_name: Input[str]
    hub_id: str
    use_gateway: bool
    """Whether the hub's VPN or ExpressRoute gateway leads to other networks."""


class HubPeering(ComponentResource):
    """Traffic between the stamp and the hub, and by way of the hub from beyond it."""

    def __init__(
        self, name: str, args: HubPeeringArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:HubPeering", name, None, opts)
        network.VirtualNetworkPeering(
            name,
            virtual_network_peering_name=_NAME,
            virtual_network_name=args.network_name,
            resource_group_name=args.resource_group_name,
            remote_virtual_network={"id": args.hub_id},
            allow_virtual_network_access=True,
            # People come from beyond the hub: its firewall or gateway forwards their traffic.
            allow_forwarded_traffic=True,
            # This network's own gateway, if it has one, is for its own clients.
            allow_gateway_transit=False,
            use_remote_gateways=args.use_gateway,
            # Another hub is another peering, and two of one network with the same name clash.
            opts=ResourceOptions(
                parent=self,
                replace_on_changes=["remote_virtual_network"],
                delete_before_replace=True,
            ),
        )
        self.register_outputs({})
