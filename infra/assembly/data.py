"""How data and news of it move in a stamp: the workspace's events, and the data factory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pulumi import Input

from infra.alert_rules import EVENT_RULES, FACTORY_RULES
from infra.assembly.base import Base
from infra.assembly.catalogue import Catalogue, let_scan
from infra.assembly.events import send_events
from infra.assembly.factory import build_factory
from infra.assembly.serving import Serving
from infra.assembly.stores import Stores
from infra.components.alerts import MetricRule
from infra.components.lake import Lake
from infra.components.workspace import Workspace
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What the rest of the stamp has to know of it."""

    watched: dict[str, tuple[Input[str], Sequence[MetricRule]]] = field(default_factory=dict)
    outputs: dict[str, Input[str]] = field(default_factory=dict)


def move_data(
    site: Site,
    base: Base,
    *,
    stores: Stores,
    lake: Lake | None,
    workspace: Workspace,
    serving: Serving,
    catalogue: Catalogue | None,
) -> Moved:
    """Build what moves data, as far as the settings ask for it."""
    moved = Moved()
    source = send_events(site, base, stores, workspace)
    if source is not None:
        moved.watched["events"] = (source.topic_id, EVENT_RULES)
        moved.outputs["event_queue"] = source.queue_name
    if lake is None:  # a check of the settings refuses a factory without a lake
        return moved
    if catalogue is not None:
        let_scan(site, lake, catalogue)
    if site.settings.data.factory:
        factory = build_factory(
            site, base, lake=lake, workspace=workspace, serving=serving, catalogue=catalogue
        )
        moved.watched["factory"] = (factory.factory_id, FACTORY_RULES)
        moved.outputs.update(factory.outputs)
    return moved
