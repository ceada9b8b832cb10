"""Zone groups: the records that a private endpoint keeps in private DNS zones."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, of_type, required
from emulator.providers.network.connections import ENDPOINTS
from emulator.providers.network.dns import ZONE
from emulator.providers.network.link_groups import record_name

_MOST_ZONES = 5
_TTL = 10
_KIND = "privateDnsZoneGroups"


@behaviour
class ZoneGroup(Behaviour):
    """The one group of an endpoint; each zone gets the records of the hosts that belong to it."""

    type: ClassVar[str] = f"{ENDPOINTS}/{_KIND}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        parent = parse(resource["id"]).parent
        endpoint = ctx.store.get(parent.text) if parent else None
        if endpoint is None:
            sentence = f"The endpoint of '{resource['id']}' was not found."
            raise ArmError(404, "ParentResourceNotFound", sentence)
        groups = ctx.store.children(endpoint["id"], _KIND)
        if any(one["id"].lower() != resource["id"].lower() for one in groups):
            sentence = f"'{endpoint['name']}' has the zone group '{groups[0]['name']}'; only one."
            raise bad("name", sentence, "PrivateDnsZoneGroupLimitExceeded")
        path = "properties.privateDnsZoneConfigs"
        configs = required(resource, path, "a list of zones", "InvalidRequestFormat")
        if not isinstance(configs, list) or not 1 <= len(configs) <= _MOST_ZONES:
            sentence = f"'{path}' must be a list of 1 to {_MOST_ZONES} zones."
            raise bad(path, sentence, "InvalidRequestFormat")
        names: set[str] = set()
        for index, config in enumerate(configs):
            where = f"{path}[{index}]"
            name = str(config.get("name") or "")
            if not name or name.lower() in names:
                sentence = f"'{where}.name' is {name!r}; wanted: a name of its own."
                raise bad(f"{where}.name", sentence, "InvalidRequestFormat")
            names.add(name.lower())
            zone_id = at(config, "properties.privateDnsZoneId")
            zone = of_type(ctx.store, zone_id, ZONE)
            if zone is None:
                sentence = f"'{where}.properties.privateDnsZoneId' is {zone_id!r}, not found."
                target = f"{where}.properties.privateDnsZoneId"
                raise bad(target, sentence, "InvalidResourceReference")
            config["properties"]["recordSets"] = _records(endpoint, zone)

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is not None:
            self.deleted(ctx, previous)
        owner = resource["id"].rpartition(f"/{_KIND}/")[0]
        for id_, record in _placed(resource):
            found = ctx.store.get(id_)
            addresses = list(found["properties"]["aRecords"]) if found else []
            addresses += [{"ipv4Address": ip} for ip in record["ipAddresses"]]
            ctx.store.put(
                {
                    "id": id_,
                    "properties": {
                        "ttl": record["ttl"],
                        "aRecords": addresses,
                        "fqdn": f"{record['fqdn']}.",
                        "isAutoRegistered": False,
                        "metadata": {"creator": f"created by private endpoint {owner}"},
                        "provisioningState": "Succeeded",
                    },
                }
            )

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        for id_, record in _placed(resource):
            found = ctx.store.get(id_)
            if found is None:
                continue  # its zone is gone
            left = [
                one
                for one in found["properties"]["aRecords"]
                if one["ipv4Address"] not in record["ipAddresses"]
            ]
            if left:
                found["properties"]["aRecords"] = left
                ctx.store.put(found)
            else:
                ctx.store.delete(id_)


def _records(endpoint: Resource, zone: Resource) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for config in endpoint["properties"]["customDnsConfigs"]:
        name = record_name(config["fqdn"], zone["name"])
        if name is not None:
            found.append(
                {
                    "recordType": "A",
                    "recordSetName": name,
                    "fqdn": f"{name}.{zone['name']}",
                    "ttl": _TTL,
                    "ipAddresses": config["ipAddresses"],
                    "provisioningState": "Succeeded",
                }
            )
    return found


def _placed(group: Resource) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{config['properties']['privateDnsZoneId']}/A/{record['recordSetName']}", record)
        for config in group["properties"]["privateDnsZoneConfigs"]
        for record in config["properties"]["recordSets"]
    ]
