"""Domains of one's own, which Front Door serves with a certificate."""

import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.cdn.profiles import TYPE
from emulator.providers.checks import carry, default, named, one_of, required

DOMAIN = f"{TYPE}/customDomains"
_CODE = "BadRequest"


@behaviour
class CustomDomain(Behaviour):
    """A domain; whether it is ours is proved by a record, which nobody writes here."""

    type: ClassVar[str] = DOMAIN
    immutable: ClassVar[tuple[str, ...]] = ("properties.hostName",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9][A-Za-z0-9-]{0,258}[A-Za-z0-9]",
            _CODE,
            "The domain's name '{name}' is not valid: wanted are letters, digits and hyphens.",
        )
        required(resource, "properties.hostName", "a domain", _CODE)
        properties = resource["properties"]
        tls = default(properties, "tlsSettings", {"certificateType": "ManagedCertificate"})
        path = "properties.tlsSettings"
        kinds = ("CustomerCertificate", "ManagedCertificate", "AzureFirstPartyManagedCertificate")
        tls["certificateType"] = one_of(
            tls.get("certificateType"), kinds, f"{path}.certificateType", _CODE
        )
        lowest = default(tls, "minimumTlsVersion", "TLS12")
        tls["minimumTlsVersion"] = one_of(
            lowest, ("TLS12", "TLS13"), f"{path}.minimumTlsVersion", _CODE
        )
        made = {"validationProperties": {"validationToken": uuid.uuid4().hex}}
        carry(resource, previous, made)
        properties |= {"domainValidationState": "Pending", "deploymentStatus": "NotStarted"}
