"""The managed network of a workspace: isolation, outbound rules, and whether it is provisioned."""

import re

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.azureml.text import bad, one_of

_MODES = ("Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound")
_KINDS = ("FQDN", "PrivateEndpoint", "ServiceTag")
_NAME = re.compile(r"^[A-Za-z0-9][\w-]{0,79}$")


def prepare(resource: dict, previous: dict | None) -> None:
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
        name: _rule(name, dict(rule or {}), mode, active=active) for name, rule in rules.items()
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


def _rule(name: str, rule: dict, mode: str, *, active: bool) -> dict:
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
        _need(destination, ("serviceResourceId", "subresourceTarget"), target)
    else:
        _need(destination, ("serviceTag", "protocol", "portRanges"), target)
    rule["category"] = rule.get("category") or "UserDefined"
    rule["status"] = "Active" if active else "Inactive"
    return rule


def _need(destination: object, keys: tuple[str, ...], target: str) -> None:
    have = destination if isinstance(destination, dict) else {}
    absent = [key for key in keys if not have.get(key)]
    if absent:
        msg = f"{target}.destination has no {', '.join(absent)}."
        raise bad(msg, target)
