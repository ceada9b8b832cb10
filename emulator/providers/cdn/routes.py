"""Routes: which requests of an endpoint go to which origins."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.cdn.domains import DOMAIN
from emulator.providers.cdn.origins import GROUP
from emulator.providers.cdn.profiles import ENDPOINT, STATES
from emulator.providers.checks import bad, choice, default, of_type, one_of, required

_PROTOCOLS = ("Http", "Https")
_FORWARDING = ("HttpOnly", "HttpsOnly", "MatchRequest")
_CODE = "BadRequest"


@behaviour
class Route(Behaviour):
    """Patterns of paths; two routes of a domain do not share one."""

    type: ClassVar[str] = f"{ENDPOINT}/routes"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        _check_origins(ctx, resource)
        properties = resource["properties"]
        patterns = default(properties, "patternsToMatch", ["/*"])
        for pattern in patterns:
            if not str(pattern).startswith("/"):
                sentence = f"'properties.patternsToMatch' has {pattern!r}; wanted: a path from /."
                raise bad("properties.patternsToMatch", sentence, _CODE)
        where = "properties.supportedProtocols"
        protocols = default(properties, "supportedProtocols", list(_PROTOCOLS))
        properties["supportedProtocols"] = [
            one_of(one, _PROTOCOLS, where, _CODE) for one in protocols
        ]
        choice(properties, "forwardingProtocol", _FORWARDING, "MatchRequest")
        choice(properties, "linkToDefaultDomain", STATES, "Disabled")
        redirect = choice(properties, "httpsRedirect", STATES, "Disabled")
        if redirect == "Enabled" and set(properties["supportedProtocols"]) != set(_PROTOCOLS):
            sentence = "properties.httpsRedirect needs both protocols in supportedProtocols."
            raise bad("properties.httpsRedirect", sentence, _CODE)
        choice(properties, "enabledState", STATES, "Enabled")
        domains = default(properties, "customDomains", [])
        for domain in domains:
            if of_type(ctx.store, domain.get("id"), DOMAIN) is None:
                sentence = f"The domain {domain.get('id')} of '{resource['name']}' was not found."
                raise bad("properties.customDomains", sentence, _CODE)
        if not domains and properties["linkToDefaultDomain"] == "Disabled":
            sentence = "A route needs a custom domain, or linkToDefaultDomain Enabled."
            raise bad("properties.linkToDefaultDomain", sentence, _CODE)
        endpoint = parse(resource["id"]).parent
        siblings = ctx.store.children(endpoint.text, "routes") if endpoint else []
        for other in siblings:
            if other["id"].lower() != resource["id"].lower():
                _check_apart(resource, other)
        default(properties, "ruleSets", [])
        properties["deploymentStatus"] = "NotStarted"


def _check_origins(ctx: Context, resource: Resource) -> None:
    path = "properties.originGroup.id"
    wanted = required(resource, path, "the id of an origin group of the profile", _CODE)
    group = of_type(ctx.store, wanted, GROUP)
    profile = parse(resource["id"]).names[0].lower()
    if group is None or parse(group["id"]).names[0].lower() != profile:
        sentence = f"'{path}' is {wanted!r}, which is no origin group of profile '{profile}'."
        raise bad(path, sentence, _CODE)
    if not ctx.store.children(group["id"], "origins"):
        sentence = f"The origin group '{group['name']}' has no origins; create one before a route."
        raise bad(path, sentence, _CODE)


def _hosts(route: Resource) -> set[str]:
    properties = route["properties"]
    own = {str(one.get("id")).lower() for one in properties["customDomains"]}
    return own | ({""} if properties["linkToDefaultDomain"] == "Enabled" else set())


def _check_apart(resource: Resource, other: Resource) -> None:
    def claims(route: Resource) -> set[tuple[str, str, str]]:
        properties: dict[str, Any] = route["properties"]
        return {
            (host, pattern, protocol)
            for host in _hosts(route)
            for pattern in properties["patternsToMatch"]
            for protocol in properties["supportedProtocols"]
        }

    both = sorted(claims(resource) & claims(other))
    if both:
        sentence = f"The route '{other['name']}' of the endpoint has {both[0][1]} already."
        raise ArmError(409, "Conflict", sentence, "properties.patternsToMatch")
