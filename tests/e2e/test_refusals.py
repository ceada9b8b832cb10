"""Bad input: one clear error, and nothing changed."""

import socket
import subprocess
import textwrap
from pathlib import Path

import psutil
import pytest
import yaml

from tests.e2e.conftest import BIN, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("refusals"), pytest.mark.timeout(300)]

PROGRAM = """
import pulumi
from pulumi_azure_native import resources, storage

group = resources.ResourceGroup("group", resource_group_name="rg-refused", location="westeurope")
"""


def program(azure: Shell, folder: Path, body: str) -> Shell:
    """Make a Pulumi project of its own beside the platform."""
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: refused\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM + textwrap.dedent(body))
    return azure.elsewhere(folder)


def change(shell: Shell, stack: str, **values: object) -> None:
    """Set config keys of the project's copy of a stack file."""
    file = shell.folder / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"] |= {f"azure-mlops:{key}": value for key, value in values.items()}
    file.write_text(yaml.safe_dump(content))


def test_a_wrong_enum_is_found_before_anything_is_created(azure, tmp_path):
    shell = program(
        azure,
        tmp_path / "enum",
        """
        storage.StorageAccount("data", account_name="strefused1", kind="StorageV2",
            resource_group_name="rg-refused", sku={"name": "Standard_Gold"})
        """,
    )
    ran = shell.pulumi("up", "--yes", "--stack", "dev", "--skip-preview")
    assert ran.code != 0
    assert "sku.name" in ran.out
    assert "Standard_Gold" in ran.out
    assert "Standard_LRS" in ran.out
    assert not any(found["name"] == "strefused1" for found in azure.resources())


def test_a_missing_required_property_is_named(azure, tmp_path):
    shell = program(
        azure,
        tmp_path / "required",
        """
        class Account(pulumi.CustomResource):
            def __init__(self, name):
                super().__init__("azure-native:storage:StorageAccount", name,
                    {"resourceGroupName": "rg-refused", "accountName": "strefused2",
                     "kind": "StorageV2"})

        Account("data")
        """,
    )
    ran = shell.pulumi("preview", "--stack", "dev")
    assert ran.code != 0
    assert "sku" in ran.out
    assert "required" in ran.out


def test_a_name_that_azure_would_refuse_stops_with_its_rule(azure, tmp_path):
    shell = program(
        azure,
        tmp_path / "name",
        """
        storage.StorageAccount("data", account_name="Not_Allowed", kind="StorageV2",
            resource_group_name=group.name, sku={"name": "Standard_LRS"})
        """,
    )
    ran = shell.pulumi("up", "--yes", "--stack", "dev", "--skip-preview")
    assert ran.code != 0
    assert "Not_Allowed" in ran.out
    assert not any(found["name"] == "Not_Allowed" for found in azure.resources())


def test_an_unknown_stack_lists_the_known_ones(project):
    ran = project.pulumi("up", "--yes", "--stack", "nope")
    assert ran.code != 0
    assert "nope" in ran.out
    for known in ("dev", "staging", "prod"):
        assert known in ran.out
    assert not (project.folder / "Pulumi.nope.yaml").exists()


def test_a_typo_in_a_config_key_is_one_error_with_the_right_key(project):
    before = len(project.resources())
    change(project, "dev", locaton="westeurope")
    ran = project.pulumi("up", "--yes", "--stack", "dev")
    assert ran.code != 0
    assert "locaton" in ran.out
    assert "did you mean" in ran.out.lower()
    assert "Traceback" not in ran.out
    assert len(project.resources()) == before


def test_overlapping_subnets_are_one_error_that_names_them(project):
    before = len(project.resources())
    same = {"private_endpoints": "10.10.0.0/24", "access": "10.10.0.128/26"}
    change(project, "dev", network={"stamps": {"westeurope": same}})
    ran = project.pulumi("up", "--yes", "--stack", "dev")
    assert ran.code != 0
    assert "overlap" in ran.out.lower()
    assert "10.10.0.128/26" in ran.out
    assert "Traceback" not in ran.out
    assert len(project.resources()) == before


def test_a_mandatory_violation_stops_up_before_the_resource_exists(azure, tmp_path):
    shell = program(
        azure,
        tmp_path / "violation",
        """
        storage.StorageAccount("data", account_name="stviolation", kind="StorageV2",
            resource_group_name=group.name, sku={"name": "Standard_LRS"},
            allow_blob_public_access=True, public_network_access="Enabled")
        """,
    )
    pack = Path(__file__).parents[2] / "policies"
    ran = shell.pulumi(
        "up", "--yes", "--skip-preview", "--stack", "dev", "--policy-pack", str(pack)
    )
    assert ran.code != 0
    assert "mandatory" in ran.out
    assert "allowBlobPublicAccess" in ran.out
    assert not any(found["name"] == "stviolation" for found in azure.resources())


def test_a_taken_port_is_one_error_that_names_it_and_the_way_out(azure, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        other = Shell(tmp_path / "home", azure.folder)
        ran = other.azlocal("start", "--port", port)
    assert ran.code != 0
    assert port in ran.out
    assert "--port" in ran.out
    assert "Traceback" not in ran.out


def test_commands_without_a_started_local_azure_say_how_to_start_it(tmp_path, azure):
    other = Shell(tmp_path / "home", azure.folder)
    ran = other.azlocal("exec", "--", "true")
    assert ran.code != 0
    assert "azlocal start" in ran.out


def test_a_host_outside_the_machine_is_refused_and_logged(azure):
    answer = subprocess.run(
        [
            *(BIN / "azlocal", "exec", "--", "python", "-c"),
            "import httpx; httpx.get('https://example.com')",
        ],
        env=azure.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert "403" in answer.stderr
    log = azure.home / "logs" / "refused.jsonl"
    assert "example.com" in log.read_text()


def test_the_local_azure_listens_on_loopback_only(azure):
    server = psutil.Process(int(azure.azlocal("status").out.split("pid")[1].split()[0]))
    listening = [
        connection.laddr.ip
        for process in (server, *server.children(recursive=True))
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3  # proxy, TLS and the plain listener
    assert set(listening) == {"127.0.0.1"}
