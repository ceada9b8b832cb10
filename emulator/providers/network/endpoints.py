"""Private endpoints: addresses of a subnet that lead to one resource."""

import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.providers.checks import bad, carry, located, refer, required
from emulator.providers.network.addresses import free
from emulator.providers.network.connections import ENDPOINTS, LISTS, sent
from emulator.providers.network.link_groups import GROUPS, with_members
from emulator.providers.network.subnets import NETWORK, TYPE, ranges_of


@behaviour
class PrivateEndpoint(Behaviour):
    """An endpoint; the connection is approved at once unless it asks for a manual approval."""

    type: ClassVar[str] = ENDPOINTS
    immutable: ClassVar[tuple[str, ...]] = (
        "properties.subnet.id",
        "properties.customNetworkInterfaceName",
    )

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        location = located(resource)
        required(resource, "properties.subnet.id", "the id of a subnet", "InvalidRequestFormat")
        subnet = refer(ctx, resource, "properties.subnet.id", TYPE)
        network = parse(subnet["id"]).parent if subnet else None
        home = ctx.store.get(network.text) if network else None
        if subnet is None or home is None:
            sentence = f"The {NETWORK} of '{resource['id']}' was not found."
            raise bad("properties.subnet.id", sentence, "InvalidResourceReference")
        if home.get("location") != location:
            raise bad(
                "location",
                f"'{resource['name']}' is in '{location}', its subnet in '{home.get('location')}'; "
                "an endpoint stands in the region of its virtual network.",
                "InvalidResourceReference",
            )
        if previous is not None and _asked(previous) != _asked(resource):
            sentence = (
                f"The connections of '{resource['name']}' cannot change from {_asked(previous)} to "
                f"{_asked(resource)}; delete the endpoint and create another one."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", sentence, f"properties.{LISTS[0]}")
        hosts = _connect(ctx, resource)
        properties = resource["properties"]
        name = properties.get("customNetworkInterfaceName")
        name = name or f"{resource['name']}.nic.{uuid.uuid4()}"
        group = resource["id"].rpartition("/providers/")[0]
        interface = f"{group}/providers/Microsoft.Network/networkInterfaces/{name}"
        made: dict[str, object] = {"networkInterfaces": [{"id": interface}]}
        if previous is None:
            made["customDnsConfigs"] = _allocate(ctx.store, subnet, hosts)
        else:
            made["customDnsConfigs"] = previous["properties"]["customDnsConfigs"]
        carry(resource, previous, made)
        properties.setdefault("customNetworkInterfaceName", "")
        properties.setdefault("ipConfigurations", [])

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        properties = resource["properties"]
        addresses = [ip for one in properties["customDnsConfigs"] for ip in one["ipAddresses"]]
        configurations = [
            {
                "name": f"privateEndpointIpConfig.{index}",
                "properties": {
                    "privateIPAddress": address,
                    "privateIPAllocationMethod": "Dynamic",
                    "subnet": properties["subnet"],
                    "primary": index == 0,
                },
            }
            for index, address in enumerate(addresses)
        ]
        ctx.store.put(
            {
                "id": properties["networkInterfaces"][0]["id"],
                "location": resource["location"],
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateEndpoint": {"id": resource["id"]},
                    "ipConfigurations": configurations,
                },
            }
        )

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        for interface in resource["properties"]["networkInterfaces"]:
            ctx.store.delete(interface["id"])


def _asked(resource: Resource) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for connection in sent(resource["properties"]):
        inner = connection.get("properties") or {}
        target = str(inner.get("privateLinkServiceId")).lower()
        found.append((target, list(inner.get("groupIds") or [])))
    return found


def _connect(ctx: Context, resource: Resource) -> list[str]:
    """Check the connection, give it its state, and return the hosts that it leads to."""
    asked = [
        (name, connection)
        for name in LISTS
        for connection in resource["properties"].get(name) or []
    ]
    if len(asked) != 1:
        raise bad(
            f"properties.{LISTS[0]}",
            f"'{resource['name']}' has {len(asked)} connections; wanted: exactly one, in "
            f"properties.{LISTS[0]} or properties.{LISTS[1]}.",
            "InvalidRequestFormat",
        )
    name, connection = asked[0]
    path = f"properties.{name}[0]"
    if not connection.get("name"):
        sentence = f"'{path}.name' is missing; wanted: a name."
        raise bad(f"{path}.name", sentence, "InvalidRequestFormat")
    properties = connection.setdefault("properties", {})
    hosts = _hosts(ctx.store, properties, path)
    automatic = name == LISTS[0]
    properties |= {
        "provisioningState": "Succeeded",
        "privateLinkServiceConnectionState": {
            "status": "Approved" if automatic else "Pending",
            "description": "Auto-Approved" if automatic else "Awaiting approval",
            "actionsRequired": "None",
        },
    }
    return hosts


def _hosts(store: Store, properties: dict[str, Any], path: str) -> list[str]:
    target_id = properties.get("privateLinkServiceId")
    target = store.get(str(target_id or ""))
    where = f"{path}.properties.privateLinkServiceId"
    if target is None:
        sentence = f"'{where}' is {target_id!r}, which was not found; create the resource first."
        raise bad(where, sentence, "InvalidResourceReference")
    groups = GROUPS.get(target["type"].lower())
    if groups is None:
        sentence = f"'{where}' is a {target['type']}, to which no private endpoint leads."
        raise bad(where, sentence, "PrivateLinkServiceTypeNotSupported")
    if _is_container_registry(target) and target["sku"]["name"] != "Premium":
        sentence = (
            f"The registry '{target['name']}' has sku {target['sku']['name']}; private endpoints "
            "need sku Premium."
        )
        raise bad(where, sentence, "SkuNotSupported")
    asked = properties.get("groupIds") or []
    known = {name.lower(): name for name in groups}
    if len(asked) != 1 or str(asked[0]).lower() not in known:
        raise bad(
            f"{path}.properties.groupIds",
            f"Call to {target['type']} failed: '{path}.properties.groupIds' is {asked!r}; wanted: "
            f"one of {', '.join(groups)}.",
            "PrivateEndpointGroupIdInvalid",
        )
    return groups[known[str(asked[0]).lower()]](with_members(store, target))


def _allocate(store: Store, subnet: Resource, hosts: list[str]) -> list[dict[str, Any]]:
    left = free(store, subnet)
    found: list[dict[str, Any]] = []
    for host in hosts:
        address = next(left, None)
        if address is None:
            raise bad(
                "properties.subnet.id",
                f"Subnet {subnet['name']} with address prefix {ranges_of(subnet)[0]} does not have "
                f"enough capacity for {len(hosts)} IP addresses.",
                "SubnetIsFull",
            )
        found.append({"fqdn": host, "ipAddresses": [address]})
    return found


def _is_container_registry(target: Resource) -> bool:
    return target["type"].lower() == "microsoft.containerregistry/registries"
