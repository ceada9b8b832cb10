"""The sub-resources that private endpoints lead to, and the names that they answer for."""

from collections.abc import Callable, Mapping

from emulator.arm.store import Resource

Names = Callable[[Resource], list[str]]


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


_STORAGE = {kind: _account(kind) for kind in ("blob", "file", "queue", "table", "dfs")}

# Group ids by target type. https://learn.microsoft.com/azure/private-link/private-endpoint-overview
GROUPS: Mapping[str, Mapping[str, Names]] = {
    "microsoft.storage/storageaccounts": {**_STORAGE, "web": _web},
    "microsoft.keyvault/vaults": {"vault": _vault},
    "microsoft.containerregistry/registries": {"registry": _registry},
    "microsoft.machinelearningservices/workspaces": {"amlworkspace": _workspace},
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
}


def record_name(host: str, zone: str) -> str | None:
    """Return the name of a host's record in a private zone; None if it does not belong there."""
    public = ZONES.get(zone.lower())
    if public is None or not host.lower().endswith(f".{public}"):
        return None
    return host[: -len(public) - 1]
