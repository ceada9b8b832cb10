"""Compute instances: one person's machine, which stops when nobody works on it."""

from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import bad, one_of
from emulator.runner.durations import PlanError, seconds

_TARGET = "properties.properties"
_LEAST_IDLE, _MOST_IDLE = 15 * 60, 3 * 24 * 3600
_FIXED = ("vmSize", "subnet", "enableNodePublicIp", "personalComputeInstanceSettings")
_SSH_PORT = 50000


def prepare(ctx: Context, resource: Resource, old: dict[str, Any]) -> None:
    """Check and complete a compute of type ComputeInstance.

    Raises:
        ArmError: a part is wrong, or was changed that stays.
    """
    own = resource["properties"]["properties"]
    if not own.get("vmSize"):
        msg = f"{_TARGET}.vmSize is missing; give a size such as STANDARD_DS3_V2."
        raise bad(msg, f"{_TARGET}.vmSize")
    _check_idle(own.get("idleTimeBeforeShutdown"))
    own["applicationSharingPolicy"] = one_of(
        own.get("applicationSharingPolicy") or "Shared",
        ("Personal", "Shared"),
        f"{_TARGET}.applicationSharingPolicy",
    )
    own["computeInstanceAuthorizationType"] = one_of(
        own.get("computeInstanceAuthorizationType") or "personal",
        ("personal",),
        f"{_TARGET}.computeInstanceAuthorizationType",
    )
    for key, initial in (("enableNodePublicIp", True), ("enableSSO", True)):
        value = own.setdefault(key, initial)
        if not isinstance(value, bool):
            msg = f"{_TARGET}.{key} is {value!r}; give true or false."
            raise bad(msg, f"{_TARGET}.{key}")
    _complete_ssh(own)
    _check_subnet(ctx, own, private=not own["enableNodePublicIp"], resource=resource)
    before = old.get("properties") or {}
    for key in _FIXED:
        if key in before and before[key] != own.get(key):
            msg = (
                f"{_TARGET}.{key} of compute {resource['name']!r} cannot be changed from"
                f" {before[key]} to {own.get(key)}; make a new one."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, f"{_TARGET}.{key}")
    own["state"] = before.get("state", "Running")
    own["errors"] = []


def _check_idle(value: object) -> None:
    if value is None:
        return
    path = f"{_TARGET}.idleTimeBeforeShutdown"
    try:
        idle = seconds(value) if isinstance(value, str) else None
    except PlanError as error:
        msg = f"{path}: {error}"
        raise bad(msg, path) from error
    if idle is None or not _LEAST_IDLE <= idle <= _MOST_IDLE:
        msg = f"{path} is {value!r}; give PT15M to P3D."
        raise bad(msg, path)


def _complete_ssh(own: dict[str, Any]) -> None:
    settings = own.get("sshSettings")
    settings = own["sshSettings"] = settings if isinstance(settings, dict) else {}
    path = f"{_TARGET}.sshSettings"
    settings["sshPublicAccess"] = one_of(
        settings.get("sshPublicAccess") or "Disabled",
        ("Enabled", "Disabled"),
        f"{path}.sshPublicAccess",
    )
    if settings["sshPublicAccess"] == "Disabled":
        return
    if not settings.get("adminPublicKey"):
        msg = f"{path}.adminPublicKey is missing; sshPublicAccess Enabled needs a key."
        raise bad(msg, f"{path}.adminPublicKey")
    settings |= {"adminUserName": "azureuser", "sshPort": _SSH_PORT}


def _check_subnet(ctx: Context, own: dict[str, Any], *, private: bool, resource: Resource) -> None:
    subnet = (own.get("subnet") or {}).get("id")
    if subnet and ctx.store.get(str(subnet)) is None:
        msg = f"{_TARGET}.subnet.id {subnet} was not found; create the subnet first."
        raise bad(msg, f"{_TARGET}.subnet.id")
    workspace = ctx.store.get(resource["id"].rpartition("/computes/")[0]) or {}
    properties = workspace.get("properties") or {}
    managed = (properties.get("managedNetwork") or {}).get("isolationMode", "Disabled")
    closed = properties.get("publicNetworkAccess") == "Disabled"
    if private and not subnet and managed == "Disabled" and not closed:
        msg = (
            f"{_TARGET}.enableNodePublicIp is false, but the compute has no subnet and its"
            " workspace neither a managed network nor a private endpoint."
        )
        raise bad(msg, f"{_TARGET}.enableNodePublicIp")
