"""The management host: every resource's PUT, GET, PATCH, DELETE, LIST and actions."""

import logging
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm import bodies, gate, identities, locks, subscriptions
from emulator.arm.behaviours import (
    ArmRequest,
    Context,
    behaviour_of,
    is_known,
    routes_of,
)
from emulator.arm.errors import ArmError, not_found
from emulator.arm.ids import GROUP_TYPE, SUBSCRIPTION_TYPE, ArmId
from emulator.arm.paths import Asks, Target, target_of
from emulator.arm.store import Resource
from emulator.server.hosts import Call, host_route

log = logging.getLogger(__name__)
_said: set[str] = set()


@host_route("management.azure.com")
async def handle(request: Request, call: Call) -> Response:
    """Answer a request on the management host; a refusal has ARM's error envelope."""
    try:
        principal = gate.signed_in(call)
        query = _query(request)
        path = request.url.path.rstrip("/")
        arm = ArmRequest(
            method=request.method,
            path=path,
            query=query,
            body=await _body(request),
            headers=request.headers,
            ctx=Context(store=call.store, caller=call.caller, services=call.services),
        )
        gate.require_subscription(arm)
        answer = subscriptions.answer(arm)
        if answer is not None:
            return answer
        target = target_of(arm.method, path)
        gate.authorize(arm, target, principal)
        namespace = target.type.partition("/")[0]
        for route in routes_of(namespace):
            answer = await route(arm)
            if answer is not None:
                return answer
        return _generic(arm, target)
    except ArmError as refusal:
        return JSONResponse(refusal.body(), refusal.status)


def _query(request: Request) -> dict[str, str]:
    query = dict(request.query_params)
    if not query.get("api-version"):
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return query


