"""Workbooks: pages on telemetry, kept as JSON."""

import json
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, default, guid, located, one_of, required

_CODE = "BadRequest"
_ANYWHERE = "azure monitor"


@behaviour
class Workbook(Behaviour):
    """A shared page; its name is a GUID, people see its display name."""

    type: ClassVar[str] = "Microsoft.Insights/workbooks"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        guid(resource["name"], "name", _CODE)
        located(resource)
        resource["kind"] = one_of(default(resource, "kind", "shared"), ("shared",), "kind", _CODE)
        for name, wanted in (
            ("displayName", "the name that people see"),
            ("category", "a category, such as workbook"),
            ("serializedData", "the page as JSON"),
        ):
            required(resource, f"properties.{name}", wanted, _CODE)
        properties = resource["properties"]
        path = "properties.serializedData"
        text = properties["serializedData"]
        try:
            page = json.loads(text) if isinstance(text, str) else None
        except ValueError as error:
            raise bad(path, f"'{path}' is no JSON: {error}.", _CODE) from error
        if not isinstance(page, dict):
            raise bad(path, f"'{path}' is {type(page).__name__}; wanted: a JSON object.", _CODE)
        source = str(default(properties, "sourceId", _ANYWHERE))
        if source.startswith("/") and source.count("/") > 2 and ctx.store.get(source) is None:
            sentence = f"The resource {source} in properties.sourceId was not found."
            raise ArmError(404, "ResourceNotFound", sentence, "properties.sourceId")
        properties["version"] = properties.get("version") or "Notebook/1.0"
        default(properties, "tags", [])
        user = ctx.caller.principal.object_id if ctx.caller.principal else ""
        carry(resource, previous, {"userId": user, "timeModified": now(), "revision": ""})
