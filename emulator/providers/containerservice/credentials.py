"""The credentials that a cluster hands out: of local accounts, or a way to sign in."""

import base64
import json
import secrets
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource

_SCHEMA = """CREATE TABLE IF NOT EXISTS kubernetes_tokens (
    cluster TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"""
# The application that every cluster with Microsoft Entra integration has in common.
_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"


def admin(ctx: Context, resource: Resource, _: dict[str, Any]) -> dict[str, Any]:
    """Return the file of the local administrator.

    Raises:
        ArmError: 400: there are no local accounts.
    """
    if resource["properties"]["disableLocalAccounts"]:
        raise ArmError(
            400,
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local "
            "accounts.",
        )
    return _answer(resource, "clusterAdmin", {"token": _token(ctx, resource)})


def user(ctx: Context, resource: Resource, _: dict[str, Any]) -> dict[str, Any]:
    """Return the file of a user, who signs in by Microsoft Entra where the cluster has it."""
    if not resource["properties"].get("aadProfile"):
        return _answer(resource, "clusterUser", {"token": _token(ctx, resource)})
    arguments = ["get-token", "--login", "devicecode", "--server-id", _SERVER]
    arguments += ["--tenant-id", resource["properties"]["aadProfile"]["tenantID"]]
    sign_in = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": arguments,
        "provideClusterInfo": False,
    }
    return _answer(resource, "clusterUser", {"exec": sign_in})


def forget(ctx: Context, resource: Resource) -> None:
    """Drop the credentials of a deleted cluster."""
    ctx.store.execute(_SCHEMA)
    sql = "DELETE FROM kubernetes_tokens WHERE cluster = ?"
    ctx.store.execute(sql, (resource["id"].lower(),))


def _token(ctx: Context, resource: Resource) -> str:
    ctx.store.execute(_SCHEMA)
    key = resource["id"].lower()
    row = (key, secrets.token_hex(64))
    ctx.store.execute("INSERT OR IGNORE INTO kubernetes_tokens VALUES (?, ?)", row)
    rows = ctx.store.query("SELECT value FROM kubernetes_tokens WHERE cluster = ?", (key,))
    return str(rows[0][0])


def _answer(resource: Resource, kind: str, user_: dict[str, Any]) -> dict[str, Any]:
    name, properties = resource["name"], resource["properties"]
    host = properties.get("privateFQDN") or properties["fqdn"]
    who = f"{kind}_{name}"
    file = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{host}:443"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": who}}],
        "current-context": name,
        "users": [{"name": who, "user": user_}],
    }
    # JSON is YAML too, which is what reads this file.
    value = base64.b64encode(json.dumps(file).encode()).decode()
    return {"kubeconfigs": [{"name": kind, "value": value}]}
