"""Federated credentials: the tokens of other issuers that an identity accepts as its own."""

from typing import ClassVar
from urllib.parse import urlsplit

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.identities import USER_ASSIGNED
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, named, required

_KIND = "federatedIdentityCredentials"
_MOST = 20


@behaviour
class FederatedCredential(Behaviour):
    """One issuer and subject; no two credentials of an identity share both."""

    type: ClassVar[str] = f"{USER_ASSIGNED}/{_KIND}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9][\w-]{2,119}",
            "BadRequest",
            "The credential name '{name}' is not valid: wanted are 3 to 120 letters, digits, "
            "hyphens and underscores, a letter or digit first.",
        )
        issuer = required(resource, "properties.issuer", "the https URL of the issuer")
        subject = required(resource, "properties.subject", "the subject of the tokens")
        audiences = required(resource, "properties.audiences", "a list with one audience")
        url = urlsplit(str(issuer))
        if url.scheme != "https" or not url.netloc:
            raise bad("properties.issuer", f"'properties.issuer' is {issuer!r}; wanted: https URL.")
        if not isinstance(audiences, list) or len(audiences) != 1:
            sentence = f"'properties.audiences' is {audiences!r}; wanted: exactly one audience."
            raise bad("properties.audiences", sentence)
        owner = parse(resource["id"]).parent
        all_ = ctx.store.children(owner.text, _KIND) if owner else []
        others = [one for one in all_ if one["id"].lower() != resource["id"].lower()]
        if len(others) >= _MOST:
            sentence = f"Too many federated identity credentials: {_MOST} is the most."
            raise ArmError(400, "BadRequest", sentence)
        for other in others:
            theirs = other["properties"]
            if (theirs["issuer"], theirs["subject"]) == (issuer, subject):
                raise ArmError(
                    409,
                    "Conflict",
                    f"Issuer '{issuer}' and subject '{subject}' are already configured in the "
                    f"federated identity credential '{other['name']}' of this identity; the "
                    "combination must be unique.",
                )
