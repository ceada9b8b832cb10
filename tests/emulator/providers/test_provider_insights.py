"""Private link scopes, alerts on logs and activities, autoscale, workbooks, names of metrics."""

import copy
import json
from typing import Any

import pytest
from azure.mgmt.applicationinsights import models as insights_models
from azure.mgmt.monitor import models

from emulator.arm.errors import ArmError
from emulator.providers.insights.log_categories import CATEGORIES
from emulator.providers.insights.metric_names import METRICS
from tests.emulator.providers.world import GROUP, SUBSCRIPTION, located

LOGS = "Microsoft.OperationalInsights/workspaces/logs-mlops"
SCOPE = "Microsoft.Insights/privateLinkScopes/pls"
SUB = f"/subscriptions/{SUBSCRIPTION}"


@pytest.fixture
def logs(azure):
    return azure.put(LOGS, located(sku={"name": "PerGB2018"}))["id"]


@pytest.fixture
def people(azure):
    path = "Microsoft.Insights/actionGroups/people"
    return azure.put(path, located("global", groupShortName="people"))["id"]


def changed(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of a body with one place changed; None takes it away."""
    found = copy.deepcopy(body)
    part: Any = found
    *words, last = path.split("/")
    for word in words:
        part = part[int(word) if word.isdigit() else word]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return found


def twice(azure, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Write a body two times: the second time changes nothing."""
    first = azure.put(path, copy.deepcopy(body))
    assert azure.put(path, copy.deepcopy(body)) == first
    assert azure.get(path) == first
    return first


def scope(ingestion="Open", query="Open"):
    modes = {"ingestionAccessMode": ingestion, "queryAccessMode": query}
    return located("global", accessModeSettings=modes)


def test_scope_leads_to_what_it_holds(azure, logs):
    twice(azure, SCOPE, scope())
    member = {"properties": {"linkedResourceId": logs}}
    shown = twice(azure, f"{SCOPE}/scopedResources/logs", member)
    found = models.PrivateLinkScopedResource.deserialize(shown["properties"])
    assert shown["properties"]["linkedResourceId"] == logs
    assert found is not None
    azure.subnet()
    endpoint = azure.endpoint(azure.id(SCOPE), "azuremonitor")
    hosts = {one["fqdn"] for one in endpoint["properties"]["customDnsConfigs"]}
    customer = azure.get(LOGS)["properties"]["customerId"]
    assert f"{customer}.ods.opinsights.azure.com" in hosts
    assert azure.get(SCOPE)["properties"]["privateEndpointConnections"]


def test_scope_fills_its_five_zones(azure, logs):
    azure.put(SCOPE, scope())
    azure.put(f"{SCOPE}/scopedResources/logs", {"properties": {"linkedResourceId": logs}})
    azure.subnet()
    azure.endpoint(azure.id(SCOPE), "azuremonitor")
    names = (
        "privatelink.monitor.azure.com",
        "privatelink.oms.opinsights.azure.com",
        "privatelink.ods.opinsights.azure.com",
        "privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    )
    zones = [
        azure.put(f"Microsoft.Network/privateDnsZones/{name}", {"location": "global"})["id"]
        for name in names
    ]
    configs = [
        {"name": f"zone{index}", "properties": {"privateDnsZoneId": zone}}
        for index, zone in enumerate(zones)
    ]
    group = "Microsoft.Network/privateEndpoints/pe/privateDnsZoneGroups/default"
    made = azure.put(group, {"properties": {"privateDnsZoneConfigs": configs}})
    for config in made["properties"]["privateDnsZoneConfigs"]:
        assert config["properties"]["recordSets"], config["name"]


def test_scope_refuses_what_azure_refuses(azure, logs):
    azure.refuses(SCOPE, located("westeurope", accessModeSettings={}))
    azure.refuses(SCOPE, scope(query="Closed"))
    azure.refuses(SCOPE, located("global"))
    azure.put(SCOPE, scope())
    member = f"{SCOPE}/scopedResources/logs"
    azure.refuses(member, {"properties": {"linkedResourceId": f"{logs}x"}})
    azure.refuses(member, {"properties": {"linkedResourceId": azure.account()["id"]}})
    azure.put(member, {"properties": {"linkedResourceId": logs}})
    azure.refuses(f"{SCOPE}/scopedResources/again", {"properties": {"linkedResourceId": logs}})
    with pytest.raises(ArmError) as refusal:
        azure.delete(SCOPE)
    assert refusal.value.code == "CannotDeleteResource"
    azure.delete(member)
    assert azure.delete(SCOPE)


def activity(people, **properties):
    conditions = [
        {"field": "category", "equals": "Administrative"},
        {"anyOf": [{"field": "level", "equals": "Error"}]},
    ]
    given = {
        "scopes": [SUB],
        "condition": {"allOf": conditions},
        "actions": {"actionGroups": [{"actionGroupId": people}]},
    }
    return located("global", **given | properties)


def test_activity_alert_reads_back(azure, people):
    path = "Microsoft.Insights/activityLogAlerts/writes"
    found = models.ActivityLogAlertResource.deserialize(twice(azure, path, activity(people)))
    assert (found.enabled, found.scopes) == (True, [SUB])
    assert found.condition.all_of[1].any_of[0].field == "level"
    assert found.actions.action_groups[0].action_group_id == people


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": []},
        {"scopes": [f"{GROUP}x"]},
        {"scopes": ["/subscriptions/00000000-0000-0000-0000-000000000001"]},
        {"condition": {"allOf": []}},
        {"condition": {"allOf": [{"field": "level", "equals": "Error"}]}},
        {"condition": {"allOf": [{"field": "category", "equals": "Gossip"}]}},
        {"condition": {"allOf": [{"field": "category"}]}},
        {"actions": {"actionGroups": [{"actionGroupId": f"{GROUP}/nobody"}]}},
    ],
)
def test_bad_activity_alert_is_refused(azure, people, change):
    azure.refuses("Microsoft.Insights/activityLogAlerts/writes", activity(people, **change))


