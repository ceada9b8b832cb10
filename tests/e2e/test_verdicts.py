"""Who can sign verdicts on the platform that `pulumi up` made, and send jobs to the gate."""

import json
import sys

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("platform"), pytest.mark.timeout(600)]

SIGN = """
import hashlib
import sys
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
address, name = sys.argv[1].rsplit("/keys/", 1)
credential = DefaultAzureCredential()
try:
    key = KeyClient(address, credential).get_key(name)
    print("read", key.name)
    digest = hashlib.sha256(b"anything").digest()
    CryptographyClient(key.id, credential).sign(SignatureAlgorithm.es256, digest)
    print("signed")
except HttpResponseError as error:
    print("refused", error.message)
"""
SEND = """
import sys
from azure.ai.ml import MLClient, command
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
_, subscription, group, workspace = sys.argv
client = MLClient(DefaultAzureCredential(), subscription, group, workspace)
job = command(command="echo signed", environment="azureml:any@latest", compute="gate")
try:
    print("sent", client.jobs.create_or_update(job).name)
except HttpResponseError as error:
    print("refused", error.status_code, error.message)
"""


@pytest.fixture(scope="module")
def outputs(platform) -> dict[str, str]:
    return json.loads(platform.pulumi("stack", "output", "--json", "--stack", "dev").ok().out)


def _said(platform, caller: tuple[str, ...], *words: str) -> str:
    return platform.azlocal("exec", *caller, "--", sys.executable, "-c", *words).ok().out


def _identity(purpose: str) -> tuple[str, str]:
    return "--as", f"id-mlops-dev-weu-{purpose}"


def test_the_gate_signs(platform, outputs):
    said = _said(platform, _identity("cluster-gate"), SIGN, outputs["verdict_key"])
    assert "read verdicts" in said
    assert "signed" in said


@pytest.mark.parametrize("purpose", ["cluster-cpu", "endpoint-flights", "workspace"])
def test_nobody_else_signs(platform, outputs, purpose):
    said = _said(platform, _identity(purpose), SIGN, outputs["verdict_key"])
    assert "signed" not in said
    assert "refused" in said
    assert "not authorized" in said


def test_the_deployer_reads_the_key_and_does_not_sign(platform, outputs):
    said = _said(platform, (), SIGN, outputs["verdict_key"])
    assert "read verdicts" in said
    assert "keys/sign/action" in said


def test_from_the_internet_the_vault_does_not_answer_the_gate_either(platform, outputs):
    caller = (*_identity("cluster-gate"), "--from", "internet")
    said = _said(platform, caller, SIGN, outputs["verdict_key"])
    assert "Public network access is disabled" in said


def test_training_cannot_send_a_job_to_the_gate(platform, outputs):
    place = [outputs[name] for name in ("subscription_id", "resource_group", "workspace")]
    said = _said(platform, _identity("cluster-cpu"), SEND, *place)
    assert "sent" not in said
    assert "refused" in said


def test_the_registered_model_explains_itself_and_its_lineage_holds(platform, trained):
    explained = json.loads(
        platform.mlops("explain", "flights-late", "--stack", "dev", "--json").ok().out
    )
    assert explained["signature"] == "holds"
    assert explained["verdict"]["outcome"] == "pass"
    shown = platform.mlops("lineage", "flights-late", "--stack", "dev").ok().out
    assert "holds" in shown
    assert "differs" not in shown
    assert "gone" not in shown
