"""The managed network of a workspace: isolation, outbound rules, and whether it is provisioned."""

import re
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.azureml.text import NAMESPACE, bad, one_of, workspace_of
from emulator.providers.network.link_groups import GROUPS

_MODES = ("Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound")
_KINDS = ("FQDN", "PrivateEndpoint", "ServiceTag")
_PROTOCOLS = ("*", "TCP", "UDP", "ICMP")
_NAME = re.compile(r"^[A-Za-z0-9][\w-]{0,79}$")


def prepare(ctx: Context, resource: dict, previous: dict | None) -> None:
    """Check and complete properties.managedNetwork."""
    properties = resource["properties"]
    network = properties.setdefault("managedNetwork", {"isolationMode": "Disabled"})
    old = ((previous or {}).get("properties") or {}).get("managedNetwork") or {}
    mode = one_of(
        network.get("isolationMode") or old.get("isolationMode") or "Disabled",
        _MODES,
        "properties.managedNetwork.isolationMode",
    )
    before = old.get("isolationMode", "Disabled")
    if before != "Disabled" and mode == "Disabled":
        msg = (
            f"properties.managedNetwork.isolationMode cannot go back from {before} to Disabled;"
            " make a new workspace."
        )
        raise ArmError(
            409, "PropertyChangeNotAllowed", msg, "properties.managedNetwork.isolationMode"
        )
    if before == "AllowOnlyApprovedOutbound" and mode == "AllowInternetOutbound":
        msg = (
            f"properties.managedNetwork.isolationMode cannot be changed from {before} to {mode};"
            " make a new workspace."
        )
        raise ArmError(
            409, "PropertyChangeNotAllowed", msg, "properties.managedNetwork.isolationMode"
        )
    network["isolationMode"] = mode
    if mode == "Disabled":
        network.setdefault("outboundRules", {})
        network["status"] = {"status": "Inactive", "sparkReady": False}
        return
    active = (
        bool(properties.get("provisionNetworkNow"))
        or (old.get("status") or {}).get("status") == "Active"
    )
    network["status"] = {"status": "Active" if active else "Inactive", "sparkReady": False}
    if mode == "AllowOnlyApprovedOutbound":
        network["firewallSku"] = one_of(
            network.get("firewallSku") or "Standard",
            ("Standard", "Basic"),
            "properties.managedNetwork.firewallSku",
        )
    rules = network.get("outboundRules") or {}
    network["outboundRules"] = {
        name: checked(ctx.store, name, dict(rule or {}), mode, active=active)
        for name, rule in rules.items()
    }


def provision(ctx: Context, resource: dict, body: dict) -> dict | None:
    """The action provisionManagedNetwork."""
    network = resource["properties"]["managedNetwork"]
    if network["isolationMode"] == "Disabled":
        msg = "The managed network is Disabled; set properties.managedNetwork.isolationMode first."
        raise bad(msg, "properties.managedNetwork.isolationMode")
    network["status"] = {"status": "Active", "sparkReady": bool(body.get("includeSpark"))}
    for rule in network["outboundRules"].values():
        rule["status"] = "Active"
    ctx.store.put(resource)
    return network["status"]


def activate(ctx: Context, resource: dict) -> None:
    """The first compute provisions the network, if nothing did before."""
    network = resource["properties"].get("managedNetwork") or {}
    if (
        network.get("isolationMode", "Disabled") != "Disabled"
        and network["status"]["status"] != "Active"
    ):
        provision(ctx, resource, {})


def checked(store: Store, name: str, rule: dict, mode: str, *, active: bool) -> dict:
    """Return a rule as the service completes it.

    Raises:
        ArmError: it makes no sense, or leads to what is not there.
    """
    target = f"properties.managedNetwork.outboundRules.{name}"
    if not _NAME.match(name):
        msg = f"outbound rule name {name!r} is not allowed: letters, digits, - or _, at most 80."
        raise bad(msg, target)
    rule["type"] = one_of(rule.get("type"), _KINDS, f"{target}.type")
    destination = rule.get("destination")
    if rule["type"] == "FQDN":
        if mode != "AllowOnlyApprovedOutbound":
            msg = f"{target} is of type FQDN, which needs isolationMode AllowOnlyApprovedOutbound."
            raise bad(msg, target)
        if not isinstance(destination, str) or not destination:
            msg = f"{target}.destination is {destination!r}; give a host name."
            raise bad(msg, target)
    elif rule["type"] == "PrivateEndpoint":
        given = _need(destination, ("serviceResourceId", "subresourceTarget"), target)
        _check_endpoint(store, given, target)
    else:
        given = _need(destination, ("serviceTag", "protocol", "portRanges"), target)
        one_of(given["protocol"], _PROTOCOLS, f"{target}.destination.protocol")
    rule["category"] = rule.get("category") or "UserDefined"
    rule["status"] = "Active" if active else "Inactive"
    return rule


def _check_endpoint(store: Store, destination: dict, target: str) -> None:
    id_, group = destination["serviceResourceId"], str(destination["subresourceTarget"])
    found = store.get(str(id_))
    if found is None:
        msg = f"{target}.destination.serviceResourceId {id_} was not found; create it first."
        raise bad(msg, target, "DependentResourceNotFound")
    groups = GROUPS.get(found["type"].lower())
    if groups is None:
        msg = f"{target}.destination is a {found['type']}, to which no private endpoint leads."
        raise bad(msg, target)
    one_of(group, groups, f"{target}.destination.subresourceTarget")


@behaviour
class OutboundRule(Behaviour):
    """A rule of the managed network that is written by itself."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/outboundRules"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        workspace = ctx.store.get(workspace_of(resource["id"])) or {"properties": {}}
        network = workspace["properties"].get("managedNetwork") or {}
        mode = network.get("isolationMode", "Disabled")
        if mode == "Disabled":
            msg = "The managed network is Disabled; it has no outbound rules."
            raise bad(msg, "properties.managedNetwork.isolationMode")
        if resource["name"] in (network.get("outboundRules") or {}):
            msg = f"The workspace has the outbound rule {resource['name']!r} in its own body."
            raise ArmError(409, "Conflict", msg, "name")
        active = (network.get("status") or {}).get("status") == "Active"
        rule = checked(ctx.store, resource["name"], resource["properties"], mode, active=active)
        resource["properties"] = rule


def _need(destination: object, keys: tuple[str, ...], target: str) -> dict:
    have = destination if isinstance(destination, dict) else {}
    absent = [key for key in keys if not have.get(key)]
    if absent:
        msg = f"{target}.destination has no {', '.join(absent)}."
        raise bad(msg, target)
    return have
