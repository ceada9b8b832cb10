"""Diagnostic settings, found by their edge before ids are known and by ids after that."""

import pytest
from pulumi_policy import StackValidationArgs

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import diagnostics as rules
from policies.rules.targets import TARGETS
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate, graph_of, token

SETTING = rules.SETTINGS[0]
ALL = [{"categoryGroup": "allLogs", "enabled": True}]
OF_ONE = [
    (rules.key_vault_log, ["AuditEvent"]),
    (rules.ml_workspace_log, ["AmlComputeClusterEvent"]),
    (rules.aks_audit_log, ["kube-audit-admin", "guard"]),
    (rules.registry_log, ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"]),
    (rules.cognitive_log, ["Audit"]),
    (rules.databricks_log, ["accounts", "clusters", "jobs", "notebook", "workspace"]),
]
IDS = [rule.id for rule, _ in OF_ONE]


def categories(names, enabled=True):
    return [{"category": name, "enabled": enabled} for name in names]


def verdict(rule, *settings, name="it"):
    """The verdict where each setting is made from the resource; None is the id at preview."""
    stack = Stack()
    kind = rule.types[0]
    target = stack.add(kind, name, {TARGETS[kind].name: name})
    for index, (logs, uri) in enumerate(settings):
        props = {"resourceUri": UNKNOWN if uri is None else uri, "logs": logs}
        stack.add(SETTING, f"s{index}", props, **({"resourceUri": target} if uri is None else {}))
    return stack.ask(rule)[name]


def uri_of(rule, *more, name="it"):
    arm_type = TARGETS[rule.types[0]].arm_type
    return "/".join([f"/subscriptions/s/resourceGroups/g/providers/{arm_type}/{name}", *more])


@pytest.mark.parametrize(("rule", "names"), OF_ONE, ids=IDS)
def test_logs_are_judged_whatever_form_they_have(rule, names):
    for logs, expected in (
        (ALL, PASS),
        ([{"categoryGroup": "ALLLOGS", "enabled": True}], PASS),
        (categories(names), PASS),
        (categories([name.upper() for name in names]), PASS),
        ([*categories(["other"]), *categories(names)], PASS),
        (categories(names, enabled=False), FAIL),
        (categories(names, enabled=None), FAIL),
        (categories(["other"]), FAIL),
        ([], FAIL),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
        ([UNKNOWN], UNDECIDED),
        (categories(names, enabled=UNKNOWN), UNDECIDED),
    ):
        assert verdict(rule, (logs, None)) == expected, logs
    assert verdict(rule) == FAIL


@pytest.mark.parametrize(("rule", "names"), OF_ONE, ids=IDS)
def test_settings_are_found_by_known_ids_in_any_casing(rule, names):
    assert verdict(rule, (ALL, uri_of(rule))) == PASS
    assert verdict(rule, (ALL, uri_of(rule).upper())) == PASS
    assert verdict(rule, (ALL, uri_of(rule, name="another"))) == FAIL
    # What is in it has logs of its own.
    assert verdict(rule, (ALL, uri_of(rule, "onlineEndpoints", "e"))) == FAIL


def test_two_settings_may_share_what_is_asked():
    audit, guard = categories(["kube-audit"]), categories(["guard"])
    assert verdict(rules.aks_audit_log, (audit, None)) == FAIL
    assert verdict(rules.aks_audit_log, (audit, None), (guard, None)) == PASS


def test_the_group_audit_is_none_of_databricks():
    audit = [{"categoryGroup": "audit", "enabled": True}]
    assert verdict(rules.databricks_log, (audit, None)) == FAIL
    assert verdict(rules.key_vault_log, (audit, None)) == PASS


def storage(settings, **props):
    stack = Stack()
    account = stack.add("storage:StorageAccount", "it", {"accountName": "it", **props})
    for index, (uri, logs) in enumerate(settings):
        edge = {"resourceUri": account} if uri == UNKNOWN else {}
        stack.add(SETTING, f"s{index}", {"resourceUri": uri, "logs": logs}, **edge)
    return stack.ask(rules.storage_log)["it"]


BLOBS = uri_of(rules.storage_log, "blobServices", "default")
FILES = uri_of(rules.storage_log, "fileServices", "default")


@pytest.mark.parametrize(
    ("settings", "props", "expected"),
    [
        ([], {}, FAIL),
        ([(BLOBS, ALL)], {}, PASS),
        ([(BLOBS.lower(), ALL)], {}, PASS),
        ([(UNKNOWN, ALL)], {}, PASS),
        # The account's own setting holds metrics only.
        ([(uri_of(rules.storage_log), ALL)], {}, FAIL),
        ([(FILES, ALL)], {}, FAIL),
        ([(FILES, ALL)], {"kind": "FileStorage"}, PASS),
        ([(BLOBS, ALL)], {"kind": "FileStorage"}, FAIL),
        ([(BLOBS, ALL)], {"kind": "BlockBlobStorage"}, PASS),
        ([(BLOBS, categories(["StorageRead", "StorageWrite"]))], {}, FAIL),
        ([(BLOBS, categories(["StorageRead", "StorageWrite", "StorageDelete"]))], {}, PASS),
        ([(BLOBS, UNKNOWN)], {}, UNDECIDED),
    ],
)
def test_the_services_of_an_account_record(settings, props, expected):
    assert storage(settings, **props) == expected


KEPT = categories(["Administrative", "Alert", "Policy", "Security"])
OF_SUBSCRIPTION = token(rules.OF_SUBSCRIPTION[0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PASS),
        ({"logs": ALL}, PASS),
        ({"logs": KEPT[1:]}, FAIL),
        ({"logs": categories(["Administrative", "Alert", "Policy", "security"])}, PASS),
        ({"logs": None}, FAIL),
        ({"logs": UNKNOWN}, UNDECIDED),
        ({"workspaceId": UNKNOWN}, PASS),
        ({"workspaceId": None}, FAIL),
        ({"workspaceId": None, "storageAccountId": "/account"}, PASS),
    ],
)
def test_a_subscriptions_log_is_kept_whole(changes, expected):
    props = {"logs": KEPT, "workspaceId": "/workspace", **changes}
    assert evaluate(rules.activity_log, props, type_token=OF_SUBSCRIPTION) == expected
    uri = "/subscriptions/00000000-0000-0000-0000-000000000001/"
    props["resourceUri"] = uri
    assert evaluate(rules.activity_log, props, type_token=token(SETTING)) == expected


def test_settings_of_other_resources_are_left_alone():
    props = {"logs": [], "resourceUri": "/subscriptions/s/resourceGroups/g/providers/a/b/c"}
    assert evaluate(rules.activity_log, props, type_token=token(SETTING)) == NOT_APPLICABLE
    props["resourceUri"] = UNKNOWN
    assert evaluate(rules.activity_log, props, type_token=token(SETTING)) == UNDECIDED


def test_an_unknown_target_that_a_resource_made_is_no_subscription():
    stack = Stack()
    vault = stack.add("keyvault:Vault", "vault", {})
    stack.add(SETTING, "s", {"resourceUri": UNKNOWN}, resourceUri=vault)
    graph = graph_of(StackValidationArgs(stack.resources, {}, {}), rules.activity_log.settings())
    (node,) = graph.of(SETTING)
    assert rules.activity_log.resolve(node).outcome == PASS


def test_the_categories_are_a_parameter():
    props = {"logs": categories(["Administrative"]), "workspaceId": "/w"}
    verdict = ask(
        rules.activity_log, props, type_token=OF_SUBSCRIPTION, categories=["Administrative"]
    )
    assert verdict.outcome == PASS
