"""`azlocal resources` shows what ARM shows: no secret that a type keeps back."""

import json

from typer.testing import CliRunner

from emulator.arm.store import Store
from emulator.cli.main import app
from emulator.server.home import VARIABLE, Home

GROUP = "/subscriptions/s1/resourceGroups/rg"
SECRET = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv/secrets/password"


def test_a_vaults_secret_is_listed_without_its_value(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    store = Store(home.store)
    store.put({"id": SECRET, "properties": {"value": "hunter2", "contentType": "text/plain"}})
    store.close()
    ran = CliRunner().invoke(app, ["resources", "--json"])
    assert ran.exit_code == 0, ran.output
    assert "hunter2" not in ran.output
    shown = {one["id"]: one for one in json.loads(ran.output)}
    assert shown[SECRET]["properties"] == {"contentType": "text/plain"}
