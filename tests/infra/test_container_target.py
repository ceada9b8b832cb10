"""The container that tests call: in the network, with nothing to lose."""

import json
import subprocess
import sys
from http.client import HTTPConnection

import pytest

from infra.__main__ import main
from infra.components import test_target as component
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config


@pytest.fixture(scope="module")
def made() -> Recording:
    given = {f"{PROJECT}:serving": json.dumps({"test_target": True})}
    return record(main, config={**stack_config("dev"), **given})


@pytest.fixture
def server(monkeypatch):
    """The container's program, run here on another port."""
    text = component._SERVER.replace(f'("", {component._PORT})', '("127.0.0.1", 0)')
    text = text.replace("ThreadingHTTPServer((", "server = ThreadingHTTPServer((").replace(
        ".serve_forever()", "\nprint(server.server_port, flush=True)\nserver.serve_forever()"
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield "127.0.0.1", int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def post(address: tuple[str, int], body: bytes) -> tuple[int, object]:
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request("POST", "/score", body)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def test_without_the_setting_there_is_no_target(dev):
    assert not dev.all("containerinstance:ContainerGroup")
    assert "test_target" not in dev.outputs


def test_the_target_has_an_address_in_its_own_subnet_only(made):
    group = made.one("containerinstance:ContainerGroup").inputs
    assert group["ipAddress"]["type"] == "Private"
    assert "dnsNameLabel" not in group["ipAddress"]
    assert group["subnetIds"] == [{"id": "/id/network:Subnet/network-weu-container-instances"}]
    assert "test_target" in made.outputs


def test_the_target_holds_no_credential_and_its_identity_no_role(made):
    group = made.one("containerinstance:ContainerGroup").inputs
    (container,) = group["containers"]
    assert container["image"].startswith("mcr.microsoft.com/")
    assert not container["image"].endswith(":latest")
    assert not {"imageRegistryCredentials", "diagnostics", "volumes"} & group.keys()
    assert "environmentVariables" not in container
    assert group["identity"]["type"] == "UserAssigned"
    held = {r.inputs["principalId"] for r in made.all("authorization:RoleAssignment")}
    assert "principal-of-test-target-identity-weu-test-target" not in held


def test_the_target_answers_as_an_endpoint_does(server):
    rows = json.dumps({"input_data": {"data": [[1, 2], [3, 4]]}}).encode()
    assert post(server, rows) == (200, [0.0, 0.0])
    status, answer = post(server, b"{}")
    assert status == 400
    assert "input_data.data" in str(answer)