def query(logs, people):
    condition = {
        "query": "AppEvents | where Name == 'drift'",
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": "Count",
        "dimensions": [{"name": "Task", "operator": "Include", "values": ["*"]}],
    }
    return located(
        severity=2,
        scopes=[logs],
        evaluationFrequency="PT15M",
        windowSize="PT15M",
        criteria={"allOf": [condition]},
        actions={"actionGroups": [people]},
    )


def test_query_rule_reads_back(azure, logs, people):
    path = "Microsoft.Insights/scheduledQueryRules/drift"
    shown = twice(azure, path, query(logs, people))
    found = models.ScheduledQueryRuleResource.deserialize(shown)
    assert (found.enabled, found.auto_mitigate, found.severity) == (True, True, 2)
    assert found.criteria.all_of[0].failing_periods.number_of_evaluation_periods == 1
    assert found.actions.action_groups == [people]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/severity", 5),
        ("properties/severity", None),
        ("properties/scopes", []),
        ("properties/scopes", [f"{GROUP}/providers/{LOGS}x"]),
        ("properties/evaluationFrequency", "PT7M"),
        ("properties/windowSize", "PT5M"),
        ("properties/muteActionsDuration", "PT1H"),
        ("properties/criteria/allOf", []),
        ("properties/criteria/allOf/0/query", None),
        ("properties/criteria/allOf/0/operator", "Like"),
        ("properties/criteria/allOf/0/timeAggregation", "Maximum"),
        ("properties/criteria/allOf/0/threshold", None),
        ("properties/criteria/allOf/0/dimensions/0/values", []),
        ("properties/criteria/allOf/0/failingPeriods", {"numberOfEvaluationPeriods": 7}),
        ("properties/actions/actionGroups", [f"{GROUP}/nobody"]),
        ("kind", "LogPoem"),
    ],
)
def test_bad_query_rule_is_refused(azure, logs, people, path, value):
    body = changed(query(logs, people), path, value)
    azure.refuses("Microsoft.Insights/scheduledQueryRules/drift", body)


def page(logs, text='{"version": "Notebook/1.0", "items": []}'):
    body = located(displayName="Health", category="workbook", sourceId=logs, serializedData=text)
    return {**body, "kind": "shared"}


def test_workbook_reads_back(azure, logs):
    path = "Microsoft.Insights/workbooks/7f3b9f2e-8a52-4a43-8a30-1d9e0a3f2b11"
    found = insights_models.Workbook.deserialize(twice(azure, path, page(logs)))
    assert json.loads(found.serialized_data)["items"] == []
    assert (found.category, found.source_id, found.kind) == ("workbook", logs, "shared")
    for body in (page(logs, "{"), page(logs, "[]"), page(f"{logs}x")):
        azure.refuses(path, body)
    azure.refuses("Microsoft.Insights/workbooks/health", page(logs))