async def _body(request: Request) -> dict[str, Any] | None:
    if request.method not in {"PUT", "PATCH", "POST"} or not await request.body():
        return None
    try:
        body = await request.json()
    except ValueError as error:
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"The request content was invalid and could not be deserialized: '{error}'.",
        ) from error
    if not isinstance(body, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content must be a JSON object.")
    return body


def _generic(arm: ArmRequest, target: Target) -> Response:
    if target.asks is Asks.COLLECTION:
        if arm.method != "GET":
            raise ArmError(405, "MethodNotAllowed", f"{arm.method} is not allowed on a collection.")
        return JSONResponse({"value": members(arm.ctx, target)})
    arm_id = target.id
    if arm_id is None:
        raise not_found(arm.path)
    if target.asks is Asks.ACTION:
        return act(arm, arm_id, target.action)
    match arm.method:
        case "GET":
            return JSONResponse(read(arm.ctx, arm_id))
        case "HEAD":
            return Response(status_code=204 if arm.ctx.store.get(arm_id.text) else 404)
        case "PUT" | "PATCH":
            resource, is_new = write(arm, arm_id)
            return JSONResponse(resource, 201 if is_new else 200)
        case "DELETE":
            gone = delete(arm.ctx, arm_id, arm.headers)
            return Response(status_code=200 if gone else 204)
    raise ArmError(405, "MethodNotAllowed", f"{arm.method} is not allowed on a resource.")


def read(ctx: Context, arm_id: ArmId) -> Resource:
    """Return a resource as a GET shows it.

    Raises:
        ArmError: 404.
    """
    resource = ctx.store.get(arm_id.text)
    if resource is None:
        if arm_id.type == GROUP_TYPE:
            raise ArmError(
                404, "ResourceGroupNotFound", f"Resource group '{arm_id.name}' could not be found."
            )
        raise not_found(arm_id.text)
    return behaviour_of(arm_id.type).view(ctx, resource)


def members(ctx: Context, target: Target) -> list[Resource]:
    """Return the resources of a collection, oldest first."""
    behaviour = behaviour_of(target.type)
    scope = target.scope.strip("/").lower()
    found = ctx.store.find(target.type)
    if scope:
        found = [r for r in found if r["id"].lower().startswith(f"/{scope}/")]
        if not _lists_below(target):
            depth = f"/{scope}/".count("/")
            tail = 2 if target.type == GROUP_TYPE or _is_child(target) else 4
            found = [r for r in found if r["id"].count("/") == depth + tail - 1]
    return [behaviour.view(ctx, resource) for resource in found]


def _is_child(target: Target) -> bool:
    return "/providers/" in target.scope.lower() and target.type.lower().startswith(
        ArmId.parse(target.scope).type.lower() + "/"
    )


def _lists_below(target: Target) -> bool:
    """A subscription's list of a type holds those in all its groups."""
    parts = target.scope.strip("/").split("/")
    return len(parts) == 2 and parts[0].lower() == "subscriptions" and target.type != GROUP_TYPE


def act(arm: ArmRequest, arm_id: ArmId, action: str) -> Response:
    """Run a POST action of a resource.

    Raises:
        ArmError: the resource or the action does not exist.
    """
    resource = arm.ctx.store.get(arm_id.text)
    if resource is None:
        raise not_found(arm_id.text)
    run = behaviour_of(arm_id.type).actions.get(action.lower())
    if run is None:
        raise ArmError(
            404,
            "UnsupportedOperation",
            f"{arm_id.type} has no action '{action}' in the local Azure.",
        )
    # Reading keys counts as a change: whoever has them can change what the lock protects.
    locks.check(arm.ctx.store, arm_id, deleting=False)
    answer = run(arm.ctx, resource, arm.body or {})
    return Response(status_code=204) if answer is None else JSONResponse(answer)


def write(arm: ArmRequest, arm_id: ArmId) -> tuple[Resource, bool]:
    """Create or change a resource with PUT or PATCH; return it as shown, and whether it is new.

    Raises:
        ArmError: why it is refused; nothing changed then.
    """
    ctx, behaviour = arm.ctx, behaviour_of(arm_id.type)
    if not is_known(arm_id.type) and arm_id.type not in _said:
        _said.add(arm_id.type)
        log.warning("generic behaviour for %s: stored as sent, nothing checked", arm_id.type)
    with ctx.store.transaction():
        previous = ctx.store.get(arm_id.text)
        if previous is None and arm.method == "PATCH":
            raise not_found(arm_id.text)
        bodies.check_etag(arm.headers, previous)
        _require_parent(ctx, arm_id)
        locks.check(ctx.store, arm_id, deleting=False)
        resource = bodies.merged(arm.method, arm.body or {}, previous)
        bodies.check_shape(resource)
        resource |= {"id": arm_id.text, "name": arm_id.name, "type": arm_id.type}
        if previous is not None:
            resource |= {name: previous[name] for name in ("id", "name", "type")}
        bodies.check_unchanged(behaviour.immutable, resource, previous)
        if previous is None and behaviour.globally_unique:
            _require_free_name(ctx, arm_id)
        identities.complete(ctx, resource, previous)
        behaviour.prepare(ctx, resource, previous)
        bodies.succeed(resource)
        if previous is not None and bodies.same(resource, previous):
            return behaviour.view(ctx, previous), False  # an identical PUT changes nothing
        stored = ctx.store.put(bodies.signed(resource, previous, ctx.caller))
        behaviour.created(ctx, stored, previous)
        stored = ctx.store.get(arm_id.text) or stored
    return behaviour.view(ctx, stored), previous is None


def _require_parent(ctx: Context, arm_id: ArmId) -> None:
    parent = arm_id.parent
    if parent is None or parent.type == SUBSCRIPTION_TYPE or ctx.store.get(parent.text):
        return
    if parent.type == GROUP_TYPE:
        name = parent.name
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    raise ArmError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform operation on '{arm_id.name}' since parent resource '{parent.text}' "
        "could not be found.",
    )


def _require_free_name(ctx: Context, arm_id: ArmId) -> None:
    if ctx.store.find(arm_id.type, arm_id.name):
        code, message = bodies.taken(arm_id)
        raise ArmError(409, code, message)


def delete(ctx: Context, arm_id: ArmId, headers: Mapping[str, str] | None = None) -> bool:
    """Delete a resource with all below it; return whether it was there.

    Raises:
        ArmError: it is locked, in use, or not as the headers say it must be.
    """
    with ctx.store.transaction():
        resource = ctx.store.get(arm_id.text)
        if resource is None:
            return False
        bodies.check_etag(headers or {}, resource)
        locks.check(ctx.store, arm_id, deleting=True)
        if arm_id.type != GROUP_TYPE:  # a group's resources go together, whoever uses whom
            behaviour_of(arm_id.type).deleting(ctx, resource)
        below = ctx.store.under(arm_id.text)
        ctx.store.delete(arm_id.text)
        for gone in [*below, resource]:
            ctx.services.principals.remove(gone["id"])
            behaviour_of(gone["type"]).deleted(ctx, gone)
    return True
