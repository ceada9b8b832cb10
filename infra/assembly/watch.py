"""What watches a stamp and an environment, and whom it tells."""

from collections.abc import Mapping, Sequence

from pulumi import Input

from infra.alert_rules import ACTIVITY_RULES, Watched, log_rules, metric_rules
from infra.assembly.base import Base
from infra.components.alerts import (
    ActionGroup,
    ActionGroupArgs,
    ActivityAlerts,
    ActivityAlertsArgs,
    LogAlerts,
    LogAlertsArgs,
    MetricAlerts,
    MetricAlertsArgs,
)
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.workbook import Workbook, WorkbookArgs
from infra.naming import Names
from infra.roles import WATCH_IDENTITY, Scope, watch_grants
from infra.settings import Settings
from infra.site import Site

Targets = Mapping[Watched, Mapping[str, Input[str]]]
"""Ids of what is watched, by their kind and a short name."""


def find_people(settings: Settings, names: Names, group_name: Input[str]) -> Input[str] | None:
    """Make whom all alerts of an environment reach; return its id, None without alerts."""
    if not settings.alerts.enabled:
        return None
    args = ActionGroupArgs(
        names=names, resource_group_name=group_name, emails=settings.alerts.emails
    )
    return ActionGroup("people", args).group_id


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
        names=names,
        resource_group_name=group_name,
        action_group_id=people,
        group_ids=group_ids,
        rules=ACTIVITY_RULES,
    )
    ActivityAlerts("activity", args)


def watch_stamp(site: Site, base: Base, people: Input[str] | None, targets: Targets) -> None:
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
    for kind, rules in metric_rules(settings).items():
        if targets.get(kind):
            args = MetricAlertsArgs(
                names=site.names,
                resource_group_name=site.group_name,
                action_group_id=people,
                kind=kind,
                rules=rules,
                targets=targets[kind],
            )
            MetricAlerts(site.named(f"alerts-{kind.name.lower()}"), args, site.child)
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
        names=site.names,
        location=site.region,
        resource_group_name=site.group_name,
        action_group_id=people,
        logs_id=logs_id,
        identity_id=identities.ids[WATCH_IDENTITY],
        rules=log_rules(settings),
        after=granted.assignments,
        hooks=site.hooks,
    )
    LogAlerts(site.named("alerts-logs"), questions, site.child)