def alert(scope_id, metric, *dimensions, operator="GreaterThan"):
    condition = {
        "criterionType": "StaticThresholdCriterion",
        "name": "c",
        "metricName": metric,
        "operator": operator,
        "timeAggregation": "Average",
        "threshold": 1,
        "dimensions": [
            {"name": name, "operator": "Include", "values": ["*"]} for name in dimensions
        ],
    }
    kind = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    return located(
        "global",
        severity=2,
        scopes=[scope_id],
        evaluationFrequency="PT5M",
        windowSize="PT15M",
        criteria={"odata.type": kind, "allOf": [condition]},
    )


def test_alert_takes_only_metrics_that_its_target_has(azure):
    path, vault = "Microsoft.Insights/metricAlerts/a", azure.vault()["id"]
    shown = twice(azure, path, alert(vault, "SaturationShoebox", "ActivityName"))
    found = models.MetricAlertResource.deserialize(shown)
    assert found.criteria.all_of[0].dimensions[0].name == "ActivityName"
    for body in (
        alert(vault, "Saturation"),
        alert(vault, "Availability", "Weather"),
        alert(vault, "Availability", operator="GreaterOrLessThan"),
    ):
        assert azure.refuses(path, body).status == 400
    account = azure.account()["id"]
    azure.refuses(path, alert(account, "UsedCapacity", "ApiName"))
    azure.put(path, alert(account, "SuccessE2ELatency", "ApiName"))


def test_settings_know_the_logs_of_a_type(azure, logs):
    group = azure.put("Microsoft.Network/networkSecurityGroups/nsg", located())["id"]
    path = f"{group}/providers/Microsoft.Insights/diagnosticSettings/a"
    wanted = [{"categoryGroup": "allLogs", "enabled": True}]
    metrics = [{"category": "AllMetrics", "enabled": True}]
    azure.refuses(path, {"properties": {"workspaceId": logs, "logs": wanted, "metrics": metrics}})
    azure.put(path, {"properties": {"workspaceId": logs, "logs": wanted}})
    wrong = [{"category": "AuditEvent", "enabled": True}]
    azure.refuses(path, {"properties": {"workspaceId": logs, "logs": wrong}})
    vault = f"{azure.vault()['id']}/providers/Microsoft.Insights/diagnosticSettings/a"
    bad = [{"category": "SomeMetrics", "enabled": True}]
    azure.refuses(vault, {"properties": {"workspaceId": logs, "metrics": bad}})


def test_types_are_written_in_lower_case():
    assert all(type_ == type_.lower() for type_ in (*METRICS, *CATEGORIES))


def scaling(target, **capacity):
    def rule(direction, operator):
        return {
            "metricTrigger": {
                "metricName": "CpuUtilizationPercentage",
                "metricResourceUri": target,
                "timeGrain": "PT1M",
                "timeWindow": "PT5M",
                "statistic": "Average",
                "timeAggregation": "Average",
                "operator": operator,
                "threshold": 70,
            },
            "scaleAction": {
                "direction": direction,
                "type": "ChangeCount",
                "value": "1",
                "cooldown": "PT5M",
            },
        }

    profile = {
        "name": "load",
        "capacity": {"minimum": "2", "maximum": "5", "default": "2"} | capacity,
        "rules": [rule("Increase", "GreaterThan"), rule("Decrease", "LessThan")],
    }
    return located(targetResourceUri=target, profiles=[profile])


def test_autoscale_scales_what_is_there(azure):
    kind = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
    workspace = azure.id("Microsoft.MachineLearningServices/workspaces/ml")
    target = f"{workspace}/onlineEndpoints/flights/deployments/blue"
    path = "Microsoft.Insights/autoscalesettings/flights"
    assert azure.refuses(path, scaling(target)).status == 404
    azure.store.put({"id": target, "type": kind, "name": "blue", "properties": {}})
    found = models.AutoscaleSettingResource.deserialize(twice(azure, path, scaling(target)))
    assert found.profiles[0].capacity.minimum == "2"
    assert found.profiles[0].rules[0].scale_action.direction == "Increase"
    for body in (
        scaling(target, minimum="6"),
        scaling(target, default="9"),
        scaling(target, maximum="many"),
        changed(scaling(target), "properties/profiles", []),
        changed(scaling(target), "properties/profiles/0/rules/0/metricTrigger/metricName", "Mood"),
        changed(scaling(target), "properties/profiles/0/rules/0/scaleAction/type", "Guess"),
    ):
        azure.refuses(path, body)
    azure.refuses("Microsoft.Insights/autoscalesettings/other", scaling(target))
    assert azure.refuses(path, scaling(azure.vault()["id"])).code == "UnsupportedResourceType"
