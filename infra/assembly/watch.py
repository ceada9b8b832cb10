"""What watches a stamp and an environment, and whom it tells."""

from collections.abc import Mapping, Sequence

from pulumi import Input

from infra.activity_rules import ACTIVITY_RULES
from infra.alert_rules import (
    REGISTRY_RULES,
    STORAGE_RULES,
    VAULT_RULES,
    endpoint_rules,
    log_rules,
    workspace_rules,
)
from infra.assembly.base import Base
from infra.assembly.serving import Serving
from infra.assembly.stores import Stores
from infra.components.action_group import Recipients, RecipientsArgs
from infra.components.alerts import (
    ActivityAlerts,
    ActivityAlertsArgs,
    LogAlerts,
    LogAlertsArgs,
    MetricAlerts,
    MetricAlertsArgs,
    MetricRule,
)
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.lake import Lake
from infra.components.workbook import Workbook, WorkbookArgs
from infra.components.workspace import Workspace
from infra.naming import Kind, Names
from infra.roles import WATCH_IDENTITY, Scope, watch_grants
from infra.settings import Settings
from infra.site import Site

Watched = Mapping[str, tuple[Input[str], Sequence[MetricRule]]]
"""Ids of what is watched and the rules for it, by short names."""


def find_people(settings: Settings, names: Names, group_name: Input[str]) -> Input[str] | None:
    """Make whom all alerts of an environment reach; return its id, None without alerts."""
    if not settings.alerts.enabled:
        return None
    args = RecipientsArgs(
        names=names, resource_group_name=group_name, emails=settings.alerts.emails
    )
    return Recipients("people", args).action_group_id


def watch_environment(
    names: Names,
    group_name: Input[str],
    people: Input[str] | None,
    group_ids: Sequence[Input[str]],
) -> None:
    """Tell the people what happens to the environment's resource groups."""
    if people is None:
        return
    args = ActivityAlertsArgs(
        prefix=names.of(Kind.ALERT),
        resource_group_name=group_name,
        subscription_id=names.subscription,
        group_ids=group_ids,
        rules=ACTIVITY_RULES,
        action_group_id=people,
    )
    ActivityAlerts("activity", args)


def watched(
    settings: Settings, workspace: Workspace, stores: Stores, lake: Lake | None, serving: Serving
) -> dict[str, tuple[Input[str], Sequence[MetricRule]]]:
    """Return what every stamp has that is watched; options add to it."""
    found: dict[str, tuple[Input[str], Sequence[MetricRule]]] = {
        "workspace": (workspace.workspace_id, workspace_rules(settings)),
        "vault": (stores.vault.vault_id, VAULT_RULES),
        "data": (stores.data.account_id, STORAGE_RULES),
        "registry": (stores.registry.registry_id, REGISTRY_RULES),
    }
    for task, endpoint in serving.online.items():
        found[f"endpoint-{task}"] = (endpoint.endpoint_id, endpoint_rules(settings))
    if lake is not None:
        found["lake"] = (lake.account_id, STORAGE_RULES)
    return found


def watch_stamp(site: Site, base: Base, people: Input[str] | None, targets: Watched) -> None:
    """Show how a stamp is doing, and tell the people when it is not well."""
    settings, logs_id = site.settings, base.monitoring.logs_id
    page = WorkbookArgs(
        names=site.names,
        location=site.region,
        resource_group_name=site.group_name,
        title=f"Machine learning in {settings.environment}, {site.region}",
        logs_id=logs_id,
    )
    Workbook(site.named("workbook"), page, site.child)
    if people is None:
        return
    for target, (target_id, rules) in targets.items():
        args = MetricAlertsArgs(
            prefix=site.names.of(Kind.ALERT, target),
            resource_group_name=site.group_name,
            target_id=target_id,
            rules=rules,
            action_group_id=people,
        )
        MetricAlerts(site.named(f"alerts-{target}"), args, site.child)
    identities = Identities(
        site.named("watch-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[WATCH_IDENTITY],
        ),
        site.child,
    )
    granted = site.grant("watch", watch_grants(), identities.principal_ids, {Scope.LOGS: logs_id})
    questions = LogAlertsArgs(
        prefix=site.names.of(Kind.ALERT, "logs"),
        location=site.region,
        resource_group_name=site.group_name,
        logs_id=logs_id,
        identity_id=identities.ids[WATCH_IDENTITY],
        rules=log_rules(settings),
        action_group_id=people,
        after=granted.assignments,
        hooks=site.hooks,
    )
    LogAlerts(site.named("alerts-logs"), questions, site.child)
