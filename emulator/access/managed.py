"""What a workspace's managed network leads to."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from emulator.access import firewall
from emulator.access.places import Stand
from emulator.arm.store import Resource, Store

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
_DISABLED = "disabled"
_OPEN = "allowinternetoutbound"
# Private endpoints that the service makes by itself, by the property that names the target.
_OWN = {
    "storageAccount": ("blob", "file"),
    "keyVault": ("vault",),
    "containerRegistry": ("registry",),
}
# Service tags that stand for a type; a tag may end in a region (`Storage.WestEurope`).
_TAGS = {
    "microsoft.storage/storageaccounts": "storage",
    "microsoft.keyvault/vaults": "azurekeyvault",
    "microsoft.containerregistry/registries": "azurecontainerregistry",
    "microsoft.machinelearningservices/workspaces": "azuremachinelearning",
}
_HOSTS = {
    "microsoft.storage/storageaccounts": "{name}.{group}.core.windows.net",
    "microsoft.keyvault/vaults": "{name}.vault.azure.net",
    "microsoft.containerregistry/registries": "{name}.azurecr.io",
}


def refusal(store: Store, stand: Stand, resource: Resource, group: str) -> str | None:
    """Return why a job in a workspace's network does not get through; None lets it through."""
    workspace = store.get(stand.workspace)
    if workspace is None:
        return f"the workspace {stand.workspace} does not exist"
    network = workspace["properties"].get("managedNetwork") or {}
    mode = str(network.get("isolationMode") or _DISABLED)
    by_public_name = firewall.refusal(resource, Stand(f"the workspace {workspace['name']}"))
    if mode.lower() == _DISABLED:
        return by_public_name.reason if by_public_name else None
    if _is_own(workspace, resource, group):
        return None
    rules = list(_rules(store, workspace, network))
    if any(_leads_to(rule, resource, group) for rule in rules):
        return None
    if mode.lower() == _OPEN or any(_lets_out(rule, resource, group) for rule in rules):
        return by_public_name.reason if by_public_name else None
    return (
        f"the managed network of {workspace['name']} ({mode}) has no outbound rule for it: neither "
        f"a PrivateEndpoint (subresource {group}) nor a service tag nor a host"
    )


def _is_own(workspace: Resource, resource: Resource, group: str) -> bool:
    target = resource["id"].lower()
    if target == workspace["id"].lower():
        return True
    properties = workspace["properties"]
    return any(
        str(properties.get(name) or "").lower() == target and group.lower() in groups
        for name, groups in _OWN.items()
    )


def _rules(
    store: Store, workspace: Resource, network: Mapping[str, Any]
) -> Iterable[Mapping[str, Any]]:
    yield from (network.get("outboundRules") or {}).values()
    for rule in store.children(workspace["id"], "outboundRules"):
        yield rule["properties"]


def _leads_to(rule: Mapping[str, Any], resource: Resource, group: str) -> bool:
    to = rule.get("destination")
    if str(rule.get("type")).lower() != "privateendpoint" or not isinstance(to, Mapping):
        return False
    same = str(to.get("serviceResourceId", "")).lower() == resource["id"].lower()
    return same and str(to.get("subresourceTarget", "")).lower() == group.lower()


def _lets_out(rule: Mapping[str, Any], resource: Resource, group: str) -> bool:
    kind, to = str(rule.get("type")).lower(), rule.get("destination")
    type_ = resource["type"].lower()
    if kind == "servicetag" and isinstance(to, Mapping):
        tag, _, region = str(to.get("serviceTag", "")).lower().partition(".")
        near = region in {"", str(resource.get("location", "")).lower()}
        return tag == _TAGS.get(type_) and near
    if kind == "fqdn" and type_ in _HOSTS:
        host = _HOSTS[type_].format(name=resource["name"].lower(), group=group.lower())
        return fnmatchcase(host, str(to).lower())
    return False
