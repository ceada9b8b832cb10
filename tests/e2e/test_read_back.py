"""What stacks made, read back through Microsoft's own clients and held against what was given."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import yaml
from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from emulator.cli.environment import variables
from emulator.server.home import SUBSCRIPTION_ID, TENANT_ID, Home
from shapes import catalog
from tests.e2e.conftest import BIN, Shell, copy_of_project
from tests.infra.stacks import PROJECT, wide
from tests.read_back.leaves import UNREAD, Leaf, leaves, missing
from tests.read_back.readers import READERS, Clients
from tests.read_back.second_source import WANTED, differing


def resources(shell: Shell, stack: str) -> list[dict]:
    """Return Azure's resources in a stack's state."""
    command = [BIN / "azlocal", "exec", "--", "pulumi", "stack", "export", "--stack", stack]
    answer = subprocess.run(
        command, cwd=shell.folder, env=shell.environment(), capture_output=True, check=True
    )
    state = json.loads(answer.stdout)["deployment"]["resources"]
    return [each for each in state if each["type"].startswith("azure-native:")]


def given(resource: Mapping) -> dict[str, object]:
    """Return the inputs that a body can show: names in the path and what is unread are not."""
    inputs = catalog.resource(resource["type"]).inputs
    unread = UNREAD.get(resource["type"], frozenset())
    return {
        name: value
        for name, value in resource["inputs"].items()
        if name not in unread and not (name in inputs and inputs[name].in_path)
    }


@contextmanager
def signed_in(shell: Shell) -> Iterator[ClientSecretCredential]:
    """Make this process a client of a local Azure for a while."""
    home = Home(shell.home)
    running = home.running()
    assert running
    there = variables(home, running)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in there.items():
            patch.setenv(name, value)
        yield ClientSecretCredential(TENANT_ID, there["ARM_CLIENT_ID"], there["ARM_CLIENT_SECRET"])


def lost(shell: Shell, stack: str, credential: ClientSecretCredential) -> dict[str, list[Leaf]]:
    """Return for each resource what was given and does not read back."""
    clients = Clients(credential, SUBSCRIPTION_ID)
    found = {}
    for each in resources(shell, stack):
        body = READERS[each["type"]].read(clients, each["id"])
        if gone := missing(given(each), body):
            found[each["urn"]] = gone
    return found


@pytest.mark.e2e
@pytest.mark.xdist_group("platform")
@pytest.mark.timeout(600)
def test_what_dev_gave_reads_back(platform):
    made = resources(platform, "dev")
    assert len(made) > 200
    assert sum(1 for each in made for _ in leaves(given(each))) > 2000
    with signed_in(platform) as credential:
        assert lost(platform, "dev", credential) == {}


def in_arm(shell: Shell, stack: str) -> list[dict]:
    """Return ARM's bodies in a stack's resource groups; services run some for themselves."""
    groups = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-mlops-{stack}-".lower()
    return [one for one in shell.resources() if one["id"].lower().startswith(groups)]


@pytest.mark.e2e
@pytest.mark.xdist_group("platform")
@pytest.mark.timeout(600)
def test_what_matters_stands_where_others_look_for_it(platform):
    wrong, seen = differing(in_arm(platform, "dev"))
    assert wrong == []
    assert len(seen) == 10


def hub(credential: ClientSecretCredential) -> str:
    """Make somebody else's network to peer with and return its id."""
    groups = ResourceManagementClient(credential, SUBSCRIPTION_ID).resource_groups
    groups.create_or_update("hub", {"location": "westeurope"})
    networks = NetworkManagementClient(credential, SUBSCRIPTION_ID).virtual_networks
    space = {"addressPrefixes": ["10.250.0.0/16"]}
    made = {"location": "westeurope", "properties": {"addressSpace": space}}
    return networks.begin_create_or_update("hub", "hub", made).result().id


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(1800)
def test_what_a_stack_with_every_option_gave_reads_back(tmp_path):
    shell = Shell(tmp_path / "home", copy_of_project(tmp_path / "project"))
    shell.azlocal("start", "--port", "0").ok()
    with signed_in(shell) as credential:
        settings = {f"{PROJECT}:{key}": value for key, value in wide(hub(credential)).items()}
        (shell.folder / "Pulumi.wide.yaml").write_text(yaml.safe_dump({"config": settings}))
        shell.pulumi("up", "--yes", "--stack", "wide", timeout=1200).ok()
        assert lost(shell, "wide", credential) == {}
    assert differing(in_arm(shell, "wide")) == ([], set(WANTED))
    shell.azlocal("stop").ok()
