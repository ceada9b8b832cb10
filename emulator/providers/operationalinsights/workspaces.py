"""Log Analytics workspaces."""

import base64
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.store import Resource, now
from emulator.providers.checks import (
    bad,
    between,
    carry,
    choice,
    default,
    located,
    named,
    one_of,
)

TYPE = "Microsoft.OperationalInsights/workspaces"
_SKUS = (
    "PerGB2018",
    "Free",
    "Standalone",
    "PerNode",
    "Standard",
    "Premium",
    "CapacityReservation",
    "LACluster",
)
_FREE_DAYS = 7
_NO_CAP = -1
_LEAST_CAP_GB = 0.023
_SCHEMA = """CREATE TABLE IF NOT EXISTS logs_keys (
    workspace TEXT PRIMARY KEY, first TEXT NOT NULL, second TEXT NOT NULL) WITHOUT ROWID"""


@behaviour
class Workspace(Behaviour):
    """Where logs go, for as many days as it says."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
            "InvalidResourceName",
            "The workspace name '{name}' is not valid: wanted are 4 to 63 letters, digits and "
            "hyphens, a letter or digit first and last.",
        )
        located(resource)
        properties = resource["properties"]
        carry(resource, previous, {"customerId": str(uuid.uuid4()), "createdDate": now()})
        sku = default(properties, "sku", {"name": "PerGB2018"})
        sku["name"] = one_of(sku.get("name"), _SKUS, "properties.sku.name", "InvalidSku")
        _check_retention(properties, sku["name"])
        _check_cap(properties)
        _complete_features(properties)
        for name in ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"):
            choice(properties, name, ("Enabled", "Disabled", "SecuredByPerimeter"), "Enabled")

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        ctx.store.execute(_SCHEMA)
        ctx.store.execute("DELETE FROM logs_keys WHERE workspace = ?", (resource["id"].lower(),))

    @staticmethod
    def shared_keys(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG004 - an action
        """Answer the action sharedKeys."""
        ctx.store.execute(_SCHEMA)
        row = (resource["id"].lower(), _key(), _key())
        ctx.store.execute("INSERT OR IGNORE INTO logs_keys VALUES (?, ?, ?)", row)
        sql = "SELECT first, second FROM logs_keys WHERE workspace = ?"
        first, second = ctx.store.query(sql, row[:1])[0]
        return {"primarySharedKey": first, "secondarySharedKey": second}

    actions: ClassVar[Mapping[str, Action]] = {"sharedkeys": shared_keys}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _check_retention(properties: dict[str, Any], sku: str) -> None:
    path = "properties.retentionInDays"
    days = default(properties, "retentionInDays", _FREE_DAYS if sku == "Free" else 30)
    if sku == "Free":
        if days != _FREE_DAYS:
            sentence = f"'{path}' is {days!r}; the sku Free keeps logs for {_FREE_DAYS} days."
            raise bad(path, sentence)
        return
    between(days, 30, 730, path)


def _check_cap(properties: dict[str, Any]) -> None:
    path = "properties.workspaceCapping.dailyQuotaGb"
    capping = default(properties, "workspaceCapping", {"dailyQuotaGb": _NO_CAP})
    quota = default(capping, "dailyQuotaGb", _NO_CAP)
    number = isinstance(quota, int | float) and not isinstance(quota, bool)
    if not number or (quota != _NO_CAP and quota < _LEAST_CAP_GB):
        sentence = (
            f"'{path}' is {quota!r}; wanted: {_NO_CAP} for no cap, or at least {_LEAST_CAP_GB}."
        )
        raise bad(path, sentence)
    capping["dataIngestionStatus"] = "RespectQuota"


def _complete_features(properties: dict[str, Any]) -> None:
    features = default(properties, "features", {})
    default(features, "legacy", 0)
    default(features, "searchVersion", 1)
    for name, initial in (
        ("enableLogAccessUsingOnlyResourcePermissions", True),
        ("disableLocalAuth", False),
    ):
        value = default(features, name, initial)
        if not isinstance(value, bool):
            path = f"properties.features.{name}"
            raise bad(path, f"'{path}' is {value!r}; wanted: true or false.")
