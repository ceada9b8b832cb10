"""Stores: accounts by what they hold, container and model registries, vaults and their keys."""

from collections.abc import Iterator

from review.cost.case import ANY, Case, Service
from review.cost.lines import Line
from review.resources import NotKnownError, at, parts, text

_COOL = "Cool"


def account(case: Case) -> Iterator[Line]:
    """By what it holds and what is done with it."""
    sku = case.resource.text("sku", "name")
    tier = "blob-cool" if at(case.resource.inputs, "accessTier") == _COOL else "blob-hot"
    yield case.usage(f"data kept, {sku}", tier, sku, "GB month")
    yield case.usage("operations on data", "blob-operations", sku, "10k operations")


def registry(case: Case) -> Iterator[Line]:
    """By the SKU, and by what it holds over the SKU's share."""
    sku = case.resource.text("sku", "name")
    yield case.amount(f"registry, {sku}", "registry", sku)
    yield case.usage("images over the included storage", "registry-storage", ANY, "GB month")


def replica(case: Case) -> Iterator[Line]:
    """Each further region of a Premium registry."""
    yield case.amount("replica of a registry", "registry-replica", "Premium")


def model_registry(case: Case) -> Iterator[Line]:
    """Each region brings a container registry and a storage account."""
    regions = parts(case.resource.inputs, "regionDetails")
    if not regions:
        raise NotKnownError("regionDetails is empty or not known")
    for region in regions:
        there = case.in_region(text(region, "location"))
        for made in parts(region, "acrDetails"):
            sku = text(made, "systemCreatedAcrAccount", "acrAccountSku")
            yield there.amount(f"container registry, {sku}, of a model registry", "registry", sku)
        for made in parts(region, "storageAccountDetails"):
            sku = text(made, "systemCreatedStorageAccount", "storageAccountType")
            yield there.usage(f"models kept, {sku}", "blob-hot", sku, "GB month")


def vault(case: Case) -> Iterator[Line]:
    """By the operation; its keys are lines of their own."""
    yield case.usage("vault operations", "key-vault-operations", ANY, "10k operations")


def key(case: Case) -> Iterator[Line]:
    """A key of a hardware module by the month; a software key by the operation."""
    kind = case.resource.text("properties", "kty")
    if not kind.endswith("-HSM"):
        yield case.usage(f"operations with keys, {kind}", "key-operations", kind, "10k operations")
        return
    size = case.resource.at("properties", "keySize")
    sku = f"{kind}-{size}" if size else kind
    yield case.amount(f"key in a hardware module, {sku}", "key-hsm", sku)


SERVICE = Service(
    "Storage and vaults",
    {
        "storage:StorageAccount": account,
        "containerregistry:Registry": registry,
        "containerregistry:Replication": replica,
        "machinelearningservices:Registry": model_registry,
        "keyvault:Vault": vault,
        "keyvault:Key": key,
    },
)
