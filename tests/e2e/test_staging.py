"""From dev through staging to prod on one local Azure: staging tests and signs, prod wants it."""

import json
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell, copy_of_project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("staging"),
    pytest.mark.timeout(1800),
]

EDIT = Path(__file__).parent / "fixtures" / "edited_result.py"
# As closed as the repository's own stacks and as small as dev: policies, which ask for more of both
# environments, are tested elsewhere.
SMALL = """
config:
  azure-mlops:grant_deployer: true
  azure-mlops:network: {{address_space: 10.{net}.0.0/16}}
  azure-mlops:workspace: {{outbound: approved}}
  azure-mlops:monitoring: {{daily_cap_gb: 1}}
  azure-mlops:release: {{approval: {approval}}}
  azure-mlops:budget: {{monthly_amount: 1000}}
  azure-mlops:shared: {{ml_registry: {registry}}}
"""
SCORE = """
import os
import sys
import httpx
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
_, uri, deployment = sys.argv
token = DefaultAzureCredential().get_token("https://ml.azure.com/.default").token
headers = {"authorization": f"Bearer {token}", "azureml-model-deployment": deployment}
with httpx.Client(proxy=os.environ["HTTPS_PROXY"], verify=os.environ["SSL_CERT_FILE"]) as http:
    print("answered", http.post(uri, headers=headers, json={}).status_code)
"""
URI = """
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
_, *place, endpoint = sys.argv
client = MLClient(DefaultAzureCredential(), *place)
print("uri", client.online_endpoints.get(endpoint).scoring_uri)
"""


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    """A local Azure of its own: dev with the registry and a trained model, staging, prod."""
    folder = copy_of_project(tmp_path_factory.mktemp("staging") / "project")
    shell = Shell(tmp_path_factory.mktemp("azure") / "home", folder)
    shell.azlocal("start", "--port", "0").ok()
    try:
        with (folder / "Pulumi.dev.yaml").open("a") as dev:
            dev.write("  azure-mlops:owns: [ml_registry]\n")
        shell.up("dev").ok()
        shell.mlops("train", "--stack", "dev", timeout=420).ok()
        registry = outputs(shell, "dev")["model_registry_id"]
        for stack, net, approval in (("staging", 20, "none"), ("prod", 30, "required")):
            small = SMALL.format(net=net, approval=approval, registry=registry)
            (folder / f"Pulumi.{stack}.yaml").write_text(small)
            shell.pulumi("up", "--yes", "--stack", stack, timeout=600).ok()
        yield shell
    finally:
        shell.azlocal("stop").ok()


def outputs(shell: Shell, stack: str) -> dict[str, str]:
    return json.loads(shell.pulumi("stack", "output", "--json", "--stack", stack).ok().out)


def place(shell: Shell, stack: str) -> list[str]:
    found = outputs(shell, stack)
    return [found[name] for name in ("subscription_id", "resource_group", "workspace")]


def promoted(shell: Shell, to: str, *more: str) -> dict:
    ran = shell.mlops("promote", "flights-late", "--to", to, "--json", *more, timeout=600).ok()
    return json.loads(ran.out[ran.out.index("\n{") :])


@pytest.fixture(scope="module")
def tested(stacks) -> dict:
    said = stacks.mlops("promote", "flights-late", "--to", "staging", "--dry-run").ok().out
    assert "would then, unless a result holds: deploy it at flights" in said
    assert "would promote flights-late:1 to staging" in said
    return promoted(stacks, "staging")


def test_staging_tests_what_it_gets_and_leaves_it_without_traffic(stacks, tested):
    found = tested["tested"]
    assert found["outcome"] == "pass"
    assert [one["rule"] for one in found["results"]] == ["ready", "contract", "smoke", "load"]
    assert found["model"]["content"]["digest"] == tested["digest"]
    assert found["where"]["workspace"].endswith(outputs(stacks, "staging")["workspace"])
    shown = json.loads(stacks.mlops("status", "--stack", "staging", "--json").ok().out)
    assert shown["deployments"] == {found["where"]["deployment"]: "ready"}
    assert shown["traffic"]["live"] == {}


def test_what_was_tested_is_not_tested_again(stacks, tested):
    assert promoted(stacks, "staging")["tested"]["job"] == tested["tested"]["job"]


def test_training_may_not_call_what_the_gate_tests(stacks, tested):
    where = tested["tested"]["where"]
    words = (*place(stacks, "staging"), where["endpoint"])
    shown = stacks.azlocal("exec", "--", sys.executable, "-c", URI, *words).ok().out
    uri = shown.split("uri ")[1].split()[0]
    call = ("--", sys.executable, "-c", SCORE, uri, where["deployment"])
    caller = "id-mlops-staging-weu-cluster-"
    assert "answered 403" in stacks.azlocal("exec", "--as", f"{caller}cpu", *call).ok().out
    assert "answered 424" in stacks.azlocal("exec", "--as", f"{caller}gate", *call).ok().out


def test_prod_wants_an_approver_who_did_not_ask(stacks, tested):
    assert tested["tested"]
    ran = stacks.mlops("promote", "flights-late", "--to", "prod")
    assert ran.code == 1
    assert "prod wants an approval by somebody other than" in ran.out


def test_an_edited_result_opens_nothing_until_staging_tests_again(stacks, tested):
    words = (sys.executable, str(EDIT), *place(stacks, "staging"))
    stacks.azlocal("exec", "--", *words).ok()
    ran = stacks.mlops("promote", "flights-late", "--to", "prod", "--approved-by", "bob")
    assert ran.code == 1
    assert "edited after it was signed" in ran.out
    again = promoted(stacks, "staging")["tested"]
    assert again["job"] != tested["tested"]["job"]
    made = promoted(stacks, "prod", "--approved-by", "bob")
    assert made["digest"] == tested["digest"]
    assert made["tags"]["accepted_by_job"] == again["job"]
    assert made["tags"]["approved_by"] == "bob"
