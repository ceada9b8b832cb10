"""Alerts: each watches something that is there, says what is wrong, and reaches somebody."""

import json

import pytest

from infra import alert_rules
from infra.__main__ import main
from infra.activity_rules import ACTIVITY_RULES
from infra.alert_rules import DRIFT_EVENT
from infra.components.workbook import page
from infra.settings import Settings
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ALERTS = ("MetricAlert", "ScheduledQueryRule", "ActivityLogAlert")


def dev_with(**keys: object) -> Recording:
    given = {f"{PROJECT}:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


def groups_of(alert: dict) -> list[str]:
    """Return the action groups of an alert, whatever its kind."""
    actions = alert["actions"]
    if isinstance(actions, list):
        return [action["actionGroupId"] for action in actions]
    return [g if isinstance(g, str) else g["actionGroupId"] for g in actions["actionGroups"]]


def test_every_alert_reaches_the_action_group_of_its_environment(platform):
    (group,) = platform.all("monitor:ActionGroup")
    alerts = [r for kind in ALERTS for r in platform.all(kind)]
    assert alerts
    for alert in alerts:
        assert groups_of(alert.inputs) == [f"/id/monitor:ActionGroup/{group.name}"], alert.name
        assert alert.inputs["enabled"] is True
        assert len(alert.inputs["description"]) > 15


def test_the_owners_hear_of_it_where_nobody_is_named(dev):
    group = dev.one("monitor:ActionGroup").inputs
    assert [r["roleId"] for r in group["armRoleReceivers"]] == [OWNER]
    assert group["groupShortName"] == "mlops-dev"


def test_those_who_are_named_hear_of_it_and_nobody_else():
    named = dev_with(alerts={"emails": ["a@example.com", "b@example.com"]})
    group = named.one("monitor:ActionGroup").inputs
    addresses = [receiver["emailAddress"] for receiver in group["emailReceivers"]]
    assert addresses == ["a@example.com", "b@example.com"]
    assert group.get("armRoleReceivers", []) == []


def test_the_workspace_and_its_endpoint_have_the_alerts_of_the_table(dev):
    watched = {
        (alert.inputs["scopes"][0].rpartition("/")[2], c["metricName"])
        for alert in dev.all("MetricAlert")
        for c in alert.inputs["criteria"]["allOf"]
    }
    for metric in (
        "Failed Runs",
        "Model Deploy Failed",
        "Quota Utilization Percentage",
        "Unusable Nodes",
        "Not Responding Runs",
    ):
        assert ("workspace-weu", metric) in watched
    assert ("endpoint-flights-weu", "RequestLatency_P95") in watched
    assert ("endpoint-flights-weu", "RequestsPerMinute") in watched
    assert ("lake-weu", "Availability") in watched


def test_an_endpoints_alerts_tell_its_deployments_apart(dev):
    alerts = [a.inputs for a in dev.all("MetricAlert") if "alerts-endpoint" in a.name]
    assert alerts
    for alert in alerts:
        (condition,) = alert["criteria"]["allOf"]
        split = {d["name"]: d["values"] for d in condition["dimensions"]}
        assert split["deployment"] == ["*"]
    share = dev.one("ScheduledQueryRule", "alerts-logs-weu-error-share").inputs
    (condition,) = share["criteria"]["allOf"]
    assert {d["name"] for d in condition["dimensions"]} == {"EndpointName", "DeploymentName"}


def test_thresholds_come_from_the_settings():
    made = dev_with(
        alerts={"quota_percent": 70}, serving={"latency_p95_ms": 123, "error_percent": 2.5}
    )

    def threshold(name: str) -> float:
        return made.one("MetricAlert", name).inputs["criteria"]["allOf"][0]["threshold"]

    assert threshold("alerts-workspace-weu-quota") == 70
    assert threshold("alerts-endpoint-flights-weu-latency") == 123
    share = made.one("ScheduledQueryRule", "alerts-logs-weu-error-share").inputs
    assert share["criteria"]["allOf"][0]["threshold"] == 2.5


def test_questions_to_the_logs_are_asked_by_an_identity_that_may_only_read(dev):
    for rule in dev.all("ScheduledQueryRule"):
        assert rule.inputs["identity"] == {
            "type": "UserAssigned",
            "userAssignedIdentities": [
                "/id/managedidentity:UserAssignedIdentity/watch-identity-weu-watch"
            ],
        }
        assert any("RoleAssignment" in urn for urn in rule.depends_on)
    held = [
        r.inputs["scope"]
        for r in dev.all("RoleAssignment")
        if r.inputs["principalId"] == "principal-of-watch-identity-weu-watch"
    ]
    assert held == ["/id/operationalinsights:Workspace/monitoring-weu-logs"]


def test_a_drift_event_raises_an_alert_for_each_task(dev):
    drift = dev.one("ScheduledQueryRule", "alerts-logs-weu-drift").inputs
    (condition,) = drift["criteria"]["allOf"]
    assert DRIFT_EVENT in condition["query"]
    assert condition["dimensions"][0]["name"] == "Task"


def test_the_daily_cap_has_an_alert_where_there_is_one(recordings):
    def capped(stack: str) -> list[str]:
        return [r.name for r in recordings[stack].all("ScheduledQueryRule") if "dropped" in r.name]

    assert capped("dev") == ["alerts-logs-weu-logs-dropped"]
    assert capped("prod") == []


def test_the_activity_of_all_resource_groups_is_watched_once(recordings):
    prod = recordings["prod"]
    alerts = {a.name: a.inputs for a in prod.all("ActivityLogAlert")}
    assert len(alerts) == len(ACTIVITY_RULES)
    groups = {f"/id/resources:ResourceGroup/{g.name}" for g in prod.all("ResourceGroup")}
    assert len(groups) == 3
    for rule in ACTIVITY_RULES:
        scopes = set(alerts[f"activity-{rule.name}"]["scopes"])
        if rule.everywhere:
            assert [scope.count("/") for scope in scopes] == [2]
        else:
            assert scopes == groups


def test_budgets_reach_the_action_group_too(recordings):
    for budget in recordings["prod"].all("consumption:Budget"):
        for notification in budget.inputs["notifications"].values():
            assert notification["contactGroups"] == ["/id/monitor:ActionGroup/people"]


def test_a_kubernetes_cluster_is_watched_where_there_is_one(dev):
    assert not [a.name for a in dev.all("MetricAlert") if "kubernetes" in a.name]
    made = dev_with(kubernetes={"enabled": True})
    alerts = [a.inputs for a in made.all("MetricAlert") if "kubernetes" in a.name]
    assert len(alerts) == len(alert_rules.KUBERNETES_RULES)
    (cluster,) = made.all("containerservice:ManagedCluster")
    for alert in alerts:
        assert alert["scopes"] == [f"/id/containerservice:ManagedCluster/{cluster.name}"]


def test_without_alerts_nobody_is_told_and_the_page_stays():
    quiet = dev_with(alerts={"enabled": False})
    assert [r.name for kind in (*ALERTS, "ActionGroup") for r in quiet.all(kind)] == []
    assert not [r.name for r in quiet.resources if "watch" in r.name]
    assert quiet.all("applicationinsights:Workbook")


@pytest.mark.parametrize(
    "rules",
    [
        alert_rules.workspace_rules(Settings(environment="dev")),
        alert_rules.endpoint_rules(Settings(environment="dev")),
        alert_rules.VAULT_RULES,
        alert_rules.STORAGE_RULES,
        alert_rules.REGISTRY_RULES,
        alert_rules.FACTORY_RULES,
        alert_rules.EVENT_RULES,
        alert_rules.KUBERNETES_RULES,
    ],
)
def test_each_kind_has_rules_with_names_of_their_own(rules):
    assert len({rule.name for rule in rules}) == len(rules) > 0
    assert all(rule.words.endswith(".") for rule in rules)


def test_the_page_is_the_same_text_for_the_same_logs():
    first, second = page("dev", "/id/logs"), page("dev", "/id/logs")
    assert first == second
    content = json.loads(first)
    assert content["version"] == "Notebook/1.0"
    assert len(content["items"]) > 5
    assert all(
        item["content"]["crossComponentResources"] == ["/id/logs"]
        for item in content["items"]
        if item["type"] == 3
    )


def test_the_page_has_a_guid_of_its_own_in_each_region(recordings):
    names = [
        w.inputs["resourceName"] for w in recordings["prod"].all("applicationinsights:Workbook")
    ]
    assert len(set(names)) == len(names) == 2
