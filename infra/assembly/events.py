"""The events of a stamp's workspace."""

from infra.assembly.base import Base
from infra.assembly.stores import Stores
from infra.components.events import (
    EventDelivery,
    EventDeliveryArgs,
    EventSource,
    EventSourceArgs,
)
from infra.components.workspace import Workspace
from infra.data_roles import EVENTS_IDENTITY, events_grants
from infra.naming import Kind
from infra.roles import Scope
from infra.site import Site


def send_events(site: Site, base: Base, stores: Stores, workspace: Workspace) -> EventSource | None:
    """Send the workspace's events to a queue, None where the settings do without."""
    if not site.settings.data.events:
        return None
    source = EventSource(
        site.named("events"),
        EventSourceArgs(
            topic_name=site.names.of(Kind.EVENT_TOPIC),
            location=site.region,
            resource_group_name=site.group_name,
            workspace_id=workspace.workspace_id,
            account_name=stores.data.account_name,
        ),
        site.child,
    )
    granted = site.grant(
        "events",
        events_grants(),
        {EVENTS_IDENTITY: source.principal_id},
        {Scope.EVENT_QUEUE: source.queue_id, Scope.DEAD_LETTERS: source.dead_letters_id},
    )
    delivery = EventDeliveryArgs(
        resource_group_name=site.group_name,
        topic_name=source.topic_name,
        account_id=stores.data.account_id,
        queue_name=source.queue_name,
        dead_letters_name=source.dead_letters_name,
        after=granted.assignments,
        hooks=site.hooks,
    )
    EventDelivery(site.named("event-delivery"), delivery, site.child)
    site.send_logs(base.monitoring, "events", source.topic_id)
    return source
