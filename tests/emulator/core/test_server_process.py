"""The server as users have it: started, asked through the proxy, killed, started again."""

import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import psutil
import pytest

from tests.emulator.conftest import Served
from tests.emulator.core.conftest import API, ARM, GROUP, SUBSCRIPTION

pytestmark = pytest.mark.e2e


@pytest.fixture
def own(tmp_path):
    """A local Azure that a test may stop or kill."""
    served = Served(tmp_path / "home")
    served.start()
    yield served
    served.azlocal("stop")


def pid_of(served: Served) -> int:
    return json.loads(served.azlocal("status", "--json").stdout)["pid"]


def client_of(served: Served, place: str | None = None) -> httpx.Client:
    environment = served.environment()
    return served.client(environment, place, served.token(environment, f"{ARM}/.default"))


def test_a_killed_server_lost_nothing_that_it_acknowledged(own):
    acknowledged = []
    with client_of(own) as client:
        for number in range(40):
            url = f"{ARM}{SUBSCRIPTION}/resourceGroups/rg{number}"
            body = {"location": "westeurope", "tags": {"n": str(number)}}
            assert client.put(url, params=API, json=body).status_code == 201
            acknowledged.append(f"rg{number}")
    os.kill(pid_of(own), signal.SIGKILL)
    assert "azlocal start" in own.azlocal("exec", "--", "true").stderr
    own.start()
    listed = json.loads(own.azlocal("resources", "--json", "--type", "resourceGroups").stdout)
    assert [one["name"] for one in listed] == acknowledged
    with client_of(own) as client:
        again = client.get(f"{ARM}{SUBSCRIPTION}/resourceGroups/rg39", params=API)
        assert again.json()["tags"] == {"n": "39"}


def test_a_second_start_finds_the_first_and_a_stop_ends_it(own):
    before = pid_of(own)
    again = own.azlocal("start", "--port", "0")
    assert again.returncode == 0
    assert "already" in again.stdout
    assert own.azlocal("reset", "--yes").returncode == 1
    assert own.azlocal("stop").returncode == 0
    assert not psutil.pid_exists(before) or psutil.Process(before).status() == "zombie"
    assert own.azlocal("status").returncode == 3
    assert own.azlocal("reset", "--yes").returncode == 0
    assert not own.home.exists()


def test_only_one_server_runs_on_a_state_folder(served):
    second = subprocess.run(
        [sys.executable, "-m", "emulator.server.main", "--home", str(served.home), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "already" in second.stderr


def test_a_taken_port_is_named_with_the_way_out(tmp_path):
    other = Served(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = other.azlocal("start", "--port", port)
    assert answer.returncode == 1
    assert port in answer.stderr
    assert "--port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_everything_listens_on_loopback_only(served):
    process = psutil.Process(pid_of(served))
    listening = [one for one in process.net_connections("inet") if one.status == "LISTEN"]
    assert len(listening) == 3
    assert {one.laddr.ip for one in listening} == {"127.0.0.1"}


def test_a_host_elsewhere_is_refused_and_logged(served):
    with client_of(served) as client, pytest.raises(httpx.ProxyError, match="403"):
        client.get("https://example.com/")
    refused = (served.home / "logs" / "refused.jsonl").read_text().splitlines()
    assert json.loads(refused[-1])["host"] == "example.com"


def test_the_place_in_the_proxys_address_reaches_the_server(served, azure_client):
    azure_client(place="internet").get(f"{ARM}/subscriptions", params=API).raise_for_status()
    last = json.loads((served.home / "logs" / "requests.jsonl").read_text().splitlines()[-1])
    assert (last["from"], last["as"], last["path"]) == ("internet", "deployer", "/subscriptions")


def test_a_managed_identity_is_somebody_to_run_commands_as(served, azure_client):
    deployer = azure_client()
    deployer.put(f"{ARM}{GROUP}", params=API, json={"location": "westeurope"}).raise_for_status()
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
    made = deployer.put(f"{ARM}{identity}", params=API, json={"location": "westeurope"}).json()
    environment = served.environment("--as", "worker")
    assert environment["AZURE_CLIENT_ID"] == made["properties"]["clientId"]
    answer = azure_client(principal="worker").get(f"{ARM}{GROUP}", params=API)
    assert answer.json()["error"]["code"] == "AuthorizationFailed"


def test_an_unknown_principal_or_place_is_refused_with_the_known_ones(served):
    nobody = served.azlocal("exec", "--as", "nobody", "--", "true")
    assert nobody.returncode == 1
    assert "deployer" in nobody.stderr
    nowhere = served.azlocal("exec", "--from", "nowhere", "--", "true")
    assert nowhere.returncode == 1
    assert "internet" in nowhere.stderr


def test_exec_passes_on_the_exit_code_and_the_environment(served):
    program = "import os, sys; print(os.environ['AZURE_SUBSCRIPTION_ID']); sys.exit(7)"
    ran = served.azlocal("exec", "--", sys.executable, "-c", program)
    assert ran.returncode == 7
    assert ran.stdout.strip() == SUBSCRIPTION.rpartition("/")[2]


def test_exec_passes_on_signals(served):
    program = "import time; print('up', flush=True); time.sleep(60)"
    command = [sys.executable, "-m", "emulator.cli.main", "exec", "--", sys.executable, "-c"]
    with subprocess.Popen(
        [*command, program],
        env=os.environ | {"AZLOCAL_HOME": str(served.home)},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.terminate()
        assert running.wait(10) in {-signal.SIGTERM, 128 + signal.SIGTERM}


def test_env_prints_lines_that_a_shell_reads(served):
    script = served.azlocal("env").stdout + 'echo "$HTTPS_PROXY $NO_PROXY"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("127.0.0.1,localhost")
    assert shown.stdout.startswith("http://127.0.0.1:")


def test_secrets_in_the_state_folder_are_for_their_owner_only(served):
    served.environment()
    for name in ("secret", "passphrase", "certs/leaf.key"):
        assert (served.home / name).stat().st_mode & 0o077 == 0
    assert served.home.stat().st_mode & 0o077 == 0


def test_a_pipeline_signs_in_by_federation_with_microsofts_own_client(
    served, azure_client, tmp_path
):
    deployer = azure_client()
    deployer.put(f"{ARM}{GROUP}", params=API, json={"location": "westeurope"}).raise_for_status()
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/delivery"
    made = deployer.put(f"{ARM}{identity}", params=API, json={"location": "westeurope"}).json()
    trust = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:contoso/mlops:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    credential = f"{ARM}{identity}/federatedIdentityCredentials/main"
    deployer.put(credential, params=API, json={"properties": trust}).raise_for_status()
    said = served.azlocal(
        "assertion", "--issuer", trust["issuer"], "--subject", trust["subject"]
    ).stdout
    file = tmp_path / "assertion"
    file.write_text(said.strip())
    program = (
        "from azure.identity import WorkloadIdentityCredential as C; import sys;"
        "print(C(client_id=sys.argv[1], token_file_path=sys.argv[2])"
        ".get_token('https://management.azure.com/.default').token.count('.'))"
    )
    client_id = made["properties"]["clientId"]
    ran = served.azlocal(
        "exec", "--", sys.executable, "-W", "ignore", "-c", program, client_id, str(file)
    )
    assert ran.stdout.strip() == "2", ran.stderr
