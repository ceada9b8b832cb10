"""The sub-resources that private endpoints lead to, and the names that they answer for."""

import re
from collections.abc import Callable, Mapping

from emulator.arm.store import Resource, Store

Names = Callable[[Resource], list[str]]

# The ids of the Log Analytics workspaces of a private link scope.
MEMBERS = "linkedWorkspaces"


def _account(kind: str) -> Names:
    return lambda target: [f"{target['name'].lower()}.{kind}.core.windows.net"]


def _web(target: Resource) -> list[str]:
    return [f"{target['name'].lower()}.z6.web.core.windows.net"]


def _vault(target: Resource) -> list[str]:
    return [f"{target['name'].lower()}.vault.azure.net"]


def _registry(target: Resource) -> list[str]:
    name = target["name"].lower()
    return [f"{name}.azurecr.io", f"{name}.{target['location']}.data.azurecr.io"]


def _workspace(target: Resource) -> list[str]:
    region, properties = target["location"], target["properties"]
    id_ = properties.get("workspaceId", "")
    notebooks = (properties.get("notebookInfo") or {}).get("fqdn")
    names = [
        f"{id_}.workspace.{region}.api.azureml.ms",
        f"{id_}.workspace.{region}.cert.api.azureml.ms",
        f"*.{id_}.inference.{region}.api.azureml.ms",
    ]
    return [*names, notebooks] if notebooks else names


def _model_registry(target: Resource) -> list[str]:
    region = target["location"]
    return [f"{target['name'].lower()}.registry.{region}.api.azureml.ms"]


def _factory(target: Resource) -> list[str]:
    return [f"{target['name'].lower()}.{target['location']}.datafactory.azure.net"]


def _factory_portal(_: Resource) -> list[str]:
    return ["adf.azure.com"]


def _purview(target: Resource) -> list[str]:
    return [f"{target['name'].lower()}.purview.azure.com"]


def _purview_portal(_: Resource) -> list[str]:
    return ["web.purview.azure.com"]


def _cluster(target: Resource) -> list[str]:
    fqdn = target["properties"].get("privateFQDN")
    return [fqdn] if fqdn else []


def _topic(target: Resource) -> list[str]:
    return [f"{target['name'].lower()}.{target['location']}-1.eventgrid.azure.net"]


def _monitor(target: Resource) -> list[str]:
    # Shared by all scopes: the endpoint answers for every component of its scope.
    names = [
        "api.monitor.azure.com",
        "global.in.ai.monitor.azure.com",
        "global.handler.control.monitor.azure.com",
        "scadvisorcontentpl.blob.core.windows.net",
    ]
    for id_ in target.get(MEMBERS, []):
        names += [
            f"{id_}.oms.opinsights.azure.com",
            f"{id_}.ods.opinsights.azure.com",
            f"{id_}.agentsvc.azure-automation.net",
        ]
    return names


def with_members(store: Store, target: Resource) -> Resource:
    """Return a target beside what names depend on that it does not say itself."""
    if target["type"].lower() != "microsoft.insights/privatelinkscopes":
        return target
    linked = [
        store.get(member["properties"]["linkedResourceId"]) or {}
        for member in store.children(target["id"], "scopedResources")
    ]
    ids = [(one.get("properties") or {}).get("customerId") for one in linked]
    return {**target, MEMBERS: [id_ for id_ in ids if id_]}


_STORAGE = {kind: _account(kind) for kind in ("blob", "file", "queue", "table", "dfs")}

# Group ids by target type. https://learn.microsoft.com/azure/private-link/private-endpoint-overview
GROUPS: Mapping[str, Mapping[str, Names]] = {
    "microsoft.storage/storageaccounts": {**_STORAGE, "web": _web},
    "microsoft.keyvault/vaults": {"vault": _vault},
    "microsoft.containerregistry/registries": {"registry": _registry},
    "microsoft.machinelearningservices/workspaces": {"amlworkspace": _workspace},
    "microsoft.machinelearningservices/registries": {"amlregistry": _model_registry},
    "microsoft.datafactory/factories": {"dataFactory": _factory, "portal": _factory_portal},
    "microsoft.purview/accounts": {"account": _purview, "portal": _purview_portal},
    "microsoft.containerservice/managedclusters": {"management": _cluster},
    "microsoft.eventgrid/topics": {"topic": _topic},
    "microsoft.eventgrid/domains": {"domain": _topic},
    "microsoft.insights/privatelinkscopes": {"azuremonitor": _monitor},
}

# Where the public name of a service continues in its private zone.
# https://learn.microsoft.com/azure/private-link/private-endpoint-dns
ZONES: Mapping[str, str] = {
    "privatelink.blob.core.windows.net": "blob.core.windows.net",
    "privatelink.file.core.windows.net": "file.core.windows.net",
    "privatelink.queue.core.windows.net": "queue.core.windows.net",
    "privatelink.table.core.windows.net": "table.core.windows.net",
    "privatelink.dfs.core.windows.net": "dfs.core.windows.net",
    "privatelink.web.core.windows.net": "web.core.windows.net",
    "privatelink.vaultcore.azure.net": "vault.azure.net",
    "privatelink.azurecr.io": "azurecr.io",
    "privatelink.api.azureml.ms": "api.azureml.ms",
    "privatelink.notebooks.azure.net": "notebooks.azure.net",
    "privatelink.datafactory.azure.net": "datafactory.azure.net",
    "privatelink.adf.azure.com": "azure.com",
    "privatelink.purview.azure.com": "purview.azure.com",
    "privatelink.purviewstudio.azure.com": "purview.azure.com",
    "privatelink.eventgrid.azure.net": "eventgrid.azure.net",
    "privatelink.monitor.azure.com": "monitor.azure.com",
    "privatelink.oms.opinsights.azure.com": "oms.opinsights.azure.com",
    "privatelink.ods.opinsights.azure.com": "ods.opinsights.azure.com",
    "privatelink.agentsvc.azure-automation.net": "agentsvc.azure-automation.net",
    "privatelink.servicebus.windows.net": "servicebus.windows.net",
}
# Of clusters each region has a zone.
_CLUSTERS = re.compile(r"([\w-]+\.)?privatelink\.[a-z0-9]+\.azmk8s\.io")


def record_name(host: str, zone: str) -> str | None:
    """Return the name of a host's record in a private zone; None if it does not belong there."""
    public = ZONES.get(zone.lower())
    if _CLUSTERS.fullmatch(zone.lower()):
        # The private name of an API server is its only one, so the zone bears it as it is.
        public = zone.lower()
    if public is None or not host.lower().endswith(f".{public}"):
        return None
    return host[: -len(public) - 1]
