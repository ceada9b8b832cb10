"""Groups of containers."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, choice, default, located, named, of_type, one_of
from emulator.providers.containerinstance import containers, secrets
from emulator.providers.network.addresses import free, place
from emulator.providers.network.occupants import CONTAINERS
from emulator.providers.network.subnets import TYPE as SUBNET

_RUNNING, _STOPPED = "Running", "Stopped"
# What only a new group takes. https://learn.microsoft.com/azure/container-instances/
# container-instances-update#properties-that-require-container-delete
_FIXED = ("osType", "restartPolicy", "sku", "priority", "ipAddress.type", "ipAddress.dnsNameLabel")


def _turn(state: str) -> Action:
    def turn(ctx: Context, resource: Resource, _: dict[str, Any]) -> None:
        resource["properties"]["instanceView"]["state"] = state
        ctx.store.put(resource)

    return turn


@behaviour
class ContainerGroup(Behaviour):
    """Containers that share an address; what they are told in secret is never shown."""

    type: ClassVar[str] = CONTAINERS
    actions: ClassVar[Mapping[str, Action]] = {
        "restart": _turn(_RUNNING),
        "start": _turn(_RUNNING),
        "stop": _turn(_STOPPED),
    }

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9](?!.*--)([a-z0-9-]{0,61}[a-z0-9])?",
            "InvalidContainerGroupName",
            "The container group name '{name}' is not valid: wanted are 1 to 63 lower-case "
            "letters, digits and single hyphens, a letter or digit first and last.",
        )
        located(resource)
        properties = resource["properties"]
        properties["osType"] = one_of(
            properties.get("osType"), ("Linux", "Windows"), "properties.osType"
        )
        choice(properties, "sku", ("Standard", "Dedicated", "Confidential"), "Standard")
        choice(properties, "restartPolicy", ("Always", "OnFailure", "Never"), "Always")
        if properties.get("priority") is not None:
            choice(properties, "priority", ("Regular", "Spot"), "Regular")
        ports = containers.check(resource)
        subnet = _subnet_of(ctx, resource)
        _complete_address(ctx, resource, previous, ports, subnet)
        secrets.seal(properties)
        _refuse_changes(resource, previous)
        state = at(previous or {}, "properties.instanceView.state") or _RUNNING
        properties["instanceView"] = {"events": [], "state": state}

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return secrets.without(resource)


def _subnet_of(ctx: Context, resource: Resource) -> Resource | None:
    path = "properties.subnetIds"
    given = resource["properties"].get("subnetIds") or []
    if not given:
        return None
    if len(given) != 1:
        sentence = f"'{path}' has {len(given)} subnets; wanted: one."
        raise bad(path, sentence, "InvalidSubnetIds")
    id_ = given[0].get("id")
    subnet = of_type(ctx.store, id_, SUBNET)
    if subnet is None:
        sentence = f"The subnet {id_} of '{path}' was not found; create it first."
        raise bad(path, sentence, "SubnetNotFound")
    place(ctx, resource, {"subnet": {"id": id_}}, path)
    delegated = {
        str((one.get("properties") or {}).get("serviceName")).lower()
        for one in subnet["properties"].get("delegations") or []
    }
    if CONTAINERS.lower() not in delegated:
        sentence = f"The subnet {id_} must be delegated to {CONTAINERS}."
        raise bad(path, sentence, "SubnetDelegationsCannotChange")
    return subnet


def _complete_address(
    ctx: Context,
    resource: Resource,
    previous: Resource | None,
    ports: set[int],
    subnet: Resource | None,
) -> None:
    address = resource["properties"].get("ipAddress")
    if address is None:
        return
    path = "properties.ipAddress"
    kind = one_of(address.get("type"), ("Public", "Private"), f"{path}.type")
    address["type"] = kind
    if (kind == "Private") != (subnet is not None):
        wanted = "with a subnet in properties.subnetIds" if kind == "Private" else "without one"
        sentence = f"'{path}.type' is {kind}; wanted: {kind} only {wanted}."
        code = "IPAddressTypeNotSupported"
        raise bad(f"{path}.type", sentence, code)
    open_ = address.get("ports") or []
    if not open_:
        raise bad(f"{path}.ports", f"'{path}.ports' is missing; wanted: at least one port.")
    for one in open_:
        one["protocol"] = one_of(default(one, "protocol", "TCP"), ("TCP", "UDP"), f"{path}.ports")
        if one.get("port") not in ports:
            sentence = (
                f"'{path}.ports' opens {one.get('port')!r}, which no container has among its "
                f"ports {sorted(ports)}."
            )
            raise bad(f"{path}.ports", sentence, "InvalidIPAddressPorts")
    label = address.get("dnsNameLabel")
    if label and subnet is not None:
        sentence = f"'{path}.dnsNameLabel' is {label!r}; a group in a subnet takes none."
        raise bad(f"{path}.dnsNameLabel", sentence, "DnsNameLabelNotSupported")
    before = at(previous or {}, "properties.ipAddress.ip")
    if subnet is None:
        number = uuid.uuid5(uuid.NAMESPACE_URL, resource["id"].lower()).int % 254 + 1
        address["ip"] = before or f"198.51.100.{number}"  # a range for documentation
        address.pop("fqdn", None)
        if label:
            address["fqdn"] = f"{label}.{resource['location']}.azurecontainer.io"
        return
    found = before or next(free(ctx.store, subnet, resource["id"]), None)
    if found is None:
        sentence = f"Subnet '{subnet['name']}' has no free address left."
        raise bad("properties.subnetIds", sentence, "SubnetIsFull")
    address["ip"] = found


def _refuse_changes(resource: Resource, previous: Resource | None) -> None:
    if previous is None:
        return
    changed = [
        f"properties.{name}"
        for name in _FIXED
        if at(previous, f"properties.{name}") != at(resource, f"properties.{name}")
    ]
    for what, read in (
        ("properties.subnetIds", _subnets),
        ("properties.containers.resources", containers.resources_of),
    ):
        if read(previous) != read(resource):
            changed.append(what)
    if changed:
        raise ArmError(
            400,
            "InvalidContainerGroupUpdate",
            f"The updates on container group '{resource['name']}' are invalid. If you are going to "
            "update the os type, restart policy, network profile, CPU, memory or GPU resources for "
            "a container group, you must delete it first and then create a new one. (Changed: "
            f"{', '.join(changed)}.)",
            changed[0],
        )


def _subnets(resource: Resource) -> list[str]:
    return [str(one.get("id")).lower() for one in resource["properties"].get("subnetIds") or []]
