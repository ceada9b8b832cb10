"""Checks that many resource types share; each refusal names what was found and what is wanted."""

import ipaddress
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.net.names import REGIONS

GLOBAL = "global"
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def bad(path: str, sentence: str, code: str = "InvalidParameter") -> ArmError:
    """Return a 400 about a property; the path stands in its `target`."""
    return ArmError(400, code, sentence, path)


def required(resource: Resource, path: str, wanted: str, code: str = "InvalidParameter") -> Any:  # noqa: ANN401 - JSON
    """Return what a dotted path of the body leads to.

    Raises:
        ArmError: 400: nothing is there.
    """
    value = at(resource, path)
    if value is None or value == "":
        raise bad(path, f"Required property '{path}' is missing; wanted: {wanted}.", code)
    return value


def one_of(value: object, allowed: Iterable[str], path: str, code: str = "InvalidParameter") -> str:
    """Return the spelling that Azure uses of one of the allowed values.

    Raises:
        ArmError: 400: the value is none of them.
    """
    known = list(allowed)
    for word in known:
        if isinstance(value, str) and value.lower() == word.lower():
            return word
    raise bad(path, f"The value of '{path}' is {value!r}; wanted: {', '.join(known)}.", code)


def default(
    part: dict[str, Any],
    name: str,
    value: Any,  # noqa: ANN401 - JSON
) -> Any:  # noqa: ANN401 - JSON
    """Return a property, after giving it its default where the body leaves it out."""
    if part.get(name) is None:
        part[name] = value
    return part[name]


def choice(part: dict[str, Any], name: str, allowed: Iterable[str], initial: str) -> str:
    """Complete and check a property that is one of a few words, the first time and later."""
    part[name] = one_of(default(part, name, initial), allowed, f"properties.{name}")
    return part[name]


def flag(part: dict[str, Any], name: str, *, initial: bool) -> bool:
    """Complete and check a property that is true or false."""
    value = default(part, name, initial)
    if not isinstance(value, bool):
        raise bad(f"properties.{name}", f"'properties.{name}' is {value!r}; wanted: true or false.")
    return value


def between(value: object, low: int, high: int, path: str, code: str = "InvalidParameter") -> int:
    """Return a whole number within bounds.

    Raises:
        ArmError: 400: it is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        sentence = f"The value of '{path}' is {value!r}; wanted: a whole number, {low} to {high}."
        raise bad(path, sentence, code)
    return value


def named(resource: Resource, pattern: str, code: str, sentence: str) -> None:
    """Refuse a name that breaks its type's rule; `{name}` in the sentence becomes the name.

    Raises:
        ArmError: 400 with the code and sentence.
    """
    if not re.fullmatch(pattern, resource["name"]):
        raise ArmError(400, code, sentence.replace("{name}", resource["name"]), "name")


def located(resource: Resource) -> str:
    """Return the region of a resource.

    Raises:
        ArmError: 400: there is none, or the local Azure has no such region.
    """
    location = resource.get("location")
    if not location:
        sentence = "The location property is required for this definition."
        raise ArmError(400, "LocationRequired", sentence, "location")
    if location not in REGIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{location}' is not available for resource type "
            f"'{resource['type']}'. List of available regions for the resource type is "
            f"'{','.join(REGIONS)}'.",
            "location",
        )
    return location


def worldwide(resource: Resource) -> None:
    """Require the location `global`.

    Raises:
        ArmError: 400.
    """
    if resource.get("location") != GLOBAL:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{resource.get('location')}' is not available for resource "
            f"type '{resource['type']}'. List of available regions for the resource type is "
            f"'{GLOBAL}'.",
            "location",
        )


def guid(value: object, path: str, code: str = "InvalidParameter") -> str:
    """Return a GUID.

    Raises:
        ArmError: 400.
    """
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as error:
        raise bad(path, f"The value of '{path}' is {value!r}; wanted: a GUID.", code) from error


def of_type(store: Store, id_: object, type_: str) -> Resource | None:
    """Return the resource with an id if it is there and has the type."""
    found = store.get(id_) if isinstance(id_, str) else None
    return found if found and found["type"].lower() == type_.lower() else None


def refer(
    ctx: Context,
    resource: Resource,
    path: str,
    type_: str,
    code: str = "InvalidResourceReference",
) -> Resource | None:
    """Return the resource that a property names, None where it names none.

    Raises:
        ArmError: 400: it names what is not there, or something of another type.
    """
    id_ = at(resource, path)
    if not id_:
        return None
    found = of_type(ctx.store, id_, type_)
    if found is None:
        sentence = (
            f"Resource {id_} referenced by resource {resource['id']} was not found. Please make "
            f"sure that the referenced resource exists; '{path}' wants the id of a {type_}."
        )
        raise bad(path, sentence, code)
    return found


def carry(resource: Resource, previous: Resource | None, made: Mapping[str, object]) -> None:
    """Write what the service made, keeping what it made when the resource was created."""
    old = previous["properties"] if previous else {}
    properties = resource["properties"]
    for name, value in made.items():
        properties[name] = old.get(name, value)


def ip_range(text: object, path: str) -> IpNetwork:
    """Return an address range.

    Raises:
        ArmError: 400: it is not in CIDR notation, or has host bits.
    """
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        pass
    try:
        whole = ipaddress.ip_network(str(text), strict=False)
        should = f"; for the given prefix length it should be {whole}"
    except ValueError:
        should = ""
    sentence = f"The address prefix {text!r} of '{path}' has an invalid CIDR notation{should}."
    raise bad(path, sentence, "InvalidCIDRNotation")
