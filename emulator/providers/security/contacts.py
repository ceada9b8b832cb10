"""Who hears of what Defender finds."""

import re
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, default, flag, one_of

_CODE = "BadRequest"
_EMAIL = re.compile(r"[^@\s;]+@[^@\s;]+\.[^@\s;]+")
_ROLES = ("AccountAdmin", "ServiceAdmin", "Owner", "Contributor")
_SEVERITIES = ("High", "Medium", "Low")
_RISKS = ("Critical", "High", "Medium", "Low")
_SOURCES = {"Alert": ("minimalSeverity", _SEVERITIES), "AttackPath": ("minimalRiskLevel", _RISKS)}


@behaviour
class SecurityContact(Behaviour):
    """The contact of a subscription; there is one, with the name default."""

    type: ClassVar[str] = "Microsoft.Security/securityContacts"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource["name"] != "default":
            sentence = f"The contact is named '{resource['name']}'; the only name is default."
            raise ArmError(400, "InvalidResourceName", sentence, "name")
        properties = resource["properties"]
        flag(properties, "isEnabled", initial=True)
        emails = str(properties.get("emails") or "")
        for address in [one.strip() for one in emails.split(";") if one.strip()]:
            if _EMAIL.fullmatch(address) is None:
                sentence = f"'properties.emails' has {address!r}; wanted: addresses, ; between."
                raise bad("properties.emails", sentence, _CODE)
        by_role = default(properties, "notificationsByRole", {"state": "On", "roles": ["Owner"]})
        _check_roles(by_role)
        if not emails and by_role["state"] == "Off":
            sentence = "The contact reaches nobody; wanted: emails or notificationsByRole."
            raise bad("properties.emails", sentence, _CODE)
        _check_sources(properties)


def _check_roles(by_role: dict[str, Any]) -> None:
    path = "properties.notificationsByRole"
    state = default(by_role, "state", "Off")
    by_role["state"] = one_of(state, ("On", "Off"), f"{path}.state", _CODE)
    roles = default(by_role, "roles", [])
    by_role["roles"] = [one_of(role, _ROLES, f"{path}.roles", _CODE) for role in roles]


def _check_sources(properties: dict[str, Any]) -> None:
    path = "properties.notificationsSources"
    seen: set[str] = set()
    for index, source in enumerate(default(properties, "notificationsSources", [])):
        where = f"{path}[{index}]"
        kind = one_of(source.get("sourceType"), _SOURCES, f"{where}.sourceType", _CODE)
        if kind in seen:
            raise bad(where, f"'{where}.sourceType' is {kind} again; each once.", _CODE)
        seen.add(kind)
        source["sourceType"] = kind
        name, known = _SOURCES[kind]
        source[name] = one_of(source.get(name), known, f"{where}.{name}", _CODE)
