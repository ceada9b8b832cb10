"""Dev on the local Azure: what `pulumi up` makes, and that it then has nothing more to do."""

import json
import re
import subprocess

import pytest

from tests.e2e.conftest import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("platform"), pytest.mark.timeout(600)]


def git_status(folder) -> str:
    return subprocess.run(
        ["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_a_second_up_reports_no_change_and_leaves_the_checkout_clean(platform):
    # what other tests have deployed since comes into the state first, as it does on any up
    platform.pulumi("refresh", "--yes", "--stack", "dev").ok()
    again = platform.up().ok()
    assert "unchanged" in again.out
    for word in ("to create", "to update", "to replace", " created", " updated", " replaced"):
        assert word not in again.out
    assert git_status(platform.folder) == ""


def test_a_refresh_finds_what_up_made(platform):
    refreshed = platform.pulumi("refresh", "--yes", "--stack", "dev", "--expect-no-changes")
    assert refreshed.code == 0, refreshed.out


def test_resources_are_shown_in_arms_own_shape(platform):
    resources = {resource["type"].lower(): resource for resource in platform.resources()}
    account = resources["microsoft.storage/storageaccounts"]
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["publicNetworkAccess"] == "Disabled"
    assert account["properties"]["supportsHttpsTrafficOnly"] is True
    workspace = resources["microsoft.machinelearningservices/workspaces"]
    assert workspace["properties"]["publicNetworkAccess"] == "Disabled"
    assert workspace["identity"]["type"]
    assert workspace["tags"]


def test_every_private_only_resource_has_a_private_endpoint(platform):
    resources = platform.resources()
    reached = {
        connection["properties"]["privateLinkServiceId"].lower()
        for resource in resources
        if resource["type"].lower() == "microsoft.network/privateendpoints"
        for connection in resource["properties"]["privateLinkServiceConnections"]
    }
    # An endpoint of a workspace is reached through its workspace's private endpoint.
    private = {
        resource["id"].lower().partition("/onlineendpoints/")[0]
        for resource in resources
        if resource["properties"].get("publicNetworkAccess") == "Disabled"
    }
    assert private
    assert private <= reached


def test_the_outputs_name_what_the_pipelines_need(platform):
    shown = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok()
    outputs = json.loads(shown.out)
    for name in ("resource_group", "workspace", "subscription_id", "storage_account"):
        assert outputs[name]


def test_no_secret_is_in_the_exported_state(platform):
    state = platform.pulumi("stack", "export", "--stack", "dev").ok().out
    secret = (platform.home / "secret").read_bytes()
    assert secret.hex() not in state
    for word in ("AccountKey=", 'clientSecret": "', '"primaryKey": "', "BEGIN PRIVATE KEY"):
        assert word not in state


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_other_environments_preview_without_a_violation(platform, stack):
    shown = platform.pulumi("preview", "--stack", stack, "--policy-pack", "policies").ok()
    assert "to create" in shown.out
    assert "[mandatory]" not in shown.out
    # What is advice only has its reason in the document, or it is mended.
    told = set(re.findall(r"\[advisory\] \[severity: \w+\] +([a-z-]+)", shown.out))
    reasons = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \| .{40,} \|$", reasons, re.MULTILINE)
    assert told <= {rule for rule, stacks in rows if stack in stacks.split(", ")}
