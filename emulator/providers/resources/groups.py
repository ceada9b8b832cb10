"""Resource groups."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import GROUP_TYPE
from emulator.arm.store import Resource
from emulator.net.names import REGIONS
from emulator.providers.checks import named

_MOST_TAGS = 50


@behaviour
class ResourceGroup(Behaviour):
    """A group has a name, a region that it keeps, and tags."""

    type: ClassVar[str] = GROUP_TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[\w().-]{0,89}[\w()-]",
            "InvalidResourceGroup",
            "The provided resource group name '{name}' is not valid: wanted are at most 90 "
            "letters, digits, underscores, parentheses, hyphens and periods, no period last.",
        )
        location = resource.get("location")
        if not location:
            sentence = "The location property is required for this definition."
            raise ArmError(400, "LocationRequired", sentence, "location")
        if location not in REGIONS:
            raise ArmError(
                400,
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{location}' is not available for resource group. List of "
                f"available regions is '{','.join(REGIONS)}'.",
                "location",
            )
        if len(resource.get("tags") or {}) > _MOST_TAGS:
            found = len(resource["tags"])
            sentence = f"The tags of '{resource['name']}' are {found}; at most {_MOST_TAGS} fit."
            raise ArmError(400, "InvalidTags", sentence, "tags")
