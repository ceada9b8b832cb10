"""A workspace in this process with an endpoint, whose deployments are noted and not started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.azureml import attach
from emulator.azureml.text import NAMESPACE
from emulator.serving.faults import Faults
from tests.emulator.azureml_world import CONDA, WORKSPACE, World

ENDPOINT = f"{WORKSPACE}/onlineEndpoints/flights"
CODE = f"{WORKSPACE}/codes/c/versions/1"
ENVIRONMENT = f"{WORKSPACE}/environments/serve/versions/1"


class Noted:
    """In the place of the service: what it was asked to do."""

    def __init__(self, home: Path) -> None:
        self.faults = Faults(home / "faults.json")
        self.deployed: list[str] = []
        self.scaled: list[int] = []
        self.removed: list[str] = []

    def deploy(self, deployment: dict) -> str:
        self.deployed.append(deployment["name"])
        return "op"

    def scale(self, deployment: dict, count: int) -> None:
        assert deployment["name"]
        self.scaled.append(count)

    def remove(self, deployment_id: str) -> None:
        self.removed.append(deployment_id.rpartition("/")[2])

    def newest(self, deployment_id: str) -> str:
        assert deployment_id
        return "op"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    attach(world.services)
    world.services.azureml.serving = Noted(tmp_path)
    world.build()
    for id_, kind, properties in (
        (CODE, "codes", {"codeUri": "u"}),
        (ENVIRONMENT, "environments", {"condaFile": CONDA}),
    ):
        type_ = f"{NAMESPACE}/workspaces/{kind}/versions"
        world.store.put({"id": id_, "type": type_, "properties": properties})
    body = {"location": "westeurope", "properties": {"authMode": "Key"}}
    world.put(ENDPOINT, body)
    yield world
    for stop in reversed(world.services.at_stop):
        stop()
    world.store.close()
