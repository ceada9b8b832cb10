"""Groups of containers."""

import copy
import json
from typing import Any

import pytest
from azure.mgmt.containerinstance import models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located

CONTAINERS = "Microsoft.ContainerInstance/containerGroups"
TARGET = f"{CONTAINERS}/ci-target"
SUBNET = "Microsoft.Network/virtualNetworks/vnet/subnets/containers"


@pytest.fixture
def subnet(azure):
    azure.network()
    delegation = {"name": "containers", "properties": {"serviceName": CONTAINERS}}
    body = {"properties": {"addressPrefix": "10.0.2.0/29", "delegations": [delegation]}}
    return azure.put(SUBNET, body)["id"]


def container(name: str = "target", port: int = 8080, **changes: object) -> dict[str, Any]:
    inner = {
        "image": "mcr.microsoft.com/azurelinux/base/python:3.12",
        "ports": [{"port": port}],
        "resources": {"requests": {"cpu": 1, "memoryInGB": 1}},
    }
    return {"name": name, "properties": inner | changes}


def body(subnet: str | None = None, *parts: dict[str, Any], **changes: object) -> dict[str, Any]:
    given: dict[str, Any] = {
        "osType": "Linux",
        "containers": list(parts) or [container()],
        "ipAddress": {"type": "Private" if subnet else "Public", "ports": [{"port": 8080}]},
    }
    if subnet:
        given["subnetIds"] = [{"id": subnet}]
    return located(**given | changes)


def test_group_reads_back_through_the_official_models(azure, subnet):
    first = azure.put(TARGET, body(subnet))
    assert azure.put(TARGET, body(subnet)) == first
    assert azure.put(TARGET, copy.deepcopy(first)) == first
    found = models.ContainerGroup.deserialize(azure.get(TARGET))
    assert (found.ip_address.type, found.ip_address.ip) == ("Private", "10.0.2.4")
    assert found.ip_address.fqdn is None
    assert [one.id for one in found.subnet_ids] == [subnet]
    assert (found.os_type, found.restart_policy, found.sku) == ("Linux", "Always", "Standard")
    assert found.provisioning_state == "Succeeded"
    assert found.instance_view.state == "Running"
    (one,) = found.containers
    assert (one.resources.requests.cpu, one.resources.requests.memory_in_gb) == (1, 1)


def test_groups_share_no_address_and_hold_their_subnet(azure, subnet):
    azure.put(TARGET, body(subnet))
    second = azure.put(f"{CONTAINERS}/second", body(subnet))
    assert second["properties"]["ipAddress"]["ip"] == "10.0.2.5"
    azure.put(f"{CONTAINERS}/third", body(subnet))
    assert azure.refuses(f"{CONTAINERS}/fourth", body(subnet)).code == "SubnetIsFull"
    with pytest.raises(ArmError, match="in use by"):
        azure.delete(SUBNET)


def test_secrets_are_never_shown(azure):
    variables = [
        {"name": "PLAIN", "value": "shown"},
        {"name": "HIDDEN", "secureValue": "the secret"},
    ]
    given = body(
        None,
        container(environmentVariables=variables),
        imageRegistryCredentials=[
            {"server": "r.azurecr.io", "username": "u", "password": "the secret"}
        ],
        volumes=[{"name": "v", "secret": {"file": "the secret"}}],
    )
    first = azure.put(TARGET, given)
    assert azure.put(TARGET, given) == first
    found = models.ContainerGroup.deserialize(azure.get(TARGET))
    plain, hidden = found.containers[0].environment_variables
    assert (plain.value, hidden.name, hidden.secure_value) == ("shown", "HIDDEN", None)
    assert found.image_registry_credentials[0].password is None
    assert "the secret" not in json.dumps(azure.store.get(azure.id(TARGET)))
    variables[1]["secureValue"] = "another secret"
    assert azure.put(TARGET, given)["etag"] != first["etag"]


def test_subnet_exists_and_is_delegated(azure, subnet):
    assert azure.refuses(TARGET, body(f"{subnet}x")).code == "SubnetNotFound"
    plain = azure.put(
        "Microsoft.Network/virtualNetworks/vnet/subnets/plain",
        {"properties": {"addressPrefix": "10.0.3.0/24"}},
    )
    assert "must be delegated" in azure.refuses(TARGET, body(plain["id"])).message


def test_public_address_stands_outside_a_subnet(azure, subnet):
    public = {"type": "Public", "ports": [{"port": 8080}], "dnsNameLabel": "target"}
    shown = azure.put(TARGET, body(ipAddress=public))["properties"]["ipAddress"]
    assert shown["fqdn"] == "target.westeurope.azurecontainer.io"
    assert shown["ip"].startswith("198.51.100.")
    other = f"{CONTAINERS}/other"
    azure.refuses(other, body(subnet, ipAddress={"type": "Public", "ports": [{"port": 8080}]}))
    azure.refuses(other, body(ipAddress={"type": "Private", "ports": [{"port": 8080}]}))


@pytest.mark.parametrize(
    "changes",
    [
        {"osType": None},
        {"osType": "Plan9"},
        {"containers": []},
        {"containers": [container(), container(port=81)]},
        {"containers": [container(), container("other")]},
        {"containers": [container(image=None)]},
        {"containers": [container(resources={})]},
        {"containers": [container(resources={"requests": {"cpu": 0, "memoryInGB": 1}})]},
        {"containers": [container(volumeMounts=[{"name": "none", "mountPath": "/x"}])]},
        {"containers": [container(environmentVariables=[{"name": "a b", "value": "x"}])]},
        {"ipAddress": {"type": "Public", "ports": [{"port": 9090}]}},
        {"ipAddress": {"type": "Public", "ports": []}},
        {"restartPolicy": "Sometimes"},
    ],
)
def test_bad_group_is_refused(azure, changes):
    assert azure.refuses(TARGET, body(**changes)).status == 400


def test_group_in_place_takes_another_image_and_nothing_bigger(azure, subnet):
    azure.put(TARGET, body(subnet))
    azure.put(TARGET, body(subnet, container(image="example.azurecr.io/target:2")))
    bigger = container(resources={"requests": {"cpu": 2, "memoryInGB": 1}})
    for given in (body(subnet, bigger), body(subnet, restartPolicy="Never"), body()):
        assert azure.refuses(TARGET, given).code == "InvalidContainerGroupUpdate"


def test_group_is_stopped_and_started(azure):
    azure.put(TARGET, body())
    azure.post(TARGET, "stop")
    assert azure.get(TARGET)["properties"]["instanceView"]["state"] == "Stopped"
    azure.put(TARGET, body())
    assert azure.get(TARGET)["properties"]["instanceView"]["state"] == "Stopped"
    azure.post(TARGET, "start")
    assert azure.get(TARGET)["properties"]["instanceView"]["state"] == "Running"
