"""Deployments of templates: resources that are written together."""

import hashlib
import json
import uuid
from typing import Any, ClassVar, NoReturn

from typing_extensions import override

from emulator.arm import gate, plane
from emulator.arm.behaviours import ArmRequest, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.paths import target_of
from emulator.arm.store import Resource, now
from emulator.providers.checks import named, one_of, required

TYPE = "Microsoft.Resources/deployments"
_CODE = "InvalidTemplate"


@behaviour
class Deployment(Behaviour):
    """Writes what its template says, as whoever deploys; deleting it deletes nothing else.

    Templates are plain: expressions, parameters and complete mode are refused, not ignored.
    """

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[\w().-]{1,64}",
            "InvalidDeploymentName",
            "The deployment name '{name}' is not valid: wanted are 1 to 64 letters, digits, "
            "underscores, parentheses, hyphens and periods.",
        )
        properties = resource["properties"]
        mode = required(resource, "properties.mode", "Incremental", "InvalidDeployment")
        one_of(mode, ("Incremental", "Complete"), "properties.mode", "InvalidDeployment")
        if mode == "Complete":
            _refuse("complete mode is not imitated by the local Azure; use Incremental")
        template = properties.pop("template", None)
        if not isinstance(template, dict) or not isinstance(template.get("resources"), list):
            _refuse("'properties.template' has no list of resources")
        if properties.pop("parameters", None):
            _refuse("parameters of templates are not imitated by the local Azure")
        group = resource["id"].partition("/providers/")[0]
        made = [_write(ctx, group, part) for part in template["resources"]]
        properties |= {
            "templateHash": _hash(template),
            "correlationId": str(uuid.uuid4()),
            "timestamp": now(),
            "outputResources": [{"id": id_} for id_ in made],
        }


def _write(ctx: Context, group: str, part: dict[str, Any]) -> str:
    for name in ("type", "name", "apiVersion"):
        if not isinstance(part.get(name), str):
            _refuse(f"a resource of the template has no '{name}'")
    if _has_expression(part):
        _refuse(f"the resource '{part['name']}' has expressions, which are not imitated here")
    namespace, *kinds = part["type"].split("/")
    names = part["name"].split("/")
    if len(kinds) != len(names):
        _refuse(f"the type '{part['type']}' and the name '{part['name']}' differ in length")
    pairs = "".join(f"/{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
    path = f"{group}/providers/{namespace}{pairs}"
    kept = {k: v for k, v in part.items() if k not in {"type", "name", "apiVersion", "dependsOn"}}
    request = ArmRequest("PUT", path, {"api-version": part["apiVersion"]}, kept, {}, ctx)
    if ctx.caller.principal is not None:
        gate.authorize(request, target_of("PUT", path), ctx.caller.principal)
    return plane.write(request, parse(path))[0]["id"]


def _has_expression(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_expression(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_expression(one) for one in value)
    return isinstance(value, str) and value.startswith("[") and not value.startswith("[[")


def _hash(template: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return str(int.from_bytes(digest[:8], "big"))


def _refuse(what: str) -> NoReturn:
    message = f"Deployment template validation failed: {what}."
    raise ArmError(400, _CODE, message, "properties.template")
