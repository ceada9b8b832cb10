"""Log Analytics, Application Insights, diagnostic settings, alerts and budgets."""

import json

import pytest

from tests.emulator.providers.world import GROUP, located

LOGS = "Microsoft.OperationalInsights/workspaces/logs-mlops"
INSIGHTS = "Microsoft.Insights/components/appi"


@pytest.fixture
def logs(azure):
    return azure.put(LOGS, located(sku={"name": "PerGB2018"}))["id"]


def test_log_workspace_has_an_id_and_keys(azure, logs):
    shown = azure.get(LOGS)["properties"]
    assert shown["retentionInDays"] == 30
    first = json.loads(azure.post(LOGS, "sharedKeys"))
    assert first == json.loads(azure.post(LOGS, "sharedKeys"))
    azure.put(LOGS, located(retentionInDays=90))
    assert azure.get(LOGS)["properties"]["customerId"] == shown["customerId"]


@pytest.mark.parametrize(
    "properties",
    [
        {"retentionInDays": 29},
        {"retentionInDays": 731},
        {"sku": {"name": "Gold"}},
        {"sku": {"name": "Free"}, "retentionInDays": 30},
        {"workspaceCapping": {"dailyQuotaGb": 0}},
        {"features": {"disableLocalAuth": "yes"}},
    ],
)
def test_bad_log_workspace_is_refused(azure, properties):
    azure.refuses(LOGS, located(**properties))


def insights(logs, **changes):
    properties = {"Application_Type": "web", "WorkspaceResourceId": logs} | changes
    return {**located(**properties), "kind": "web"}


def test_insights_keep_their_keys(azure, logs):
    shown = azure.put(INSIGHTS, insights(logs))["properties"]
    assert shown["ConnectionString"].startswith(
        f"InstrumentationKey={shown['InstrumentationKey']};"
    )
    again = azure.put(INSIGHTS, insights(logs, RetentionInDays=30))["properties"]
    assert (again["AppId"], again["CreationDate"]) == (shown["AppId"], shown["CreationDate"])


@pytest.mark.parametrize(
    "changes",
    [
        {"WorkspaceResourceId": None},
        {"WorkspaceResourceId": f"{GROUP}/providers/{LOGS}x"},
        {"Application_Type": "game"},
        {"RetentionInDays": 31},
    ],
)
def test_bad_insights_are_refused(azure, logs, changes):
    azure.refuses(INSIGHTS, insights(logs, **changes))


def setting(logs, *categories, group=None, **properties):
    chosen = [{"category": name, "enabled": True} for name in categories]
    chosen += [{"categoryGroup": group, "enabled": True}] if group else []
    return {"properties": {"workspaceId": logs, "logs": chosen} | properties}


def test_diagnostic_settings_of_a_vault(azure, logs):
    path = f"{azure.vault()['id']}/providers/Microsoft.Insights/diagnosticSettings"
    azure.put(f"{path}/a", setting(logs, group="allLogs"))
    assert azure.refuses(f"{path}/b", setting(logs, group="allLogs")).code == "Conflict"
    azure.put(f"{path}/b", setting(logs, "AuditEvent"))
    for body in (
        setting(None, "AuditEvent"),
        setting(f"{logs}x", "AuditEvent"),
        setting(logs),
        setting(logs, "Gossip"),
        setting(logs, "AuditEvent", group="allLogs"),
        setting(logs, group="everything"),
    ):
        assert azure.refuses(f"{path}/c", body).status == 400


def test_storage_account_itself_has_no_logs(azure, logs):
    account = azure.account()["id"]
    path = "providers/Microsoft.Insights/diagnosticSettings/a"
    refusal = azure.refuses(f"{account}/{path}", setting(logs, group="allLogs"))
    assert "not supported" in refusal.message
    azure.put(f"{account}/blobServices/default/{path}", setting(logs, group="allLogs"))


def test_metric_alert_names_what_exists(azure):
    account = azure.account()["id"]
    group = azure.put(
        "Microsoft.Insights/actionGroups/ops",
        located(
            "global",
            groupShortName="ops",
            emailReceivers=[{"name": "team", "emailAddress": "team@example.com"}],
        ),
    )
    condition = {
        "name": "c",
        "metricName": "Availability",
        "operator": "LessThan",
        "timeAggregation": "Average",
        "threshold": 99,
    }
    kind = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    good = {
        "severity": 2,
        "scopes": [account],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {"odata.type": kind, "allOf": [condition]},
        "actions": [{"actionGroupId": group["id"]}],
    }
    path = "Microsoft.Insights/metricAlerts/slow"
    azure.put(path, located("global", **good))
    for change in (
        {"severity": 5},
        {"scopes": [f"{account}x"]},
        {"windowSize": "PT1M"},
        {"criteria": {"odata.type": kind, "allOf": []}},
        {"actions": [{"actionGroupId": f"{group['id']}x"}]},
    ):
        azure.refuses(path, located("global", **(good | change)))
    azure.refuses(path, located("westeurope", **good))


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"groupShortName": "much-too-long-a-name"},
        {"groupShortName": "ops", "emailReceivers": [{"name": "a", "emailAddress": "nobody"}]},
    ],
)
def test_bad_action_group_is_refused(azure, properties):
    azure.refuses("Microsoft.Insights/actionGroups/ops", located("global", **properties))


def test_budgets_are_checked(azure):
    good = {
        "category": "Cost",
        "amount": 100,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": "2026-01-01T00:00:00Z"},
        "notifications": {
            "most": {
                "enabled": True,
                "operator": "GreaterThan",
                "threshold": 80,
                "contactEmails": ["team@example.com"],
            }
        },
    }
    path = f"{GROUP}/providers/Microsoft.Consumption/budgets/monthly"
    azure.put(path, {"properties": good})
    for change in (
        {"amount": 0},
        {"timeGrain": "Daily"},
        {"category": "Fun"},
        {"timePeriod": {"startDate": "2026-01-02"}},
        {"timePeriod": {"startDate": "2026-02-01", "endDate": "2026-01-01"}},
        {"notifications": {"n": {"enabled": True, "operator": "GreaterThan", "threshold": 0}}},
    ):
        azure.refuses(path, {"properties": good | change})
