"""The profiles of a cluster that say who gets in, what guards it and when it is upgraded."""

from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, choice, default, flag, guid, one_of, refer

_LOGS = "Microsoft.OperationalInsights/workspaces"
_CHANNELS = ("rapid", "stable", "patch", "node-image", "none")
_NODE_CHANNELS = ("None", "Unmanaged", "NodeImage", "SecurityPatch")
_EXPANDERS = ("least-waste", "most-pods", "priority", "random")
_ADDONS = (
    "azurepolicy",
    "omsagent",
    "azureKeyvaultSecretsProvider",
    "httpApplicationRouting",
    "ingressApplicationGateway",
    "aciConnectorLinux",
    "ACCSGXDevicePlugin",
    "openServiceMesh",
    "kubeDashboard",
    "gitops",
)
_AUTOSCALER = {
    "balance-similar-node-groups": "false",
    "daemonset-eviction-for-empty-nodes": False,
    "daemonset-eviction-for-occupied-nodes": True,
    "expander": "random",
    "ignore-daemonsets-utilization": False,
    "max-empty-bulk-delete": "10",
    "max-graceful-termination-sec": "600",
    "max-node-provision-time": "15m",
    "max-total-unready-percentage": "45",
    "new-pod-scale-up-delay": "0s",
    "ok-total-unready-count": "3",
    "scale-down-delay-after-add": "10m",
    "scale-down-delay-after-delete": "10s",
    "scale-down-delay-after-failure": "3m",
    "scale-down-unneeded-time": "10m",
    "scale-down-unready-time": "20m",
    "scale-down-utilization-threshold": "0.5",
    "scan-interval": "10s",
    "skip-nodes-with-local-storage": "false",
    "skip-nodes-with-system-pods": "true",
}


def complete(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    """Check and complete them.

    Raises:
        ArmError: 400.
    """
    properties = resource["properties"]
    _complete_directory(ctx, resource, previous)
    _complete_security(ctx, resource, previous)
    _complete_addons(ctx, resource)
    _complete_upgrades(properties)
    scaler = properties.get("autoScalerProfile")
    if scaler is not None:
        for name, value in _AUTOSCALER.items():
            default(scaler, name, value)
        path = "properties.autoScalerProfile.expander"
        scaler["expander"] = one_of(scaler["expander"], _EXPANDERS, path)
    storage = default(properties, "storageProfile", {})
    for name in ("diskCSIDriver", "fileCSIDriver", "snapshotController"):
        default(default(storage, name, {}), "enabled", True)
    group = default(properties, "nodeResourceGroupProfile", {})
    choice(group, "restrictionLevel", ("Unrestricted", "ReadOnly"), "Unrestricted")


def _complete_directory(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    properties = resource["properties"]
    rbac = flag(properties, "enableRBAC", initial=True)
    directory = properties.get("aadProfile")
    if directory is None and at(previous or {}, "properties.aadProfile") is not None:
        sentence = f"Microsoft Entra integration of '{resource['name']}' cannot be turned off."
        raise ArmError(400, "BadRequest", sentence, "properties.aadProfile")
    local_off = flag(properties, "disableLocalAccounts", initial=False)
    if directory is None:
        if local_off:
            sentence = (
                "properties.disableLocalAccounts is true, which needs properties.aadProfile with "
                "managed true: nobody could sign in otherwise."
            )
            raise ArmError(400, "BadRequest", sentence, "properties.disableLocalAccounts")
        return
    path = "properties.aadProfile"
    if directory.get("managed") is not True:
        sentence = f"'{path}.managed' is {directory.get('managed')!r}; wanted: true."
        raise bad(f"{path}.managed", sentence)
    if flag(directory, "enableAzureRBAC", initial=False) and not rbac:
        sentence = f"'{path}.enableAzureRBAC' needs properties.enableRBAC to be true."
        raise bad(f"{path}.enableAzureRBAC", sentence)
    default(directory, "tenantID", ctx.services.tokens.tenant_id)
    groups = directory.get("adminGroupObjectIDs")
    if groups is not None:
        directory["adminGroupObjectIDs"] = [
            guid(one, f"{path}.adminGroupObjectIDs") for one in groups
        ]


def _complete_security(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    properties = resource["properties"]
    issuer = properties.get("oidcIssuerProfile")
    was_issuer = at(previous or {}, "properties.oidcIssuerProfile.enabled") is True
    if was_issuer and issuer is None:
        issuer = properties["oidcIssuerProfile"] = {"enabled": True}
    enabled = flag(issuer, "enabled", initial=False) if issuer is not None else False
    if was_issuer and not enabled:
        sentence = f"The OIDC issuer of '{resource['name']}' cannot be disabled once enabled."
        raise ArmError(400, "OIDCIssuerFeatureCannotBeDisabled", sentence, "oidcIssuerProfile")
    security = default(properties, "securityProfile", {})
    path = "properties.securityProfile"
    if (security.get("workloadIdentity") or {}).get("enabled") and not enabled:
        sentence = (
            f"'{path}.workloadIdentity' needs properties.oidcIssuerProfile.enabled to be true."
        )
        raise bad(f"{path}.workloadIdentity", sentence, "OIDCIssuerNotEnabled")
    cleaner = security.get("imageCleaner")
    if cleaner is not None and cleaner.get("enabled"):
        hours = default(cleaner, "intervalHours", 168)
        between(hours, 24, 2160, f"{path}.imageCleaner.intervalHours")
    defender = security.get("defender") or {}
    logs = f"{path}.defender.logAnalyticsWorkspaceResourceId"
    refer(ctx, resource, logs, _LOGS)
    monitored = (defender.get("securityMonitoring") or {}).get("enabled")
    if monitored and not defender.get("logAnalyticsWorkspaceResourceId"):
        raise bad(logs, f"'{logs}' is missing; securityMonitoring needs a log workspace.")


def _complete_addons(ctx: Context, resource: Resource) -> None:
    addons: dict[str, dict[str, Any]] = default(resource["properties"], "addonProfiles", {})
    for name, addon in addons.items():
        path = f"properties.addonProfiles.{name}"
        word = one_of(name, _ADDONS, "properties.addonProfiles")
        if not isinstance(addon.get("enabled"), bool):
            sentence = f"'{path}.enabled' is {addon.get('enabled')!r}; wanted: true or false."
            raise bad(f"{path}.enabled", sentence)
        if word != "omsagent" or not addon["enabled"]:
            continue
        config = {key.lower(): key for key in addon.get("config") or {}}
        key = config.get("loganalyticsworkspaceresourceid", "logAnalyticsWorkspaceResourceID")
        where = f"{path}.config.{key}"
        if refer(ctx, resource, where, _LOGS) is None:
            raise bad(where, f"'{where}' is missing; omsagent needs a log workspace.")


def _complete_upgrades(properties: dict[str, Any]) -> None:
    upgrades = default(properties, "autoUpgradeProfile", {})
    channel = choice(upgrades, "upgradeChannel", _CHANNELS, "none")
    nodes = choice(upgrades, "nodeOSUpgradeChannel", _NODE_CHANNELS, "NodeImage")
    if channel == "node-image" and nodes != "NodeImage":
        sentence = (
            "properties.autoUpgradeProfile.upgradeChannel is node-image, which needs "
            f"nodeOSUpgradeChannel NodeImage; found {nodes}."
        )
        raise bad("properties.autoUpgradeProfile.nodeOSUpgradeChannel", sentence)
