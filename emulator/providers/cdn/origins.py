"""Groups of origins: where requests go, how their health is found out and who comes first."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.cdn.profiles import PREMIUM, STATES, TYPE, profile_of
from emulator.providers.checks import bad, between, choice, default, flag, one_of, required

GROUP = f"{TYPE}/originGroups"
ORIGIN = f"{GROUP}/origins"
_ROUTE = f"{TYPE}/afdEndpoints/routes"
_CODE = "BadRequest"


@behaviour
class OriginGroup(Behaviour):
    """Origins that answer the same requests."""

    type: ClassVar[str] = GROUP

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.loadBalancingSettings"
        balancing = required(resource, path, "how many samples decide", _CODE)
        between(default(balancing, "sampleSize", 4), 0, 255, f"{path}.sampleSize", _CODE)
        most = balancing["sampleSize"]
        needed = default(balancing, "successfulSamplesRequired", 3)
        between(needed, 0, most, f"{path}.successfulSamplesRequired", _CODE)
        slower = default(balancing, "additionalLatencyInMilliseconds", 0)
        between(slower, 0, 1000, f"{path}.additionalLatencyInMilliseconds", _CODE)
        properties = resource["properties"]
        _check_probe(properties.get("healthProbeSettings"))
        choice(properties, "sessionAffinityState", STATES, "Disabled")
        minutes = properties.get("trafficRestorationTimeToHealedOrNewEndpointsInMinutes")
        if minutes is not None:
            where = "properties.trafficRestorationTimeToHealedOrNewEndpointsInMinutes"
            between(minutes, 0, 50, where, _CODE)
        properties["deploymentStatus"] = "NotStarted"

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        wanted = resource["id"].lower()
        for route in ctx.store.find(_ROUTE):
            used = str((route["properties"].get("originGroup") or {}).get("id", "")).lower()
            if used == wanted:
                sentence = f"'{resource['name']}' is used by '{route['id']}'; delete that first."
                raise ArmError(409, "Conflict", sentence)


def _check_probe(probe: dict[str, Any] | None) -> None:
    if probe is None:
        return
    path = "properties.healthProbeSettings"
    default(probe, "probePath", "/")
    if not str(probe["probePath"]).startswith("/"):
        sentence = f"'{path}.probePath' is {probe['probePath']!r}; wanted: a path from /."
        raise bad(f"{path}.probePath", sentence, _CODE)
    for name, known, initial in (
        ("probeRequestType", ("GET", "HEAD", "NotSet"), "HEAD"),
        ("probeProtocol", ("Http", "Https", "NotSet"), "Http"),
    ):
        probe[name] = one_of(default(probe, name, initial), known, f"{path}.{name}", _CODE)
    every = default(probe, "probeIntervalInSeconds", 240)
    between(every, 1, 255, f"{path}.probeIntervalInSeconds", _CODE)


@behaviour
class Origin(Behaviour):
    """A host that answers; lower numbers come first, the rest when those are not well."""

    type: ClassVar[str] = ORIGIN

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        host = required(resource, "properties.hostName", "a host name or an address", _CODE)
        if not isinstance(host, str) or "/" in host or " " in host:
            sentence = f"'properties.hostName' is {host!r}; wanted: a host, without scheme or path."
            raise bad("properties.hostName", sentence, _CODE)
        properties = resource["properties"]
        for name, initial, low, high in (
            ("httpPort", 80, 1, 65535),
            ("httpsPort", 443, 1, 65535),
            ("priority", 1, 1, 5),
            ("weight", 1000, 1, 1000),
        ):
            between(default(properties, name, initial), low, high, f"properties.{name}", _CODE)
        choice(properties, "enabledState", STATES, "Enabled")
        checks = flag(properties, "enforceCertificateNameCheck", initial=True)
        link = properties.get("sharedPrivateLinkResource")
        if link:
            _check_link(ctx, resource, link)
            if not checks:
                path = "properties.enforceCertificateNameCheck"
                raise bad(path, f"'{path}' must be true for an origin with a private link.", _CODE)
        properties["deploymentStatus"] = "NotStarted"


def _check_link(ctx: Context, resource: Resource, link: dict[str, Any]) -> None:
    path = "properties.sharedPrivateLinkResource"
    profile = profile_of(ctx, resource)
    if profile["sku"]["name"] != PREMIUM:
        sentence = (
            f"'{path}' needs sku {PREMIUM}; '{profile['name']}' has {profile['sku']['name']}."
        )
        raise bad(path, sentence, _CODE)
    target = (link.get("privateLink") or {}).get("id")
    if ctx.store.get(str(target or "")) is None:
        sentence = f"'{path}.privateLink.id' is {target!r}, which was not found."
        raise bad(f"{path}.privateLink.id", sentence, _CODE)
    for name in ("privateLinkLocation", "requestMessage"):
        if not link.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is missing.", _CODE)
    link["status"] = link.get("status") or "Pending"
