"""Deployments of templates: they write what they say, and refuse what would be left out."""

import pytest

from tests.emulator.providers.world import GROUP, located

DEPLOYMENT = "Microsoft.Resources/deployments/network"
FACTORY = "Microsoft.DataFactory/factories/adf"
NETWORK = {
    "type": "Microsoft.DataFactory/factories/managedVirtualNetworks",
    "apiVersion": "2018-06-01",
    "name": "adf/default",
    "properties": {},
}


def body(*parts: dict, **properties: object) -> dict:
    template = {"contentVersion": "1.0.0.0", "resources": list(parts)}
    return {"properties": {"mode": "Incremental", "template": template, **properties}}


def test_a_deployment_writes_its_resources_and_leaves_them_when_it_goes(azure):
    azure.put(FACTORY, located())
    made = azure.put(DEPLOYMENT, body(NETWORK))
    assert azure.get(f"{FACTORY}/managedVirtualNetworks/default")["name"] == "default"
    outputs = [one["id"] for one in made["properties"]["outputResources"]]
    assert outputs == [f"{GROUP}/providers/{FACTORY}/managedVirtualNetworks/default"]
    assert "template" not in azure.get(DEPLOYMENT)["properties"]
    azure.delete(DEPLOYMENT)
    assert azure.get(f"{FACTORY}/managedVirtualNetworks/default")


def test_a_resource_of_a_template_is_refused_as_if_it_came_alone(azure):
    assert azure.refuses(DEPLOYMENT, body(NETWORK)).code == "ParentResourceNotFound"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (body({**NETWORK, "name": "[concat('adf', '/default')]"}), "expressions"),
        (body({**NETWORK, "properties": {"a": ["[resourceGroup().id]"]}}), "expressions"),
        (body({**NETWORK, "name": "default"}), "differ in length"),
        (body({"type": "a/b", "name": "c"}), "no 'apiVersion'"),
        (body(NETWORK, mode="Complete"), "Incremental"),
        (body(NETWORK, parameters={"a": {"value": 1}}), "parameters"),
        ({"properties": {"mode": "Incremental"}}, "no list of resources"),
    ],
)
def test_what_is_not_imitated_is_refused(azure, wrong, said):
    azure.put(FACTORY, located())
    refusal = azure.refuses(DEPLOYMENT, wrong)
    assert refusal.code == "InvalidTemplate"
    assert said in refusal.message
