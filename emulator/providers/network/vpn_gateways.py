"""Gateways of virtual networks, and the people's machines that come in through them."""

import re
import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import (
    IpNetwork,
    bad,
    carry,
    choice,
    default,
    flag,
    guid,
    ip_range,
    located,
    one_of,
    required,
)
from emulator.providers.network import addresses
from emulator.providers.network.occupants import GATEWAY
from emulator.providers.network.virtual_networks import overlap

_SUBNET = "GatewaySubnet"
_SMALLEST = 29
_GUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_VPN_SKUS = (
    "Basic",
    *(f"VpnGw{size}" for size in range(1, 6)),
    *(f"VpnGw{size}AZ" for size in range(1, 6)),
)
_ROUTE_SKUS = ("Standard", "HighPerformance", "UltraPerformance", "ErGw1AZ", "ErGw2AZ", "ErGw3AZ")
_PROTOCOLS = ("IkeV2", "SSTP", "OpenVPN")
_SIGN_INS = ("Certificate", "Radius", "AAD")
_CODE = "InvalidRequestFormat"
_CLIENTS = "properties.vpnClientConfiguration"


@behaviour
class VpnGateway(Behaviour):
    """A gateway in the subnet of its name."""

    type: ClassVar[str] = GATEWAY
    immutable: ClassVar[tuple[str, ...]] = ("properties.gatewayType", "properties.vpnType")

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        properties = resource["properties"]
        kind = choice(properties, "gatewayType", ("Vpn", "ExpressRoute"), "Vpn")
        choice(properties, "vpnType", ("RouteBased", "PolicyBased"), "RouteBased")
        sku = required(resource, "properties.sku", "name and tier", _CODE)
        skus = _VPN_SKUS if kind == "Vpn" else _ROUTE_SKUS
        sku["name"] = one_of(sku.get("name"), skus, "properties.sku.name", _CODE)
        sku["tier"] = one_of(
            default(sku, "tier", sku["name"]), (sku["name"],), "properties.sku.tier", _CODE
        )
        for name in ("enableBgp", "enablePrivateIpAddress"):
            flag(properties, name, initial=False)
        twice = flag(properties, "activeActive", initial=False)
        parts = addresses.parts_of(resource)
        if len(parts) < (2 if twice else 1) or (not twice and len(parts) > 1):
            sentence = f"properties.ipConfigurations has {len(parts)}; activeActive is {twice}."
            raise bad("properties.ipConfigurations", sentence, _CODE)
        for index, one in enumerate(parts):
            part, where = one["properties"], f"properties.ipConfigurations[{index}]"
            subnet = addresses.place(ctx, resource, part, where)
            addresses.require_subnet(subnet, _SUBNET, _SMALLEST, "SubnetNameNotGatewaySubnet")
            addresses.require_public(ctx, resource, part, where)
            default(part, "privateIPAllocationMethod", "Dynamic")
            network = parse(subnet["id"]).parent
            clients = properties.get("vpnClientConfiguration")
            if clients and network:
                _check_clients(resource, clients, ctx.store.get(network.text) or {}, sku["name"])
        addresses.complete(resource, "ipConfigurations")
        generation = "Generation1" if sku["name"].startswith(("Basic", "VpnGw1")) else "Generation2"
        default(properties, "vpnGatewayGeneration", generation if kind == "Vpn" else "None")
        carry(resource, previous, {"resourceGuid": str(uuid.uuid4())})


def _check_clients(
    resource: Resource, clients: dict[str, Any], network: Resource, sku: str
) -> None:
    path = f"{_CLIENTS}.vpnClientAddressPool.addressPrefixes"
    prefixes = required(resource, path, "where clients get addresses from", _CODE)
    spaces: list[IpNetwork] = [
        ip_range(text, "addressSpace")
        for text in network["properties"]["addressSpace"]["addressPrefixes"]
    ]
    for text in prefixes:
        one = ip_range(text, path)
        if any(overlap(one, space) for space in spaces):
            sentence = f"The clients' addresses {one} overlap with those of '{network['name']}'."
            raise bad(path, sentence, "VpnClientAddressPoolOverlapsWithVnet")
    for name, known, initial in (
        ("vpnClientProtocols", _PROTOCOLS, ["IkeV2", "SSTP"]),
        ("vpnAuthenticationTypes", _SIGN_INS, ["Certificate"]),
    ):
        where = f"{_CLIENTS}.{name}"
        clients[name] = [
            one_of(one, known, where, _CODE) for one in default(clients, name, initial)
        ]
    ways = clients["vpnAuthenticationTypes"]
    if "AAD" in ways:
        _check_entra(resource, clients, sku)
    if "Certificate" in ways and not clients.get("vpnClientRootCertificates"):
        where = f"{_CLIENTS}.vpnClientRootCertificates"
        raise bad(where, f"'{where}' is empty; Certificate needs at least one.", _CODE)
    if "Radius" in ways and not (
        clients.get("radiusServerAddress") or clients.get("radiusServers")
    ):
        where = f"{_CLIENTS}.radiusServers"
        raise bad(where, f"'{where}' is empty; Radius needs at least one.", _CODE)


def _check_entra(resource: Resource, clients: dict[str, Any], sku: str) -> None:
    if sku == "Basic":
        sentence = "Entra's sign-in needs a sku above Basic."
        raise bad("properties.sku.name", sentence, "VpnClientAadNotSupported")
    if clients["vpnClientProtocols"] != ["OpenVPN"]:
        path = f"{_CLIENTS}.vpnClientProtocols"
        sentence = (
            f"'{path}' is {clients['vpnClientProtocols']}; Entra's sign-in needs OpenVPN only."
        )
        raise bad(path, sentence, "VpnClientProtocolNotSupported")
    for name, pattern, wanted in (
        (
            "aadTenant",
            rf"https://login\.microsoftonline\.com/{_GUID}/?",
            "https://login.microsoftonline.com/TENANT/",
        ),
        ("aadIssuer", rf"https://sts\.windows\.net/{_GUID}/", "https://sts.windows.net/TENANT/"),
    ):
        path = f"{_CLIENTS}.{name}"
        value = str(required(resource, path, wanted, _CODE))
        if re.fullmatch(pattern, value) is None:
            raise bad(path, f"'{path}' is {value!r}; wanted: {wanted}.", "InvalidAadConfiguration")
    path = f"{_CLIENTS}.aadAudience"
    guid(required(resource, path, "the id of an application", _CODE), path, _CODE)
