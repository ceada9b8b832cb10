"""Tables of a workspace, and what is copied out of them."""

import re
import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, between, carry, choice, flag, required
from emulator.providers.operationalinsights.workspaces import TYPE as WORKSPACE

_PLANS = ("Analytics", "Basic", "Auxiliary")
_BASIC_DAYS = 30
_MOST_DAYS, _MOST_KEPT = 730, 4383
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_SINKS = ("microsoft.storage/storageaccounts", "microsoft.eventhub/namespaces")


@behaviour
class Table(Behaviour):
    """A table; how long it keeps rows may differ from its workspace."""

    type: ClassVar[str] = f"{WORKSPACE}/tables"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if _NAME.fullmatch(resource["name"]) is None:
            sentence = f"The table name '{resource['name']}' is not valid."
            raise ArmError(400, "InvalidParameter", sentence, "name")
        properties = resource["properties"]
        plan = choice(properties, "plan", _PLANS, "Analytics")
        columns = at(resource, "properties.schema.columns")
        if resource["name"].endswith("_CL") and previous is None and not columns:
            path = "properties.schema.columns"
            raise bad(path, f"'{path}' is missing; a table of one's own has columns.")
        parent = parse(resource["id"]).parent
        workspace = (ctx.store.get(parent.text) if parent else None) or {"properties": {}}
        initial = workspace["properties"].get("retentionInDays", 30)
        sent = properties.get("retentionInDays")
        if plan != "Analytics" and sent not in (None, _BASIC_DAYS):
            sentence = f"'properties.retentionInDays' is {sent}; plan {plan} keeps {_BASIC_DAYS}."
            raise bad("properties.retentionInDays", sentence)
        own = _BASIC_DAYS if plan != "Analytics" else initial
        days = own if sent in (None, -1) else sent
        between(days, 4, _MOST_DAYS, "properties.retentionInDays")
        total = properties.get("totalRetentionInDays")
        kept = days if total in (None, -1) else total
        between(kept, days, _MOST_KEPT, "properties.totalRetentionInDays")
        properties |= {
            "retentionInDays": days,
            "retentionInDaysAsDefault": sent in (None, -1),
            "totalRetentionInDays": kept,
            "totalRetentionInDaysAsDefault": total in (None, -1),
            "archiveRetentionInDays": kept - days,
        }


@behaviour
class DataExport(Behaviour):
    """A copy of tables into an account or an event hub."""

    type: ClassVar[str] = f"{WORKSPACE}/dataExports"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.destination.resourceId"
        wanted = str(required(resource, path, "the id of a storage account or event hub"))
        found = ctx.store.get(wanted)
        if found is None or found["type"].lower() not in _SINKS:
            sentence = f"'{path}' is {wanted!r}, which was not found; wanted: a storage account."
            raise bad(path, sentence, "InvalidResourceReference")
        tables = required(resource, "properties.tableNames", "a list of tables")
        if not isinstance(tables, list) or not tables:
            raise bad("properties.tableNames", f"'properties.tableNames' is {tables!r}.")
        flag(resource["properties"], "enable", initial=True)
        made = {"dataExportId": str(uuid.uuid4()), "createdDate": now()}
        carry(resource, previous, made)
