"""Types of setting values: each refuses what Azure would refuse and says what it wants instead."""

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from infra.naming import LIMITS, Kind
from infra.regions import REGIONS
from infra.wording import nearest


def refuse(wanted: str, fix: str) -> PydanticCustomError:
    """The error of a value; `wanted` and `fix` become parts of the message to the user."""
    return PydanticCustomError("setting", "{wanted}", {"wanted": wanted, "fix": fix})


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    try:
        return IPv4Network(str(value))
    except ValueError as error:
        wanted = "an IPv4 range that starts at its first address, such as 10.10.0.0/16"
        raise refuse(wanted, f"correct it: {error}") from error


def _address(value: object) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        return IPv4Address(str(value))
    except ValueError as error:
        wanted = "an IPv4 address such as 10.0.0.4"
        raise refuse(wanted, f"correct it: {error}") from error


def _region(value: str) -> str:
    if value in REGIONS:
        return value
    plain = value.lower().replace(" ", "")
    guess = plain if plain in REGIONS else nearest(plain, REGIONS)
    fix = f"write {guess}" if guess else "pick one of infra/regions.py"
    raise refuse("the name of an Azure region, such as westeurope", fix)


def _guid(value: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return str(UUID(value))
    example = "11111111-2222-3333-4444-555555555555"
    raise refuse(
        f"an object id of Entra, such as {example}",
        "take it from `az ad signed-in-user show` or `az ad group show`",
    )


def _word(value: str) -> str:
    """A part of names: it must fit into a storage account's name, which is the narrowest."""
    if re.fullmatch(r"[a-z][a-z0-9]{1,7}", value):
        return value
    raise refuse(
        "2 to 8 lower-case letters and digits, starting with a letter",
        "shorten it; it becomes part of every resource's name",
    )


def _cluster(value: str) -> str:
    limit = LIMITS[Kind.CLUSTER]
    if limit.accepts(value):
        return value
    raise refuse(f"a compute name that Azure takes ({limit})", "rename the cluster")


def _vm_size(value: str) -> str:
    if re.fullmatch(r"Standard_[A-Z][A-Za-z0-9-]+(_[A-Za-z0-9]+)*", value):
        return value
    raise refuse(
        "a VM size such as Standard_D4s_v5", "pick one that `az vm list-skus` shows for the region"
    )


def _host(value: str) -> str:
    label = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    if re.fullmatch(rf"(\*\.)?{label}(\.{label})+", value):
        return value
    raise refuse(
        "a host name such as mirror.example.com or *.example.com",
        "remove the scheme, port and path; use lower case",
    )


def _tag_value(value: str) -> str:
    if value and len(value) <= 256:
        return value
    raise refuse("a tag value of 1 to 256 characters", "shorten it, or remove the tag")


def _tag_name(value: str) -> str:
    # A storage account takes tag names of at most 128 characters, the others 512.
    if re.fullmatch(r"[^<>%&\\?/]{1,128}", value):
        return value
    raise refuse(r"a tag name of 1 to 128 characters without < > % & \ ? /", "rename the tag")


def _resource_id(value: str) -> str:
    if re.fullmatch(r"/subscriptions/[0-9a-fA-F-]{36}(/[A-Za-z0-9._()-]+)+", value):
        return value
    raise refuse(
        "an ARM id: /subscriptions/ID/resourceGroups/NAME/providers/...",
        "take it from `az resource show --query id` or from the other stack's outputs",
    )


def _email(value: str) -> str:
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return value
    raise refuse("an e-mail address such as ml-platform@example.com", "correct it")


def _repository(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", value):
        return value
    raise refuse("a GitHub repository as owner/name", "remove the host and `.git`")


def _trust_name(value: str) -> str:
    # It becomes part of a token's subject, where a slash or a wildcard would widen the trust.
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", value):
        return value
    raise refuse("a name as Azure DevOps shows it, without slashes", "correct it")


def _endpoint(value: str) -> str:
    if re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]{0,14}[a-z0-9]", value):
        return value
    raise refuse(
        "2 to 16 lower-case letters, digits and single inner hyphens, starting with a letter",
        "shorten it; the region and a hash follow in the endpoint's name",
    )


def _service_tag(value: str) -> str:
    if re.fullmatch(r"[A-Z][A-Za-z0-9]+(\.[A-Za-z0-9]+)?", value):
        return value
    raise refuse(
        "a service tag such as AzureMonitor or Storage.WestEurope",
        "pick one that `az network list-service-tags` shows",
    )


def _ssh_public_key(value: str) -> str:
    if re.fullmatch(r"(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]{60,}( .*)?", value):
        return value
    raise refuse(
        "a public key as one line, starting with ssh-rsa or ssh-ed25519",
        "take it from `ssh-keygen`'s .pub file; never the private key",
    )


Address = Annotated[IPv4Address, BeforeValidator(_address)]
Network = Annotated[IPv4Network, BeforeValidator(_network)]
RegionName = Annotated[str, AfterValidator(_region)]
Guid = Annotated[str, AfterValidator(_guid)]
Word = Annotated[str, AfterValidator(_word)]
ClusterName = Annotated[str, AfterValidator(_cluster)]
VmSize = Annotated[str, AfterValidator(_vm_size)]
HostName = Annotated[str, AfterValidator(_host)]
TagValue = Annotated[str, AfterValidator(_tag_value)]
TagName = Annotated[str, AfterValidator(_tag_name)]
ResourceId = Annotated[str, AfterValidator(_resource_id)]
EmailAddress = Annotated[str, AfterValidator(_email)]
Repository = Annotated[str, AfterValidator(_repository)]
TrustName = Annotated[str, AfterValidator(_trust_name)]
EndpointName = Annotated[str, AfterValidator(_endpoint)]
SshPublicKey = Annotated[str, AfterValidator(_ssh_public_key)]
ServiceTag = Annotated[str, AfterValidator(_service_tag)]
