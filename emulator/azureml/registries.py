"""Azure ML registries: assets for many workspaces, in stores that the service makes."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import NAMESPACE, bad, named, one_of
from emulator.providers.network.connections import connections_of

TYPE = f"{NAMESPACE}/registries"
_TARGET = "properties.regionDetails"
_REPLICATION = (
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
)


@behaviour
class Registry(Behaviour):
    """A registry; its stores live in a group of the service's own, in each of its regions."""

    type: ClassVar[str] = TYPE
    globally_unique: ClassVar[bool] = True

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource["name"],
            r"[A-Za-z0-9][\w-]{2,32}",
            "Registry",
            "3 to 33 letters, digits, - or _, a letter or digit first",
        )
        home = resource.get("location")
        if not home:
            msg = "location is missing; give the region of the registry, such as westeurope."
            raise bad(msg, "location", "LocationRequired")
        kind = str((resource.get("identity") or {}).get("type") or "None").lower()
        if kind == "none":
            msg = f"Registry {resource['name']!r} has no identity; give identity.type."
            raise bad(msg, "identity")
        properties = resource["properties"]
        regions = _regions(properties, home)
        if previous is not None:
            _check_kept(regions, previous["properties"])
        properties["publicNetworkAccess"] = one_of(
            properties.get("publicNetworkAccess") or "Enabled",
            ("Enabled", "Disabled"),
            "properties.publicNetworkAccess",
        )
        subscription = resource["id"].split("/")[2]
        group = f"/subscriptions/{subscription}/resourceGroups/azureml-rg-{resource['name']}"
        properties["managedResourceGroup"] = {"resourceId": group}
        properties |= {
            "discoveryUrl": (
                f"https://{home}.api.azureml.ms/registrymanagement/v1.0/registries/"
                f"{resource['name']}/discovery"
            ),
            "mlFlowRegistryUri": (
                f"azureml://{home}.api.azureml.ms/mlflow/v1.0/subscriptions/{subscription}/"
                f"resourceGroups/{resource['id'].split('/')[4]}/providers/{TYPE}/{resource['name']}"
            ),
            "provisioningState": "Succeeded",
        }
        properties.pop("registryPrivateEndpointConnections", None)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        ends = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "registryPrivateEndpointConnections": ends}
        return {**resource, "properties": shown}


def _regions(properties: dict[str, Any], home: str) -> list[str]:
    details = properties.get("regionDetails")
    if not isinstance(details, list) or not details:
        msg = f"{_TARGET} is {details!r}; give a list with the registry's regions."
        raise bad(msg, _TARGET)
    regions: list[str] = []
    for index, detail in enumerate(details):
        path = f"{_TARGET}[{index}]"
        region = str(detail.get("location") or "").replace(" ", "").lower()
        if not region or region in regions:
            msg = f"{path}.location is {region!r}; give each region once."
            raise bad(msg, f"{path}.location")
        detail["location"] = region
        regions.append(region)
        for name in ("acrDetails", "storageAccountDetails"):
            if not detail.get(name):
                msg = f"{path}.{name} is missing; a region has a registry and a storage account."
                raise bad(msg, f"{path}.{name}")
        for account in detail["storageAccountDetails"]:
            _check_account(account.get("systemCreatedStorageAccount") or {}, path)
        for registry in detail["acrDetails"]:
            made = registry.get("systemCreatedAcrAccount") or {}
            one_of(made.get("acrAccountSku") or "Premium", ("Premium",), f"{path}.acrDetails")
    if home not in regions:
        msg = f"{_TARGET} names {', '.join(regions)}, but not the registry's own region {home}."
        raise bad(msg, _TARGET)
    return regions


def _check_account(account: dict[str, Any], path: str) -> None:
    where = f"{path}.storageAccountDetails"
    kind = account.get("storageAccountType") or "Standard_LRS"
    one_of(kind, _REPLICATION, f"{where}.storageAccountType")
    if account.get("storageAccountHnsEnabled") is True:
        msg = f"{where}.storageAccountHnsEnabled is true; a registry's accounts have no folders."
        raise bad(msg, where)


def _check_kept(regions: list[str], old: dict[str, Any]) -> None:
    gone = [one["location"] for one in old["regionDetails"] if one["location"] not in regions]
    if gone:
        msg = f"{_TARGET} loses {', '.join(gone)}; a registry keeps the regions that it has."
        raise ArmError(409, "PropertyChangeNotAllowed", msg, _TARGET)
