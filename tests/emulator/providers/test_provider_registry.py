"""Container registries: what each sku may do."""

import json

import pytest

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located

REGISTRY = "Microsoft.ContainerRegistry/registries/acrmlops"


def body(sku="Premium", **properties):
    return {**located(**properties), "sku": {"name": sku}}


def test_registry_has_a_login_server_and_no_admin(azure):
    properties = azure.put(REGISTRY, body("Basic"))["properties"]
    assert properties["loginServer"] == "acrmlops.azurecr.io"
    assert properties["adminUserEnabled"] is False


@pytest.mark.parametrize("name", ["abcd", "has-hyphen", "a" * 51])
def test_bad_registry_name_is_refused(azure, name):
    path = f"Microsoft.ContainerRegistry/registries/{name}"
    assert azure.refuses(path, body()).code == "InvalidResourceName"


@pytest.mark.parametrize(
    "properties",
    [
        {"zoneRedundancy": "Enabled"},
        {"publicNetworkAccess": "Disabled"},
        {"dataEndpointEnabled": True},
        {"networkRuleSet": {"defaultAction": "Deny"}},
        {"policies": {"retentionPolicy": {"status": "enabled", "days": 7}}},
    ],
)
def test_lower_skus_lack_what_only_premium_has(azure, properties):
    assert azure.refuses(REGISTRY, body("Standard", **properties)).code == "SkuNotSupported"
    azure.put(REGISTRY, body("Premium", **properties))


def test_exports_end_only_off_the_public_network(azure):
    closed = {"policies": {"exportPolicy": {"status": "disabled"}}}
    assert azure.refuses(REGISTRY, body(**closed)).code == "ExportPolicyCannotBeDisabled"
    azure.put(REGISTRY, body(publicNetworkAccess="Disabled", **closed))


def test_credentials_need_the_admin_user(azure):
    azure.put(REGISTRY, body())
    with pytest.raises(ArmError, match="admin user is disabled"):
        azure.post(REGISTRY, "listCredentials")
    azure.put(REGISTRY, body(adminUserEnabled=True))
    shown = json.loads(azure.post(REGISTRY, "listCredentials"))
    assert shown["username"] == "acrmlops"
    assert len(shown["passwords"]) == 2


def test_private_endpoints_need_premium(azure):
    azure.subnet()
    registry = azure.put(REGISTRY, body("Standard"))
    path = "Microsoft.Network/privateEndpoints/pe"
    asked = azure.endpoint_body(registry["id"], "registry")
    assert azure.refuses(path, asked).code == "SkuNotSupported"
    azure.put(REGISTRY, body())
    azure.put(path, asked)
    assert azure.refuses(REGISTRY, body("Standard")).code == "SkuNotSupported"
