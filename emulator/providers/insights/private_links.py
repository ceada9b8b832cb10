"""Private link scopes of Azure Monitor, and what belongs to them."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, choice, default, named, of_type, required, worldwide
from emulator.providers.network.connections import connections_of

TYPE = "Microsoft.Insights/privateLinkScopes"
_KIND = "scopedResources"
_MODES = ("Open", "PrivateOnly")
_MOST_SCOPES = 100  # of one resource
_TARGETS = (
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Insights/components",
    "Microsoft.Insights/dataCollectionEndpoints",
    "Microsoft.Monitor/accounts",
)


@behaviour
class PrivateLinkScope(Behaviour):
    """What the networks behind a private endpoint reach of Azure Monitor."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([\w.-]{0,253}\w)?",
            "BadRequest",
            "The scope name '{name}' is not valid: wanted are 1 to 255 letters, digits, periods, "
            "hyphens and underscores, a letter or digit first, no period or hyphen last.",
        )
        worldwide(resource)
        path = "properties.accessModeSettings"
        settings = required(resource, path, "the modes of ingestion and query", "BadRequest")
        for name in ("ingestionAccessMode", "queryAccessMode"):
            required(resource, f"{path}.{name}", " or ".join(_MODES), "BadRequest")
            choice(settings, name, _MODES, "Open")
        default(settings, "exclusions", [])
        for computed in ("privateEndpointConnections", "privateLinkScopedResources"):
            resource["properties"].pop(computed, None)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        members = ctx.store.children(resource["id"], _KIND)
        ends = connections_of(ctx.store, resource["id"])
        if members or ends:
            blocker = (
                members[0]["id"] if members else ends[0]["properties"]["privateEndpoint"]["id"]
            )
            raise ArmError(
                409,
                "CannotDeleteResource",
                f"The private link scope '{resource['name']}' cannot be deleted while "
                f"'{blocker}' is connected to it. Remove that first.",
            )

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        ends = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "privateEndpointConnections": ends}
        return {**resource, "properties": shown}


@behaviour
class ScopedResource(Behaviour):
    """A workspace, component or collection endpoint that a scope leads to."""

    type: ClassVar[str] = f"{TYPE}/{_KIND}"
    immutable: ClassVar[tuple[str, ...]] = ("properties.linkedResourceId",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.linkedResourceId"
        linked = str(required(resource, path, f"the id of one of {', '.join(_TARGETS)}"))
        if not any(of_type(ctx.store, linked, type_) for type_ in _TARGETS):
            found = ctx.store.get(linked)
            what = f"a {found['type']}" if found else "not there"
            sentence = f"'{path}' {linked!r} is {what}; wanted: one of {', '.join(_TARGETS)}."
            raise bad(path, sentence, "LinkedResourceNotFound")
        scope = parse(resource["id"]).parent
        holding = [
            one
            for one in ctx.store.find(self.type)
            if one["properties"]["linkedResourceId"].lower() == linked.lower()
            and one["id"].lower() != resource["id"].lower()
        ]
        for one in holding:
            owner = parse(one["id"]).parent
            if scope and owner and owner.key == scope.key:
                sentence = f"'{linked}' belongs to the scope as '{one['name']}' already."
                raise ArmError(409, "Conflict", sentence, path)
        if len(holding) >= _MOST_SCOPES:
            sentence = f"'{linked}' is linked to {len(holding)} private link scopes, the most."
            raise bad(path, sentence, "BadRequest")
