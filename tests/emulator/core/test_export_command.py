"""`azlocal export` writes templates that other tools can read."""

import json

from typer.testing import CliRunner

from emulator.arm.store import Store
from emulator.cli.main import app
from emulator.server.home import VARIABLE, Home

SUBSCRIPTION = "/subscriptions/s1"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"


def filled(folder) -> None:
    home = Home(folder)
    home.prepare()
    store = Store(home.store)
    store.put({"id": GROUP, "location": "westeurope", "properties": {}})
    store.put(
        {
            "id": VAULT,
            "location": "westeurope",
            "properties": {"enablePurgeProtection": True, "provisioningState": "Succeeded"},
        }
    )
    store.put({"id": f"{VAULT}/secrets/password", "properties": {"value": "hunter2"}})
    lock = f"{VAULT}/providers/Microsoft.Authorization/locks/keep"
    store.put({"id": lock, "properties": {"level": "CanNotDelete"}})
    store.close()


def test_each_group_and_the_subscription_get_a_template(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    filled(tmp_path)
    ran = CliRunner().invoke(app, ["export", "--arm-template", str(tmp_path / "arm")])
    assert ran.exit_code == 0, ran.output
    assert sorted(file.name for file in (tmp_path / "arm").iterdir()) == [
        "rg.json",
        "subscription.json",
    ]
    template = json.loads((tmp_path / "arm" / "rg.json").read_text())
    vault, secret, lock = template["resources"]
    assert vault["type"] == "Microsoft.KeyVault/vaults"
    assert vault["apiVersion"] == "2024-11-01"
    assert vault["name"] == "kv"
    assert vault["properties"]["enablePurgeProtection"] is True
    assert "provisioningState" not in vault["properties"]
    assert (secret["type"], secret["name"]) == ("Microsoft.KeyVault/vaults/secrets", "kv/password")
    assert lock["scope"] == VAULT
    assert "hunter2" not in json.dumps(template)


def test_nothing_to_export_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    ran = CliRunner().invoke(app, ["export", "--arm-template", str(tmp_path / "arm")])
    assert ran.exit_code == 1
    assert "deploy something first" in ran.output
    assert not (tmp_path / "arm").exists()
