"""What subnets use cannot be deleted."""

from emulator.arm.store import Resource, Store
from emulator.providers.checks import bad

_SUBNETS = "Microsoft.Network/virtualNetworks/subnets"


def refuse_if_used(store: Store, resource: Resource, property_: str, code: str) -> None:
    """Refuse the deletion of what a subnet names in a property.

    Raises:
        ArmError: 400, naming the subnet.
    """
    wanted = resource["id"].lower()
    for subnet in store.find(_SUBNETS):
        named = (subnet["properties"].get(property_) or {}).get("id", "")
        if str(named).lower() == wanted:
            raise bad(
                "id",
                f"{resource['type'].rpartition('/')[2]} {resource['name']} cannot be deleted "
                f"because it is in use by the following resources: {subnet['id']}. Take it off "
                "the subnet first.",
                code,
            )
