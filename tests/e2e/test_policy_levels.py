"""Each enforcement level of a policy, in the real engine."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.e2e.conftest import BIN, Ran, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("refusals"), pytest.mark.timeout(300)]

SOON = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)).isoformat()
PACK = Path(__file__).parents[2] / "policies"
PROGRAM = """
from pulumi_azure_native import resources, storage

group = resources.ResourceGroup("group", resource_group_name="rg-levels", location="westeurope")
storage.StorageAccount("data", account_name="stlevels", kind="StorageV2",
    resource_group_name=group.name, sku={"name": "Standard_ZRS"}, minimum_tls_version="TLS1_0",
    allow_blob_public_access=False, allow_shared_key_access=False,
    public_network_access="Disabled")
"""


def run(azure: Shell, folder: Path, command: str, level: str, **environment: str) -> Ran:
    (folder / "Pulumi.yaml").write_text("name: levels\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    config = folder / "policies.json"
    # What is not asked about here is advice, so that the one rule alone decides.
    config.write_text(
        json.dumps({"all": "advisory", "storage-min-tls": level, "waivers": "mandatory"})
    )
    pulumi = (BIN / "azlocal", "exec", "--", "pulumi", *command.split(), "--stack", "dev")
    packs = ("--policy-pack", PACK, "--policy-pack-config", config)
    return azure.elsewhere(folder).run(*pulumi, *packs, **environment)


@pytest.mark.parametrize(
    ("level", "stops", "told"),
    [("mandatory", True, True), ("advisory", False, True), ("disabled", False, False)],
)
def test_a_level_decides_whether_a_violation_is_told_and_whether_it_stops(
    azure, tmp_path, level, stops, told
):
    ran = run(azure, tmp_path, "preview", level)
    assert (ran.code != 0) is stops, ran.out
    assert ("minimumTlsVersion" in ran.out) is told, ran.out
    assert (f"[{level}]" in ran.out) is told, ran.out


def test_a_waiver_lets_off_and_is_told_and_one_without_use_stops(azure, tmp_path):
    waiver = {"reason": "It is a test.", "owner": "one", "approver": "two", "expires": SOON}
    used = waiver | {"rule": "storage-min-tls", "resource": "data"}
    unused = waiver | {"rule": "storage-https-only", "resource": "gone"}
    file = tmp_path / "waivers.yaml"
    for waivers, stops in (([used], False), ([used, unused], True)):
        file.write_text(json.dumps({"waivers": waivers}))
        ran = run(azure, tmp_path, "preview", "mandatory", AZURE_MLOPS_WAIVERS=str(file))
        assert (ran.code != 0) is stops, ran.out
        assert f"Waived until {SOON} by one, approved by two: It is a test." in ran.out
        assert ('no such resource is named "gone"' in ran.out) is stops, ran.out


def test_the_level_remediate_changes_what_is_sent_to_azure(azure, tmp_path):
    ran = run(azure, tmp_path, "up --yes --skip-preview", "remediate").ok()
    assert "storage-min-tls" in ran.out
    assert "[mandatory]" not in ran.out
    state = azure.elsewhere(tmp_path).pulumi("stack", "export", "--stack", "dev").ok().out
    assert '"minimumTlsVersion": "TLS1_2"' in state
    assert "TLS1_0" not in state
