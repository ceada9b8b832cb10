"""The container that tests call, in the network of a stamp."""

from pulumi import Input

from infra.addresses import Purpose
from infra.assembly.base import Base
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.test_target import TestTarget, TestTargetArgs
from infra.naming import Kind
from infra.site import Site

_IDENTITY = "test-target"


def stand_target(site: Site, base: Base) -> dict[str, Input[str]]:
    """Make the target and return where it answers; nothing where the settings do without."""
    if not site.settings.serving.test_target:
        return {}
    # It may do nothing at all: the identity is there so that a grant would be to it alone.
    identities = Identities(
        site.named("test-target-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[_IDENTITY],
        ),
        site.child,
    )
    target = TestTarget(
        site.named("test-target"),
        TestTargetArgs(
            group_name=site.names.of(Kind.CONTAINER_GROUP),
            location=site.region,
            resource_group_name=site.group_name,
            subnet_id=base.network.subnet_ids[Purpose.CONTAINER_INSTANCES],
            identity_id=identities.ids[_IDENTITY],
        ),
        site.child,
    )
    return {"test_target": target.url}
