"""Budgets, locks, what a stack owns, and whom its pipelines trust."""

import json
import re

import pytest

from infra.__main__ import main
from infra.builtin_roles import Role
from infra.components.policy_assignments import BUILT_INS
from infra.config import parse
from infra.delivery_roles import DELEGATED, delegation_condition
from infra.problems import SettingsError
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config

SCIENTISTS = "11111111-2222-3333-4444-555555555555"
DEVOPS = {
    "enabled": True,
    "organisation_id": "99999999-2222-3333-4444-555555555555",
    "organisation": "contoso",
    "project": "ml",
    "connection": "azure",
}


def config_with(stack: str, **keys: object) -> dict[str, str]:
    return {**stack_config(stack), **{f"{PROJECT}:{k}": json.dumps(v) for k, v in keys.items()}}


def stack_with(stack: str = "dev", **keys: object) -> Recording:
    return record(main, stack=stack, config=config_with(stack, **keys))


def mistakes(**keys: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(config_with("dev", **keys), project=PROJECT, stack="dev")
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(scope="module")
def delivered() -> Recording:
    return stack_with("staging", delivery={"github": "contoso/ml", "devops": DEVOPS})


def test_each_region_has_a_budget_with_actual_and_forecast_alerts(recordings):
    budgets = recordings["prod"].all("consumption:Budget")
    assert len(budgets) == 3
    for budget in budgets:
        shown = {
            (n["threshold"], n["thresholdType"])
            for n in budget.inputs["notifications"].values()
            if n["enabled"] and n["contactRoles"]
        }
        assert shown == {(50, "Actual"), (80, "Actual"), (100, "Actual"), (110, "Forecasted")}
        assert budget.inputs["timeGrain"] == "Monthly"
        assert budget.ignore_changes == ("timePeriod",)


def test_what_holds_data_is_locked_in_prod_and_nothing_is_in_dev(recordings):
    locked = {lock.inputs["scope"] for lock in recordings["prod"].all("ManagementLockByScope")}
    kinds = {re.sub(r"^/id/([^/]+)/.*", r"\1", scope) for scope in locked}
    assert {
        "storage:StorageAccount",
        "keyvault:Vault",
        "containerregistry:Registry",
        "operationalinsights:Workspace",
    } <= kinds
    assert not any("ResourceGroup" in kind or "PrivateZone" in kind for kind in kinds)
    assert recordings["dev"].all("ManagementLockByScope") == []


def test_locks_are_made_after_all_that_lies_below_them_and_so_are_removed_before(recordings):
    prod = recordings["prod"]
    for held in prod.all("ManagementLockByScope"):
        region = held.name.removeprefix("locks-")[:3]
        grants = [
            r for r in prod.all("RoleAssignment") if r.name.startswith(f"grants-events-{region}")
        ]
        assert grants
        assert {grant.name for grant in grants} <= {
            urn.rpartition("::")[2] for urn in held.depends_on
        }


def test_one_stack_alone_owns_what_exists_once_in_a_subscription(recordings):
    once = (
        "security:Pricing",
        "PolicyAssignment",
        "SecurityContact",
        "machinelearningservices:Registry",
    )
    for kind in once:
        owners = [stack for stack, made in recordings.items() if made.all(kind)]
        assert owners == ["prod"], kind


def test_defender_watches_what_the_platform_is_made_of(recordings):
    plans = {p.inputs["pricingName"]: p.inputs for p in recordings["prod"].all("security:Pricing")}
    assert plans.keys() == {"CloudPosture", "Containers", "StorageAccounts", "KeyVaults", "Arm"}
    assert all(plan["pricingTier"] == "Standard" for plan in plans.values())
    scanning = plans["StorageAccounts"]["extensions"][0]
    assert scanning["additionalExtensionProperties"] == {"CapGBPerMonthPerStorageAccount": "1000"}


def test_policies_deny_only_where_they_can():
    made = stack_with("prod", security={"policy_effect": "Deny"}).all("PolicyAssignment")
    assert len(made) == len(BUILT_INS) > 20
    for assignment in made:
        rule = assignment.inputs["policyAssignmentName"].removeprefix("mlops-")
        effect = {"effect": {"value": "Deny"}} if BUILT_INS[rule].can_deny else None
        assert assignment.inputs.get("parameters") == effect


def test_pipelines_sign_in_without_a_secret_and_for_their_environment_only(delivered):
    found = {
        (c.inputs["resourceName"].rpartition("-ci-")[2], c.inputs["subject"])
        for c in delivered.all("FederatedIdentityCredential")
    }
    assert found == {
        ("plan", "repo:contoso/ml:environment:staging-plan"),
        ("deploy", "repo:contoso/ml:environment:staging"),
        ("release", "repo:contoso/ml:environment:staging-release"),
        ("plan", "sc://contoso/ml/azure-plan"),
        ("deploy", "sc://contoso/ml/azure-deploy"),
        ("release", "sc://contoso/ml/azure-release"),
    }
    for credential in delivered.all("FederatedIdentityCredential"):
        assert credential.inputs["audiences"] == ["api://AzureADTokenExchange"]


def test_a_pipeline_that_deploys_may_grant_under_a_condition_only(delivered):
    wide = [
        r
        for r in delivered.all("RoleAssignment")
        if r.inputs["roleDefinitionId"].endswith(Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR)
    ]
    assert len(wide) == 2  # the shared group and the region's
    for grant in wide:
        assert grant.inputs["conditionVersion"] == "2.0"
        assert Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR not in grant.inputs["condition"]
        assert Role.STORAGE_BLOB_DATA_CONTRIBUTOR in grant.inputs["condition"]
    assert Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR not in DELEGATED


def test_the_condition_limits_both_making_and_removing_grants():
    condition = delegation_condition((Role.READER,))
    assert (
        condition.count("ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}") == 2
    )
    assert "roleAssignments/write" in condition
    assert "roleAssignments/delete" in condition
    assert condition.count("(") == condition.count(")")


def test_people_work_where_the_stack_lets_them_and_read_elsewhere():
    def roles(may_work: bool) -> set[str]:
        people = {"data_scientists": [SCIENTISTS], "may_work": may_work}
        made = stack_with("staging", people=people).all("RoleAssignment")
        return {
            r.inputs["roleDefinitionId"].rpartition("/")[2]
            for r in made
            if r.inputs["principalId"] == SCIENTISTS and r.inputs["principalType"] == "Group"
        }

    assert roles(may_work=False) == {
        Role.READER,
        Role.LOG_ANALYTICS_READER,
        Role.KEY_VAULT_READER,
    }
    assert Role.AZUREML_DATA_SCIENTIST in roles(may_work=True)
    assert Role.CONTRIBUTOR not in roles(may_work=True)


@pytest.mark.parametrize(
    ("keys", "where", "hint"),
    [
        ({"owns": ["subscription_budget"]}, "budget.subscription_amount", "add an amount"),
        ({"budget": {"subscription_amount": 5}}, "budget.subscription_amount", "remove it"),
        ({"budget": {"start": "2026-02-10"}}, "budget.start", "write 2026-02-01"),
        ({"owns": ["defender", "defender"]}, "owns", "remove one"),
        (
            {
                "owns": ["ml_registry"],
                "shared": {"ml_registry": f"/subscriptions/{SCIENTISTS}/resourceGroups/x"},
            },
            "shared.ml_registry",
            "remove it",
        ),
        (
            {"delivery": {"devops": {**DEVOPS, "project": None}}},
            "delivery.devops.project",
            "add it",
        ),
        (
            {"people": {"data_scientists": [SCIENTISTS], "ml_engineers": [SCIENTISTS]}},
            "people",
            "remove one",
        ),
        ({"delivery": {"github": "https://github.com/contoso/ml"}}, "delivery.github", "remove"),
        (
            {"delivery": {"devops": {**DEVOPS, "connection": "a/b"}}},
            "delivery.devops.connection",
            "correct it",
        ),
    ],
)
def test_a_mistake_in_ownership_or_trust_is_named(keys, where, hint):
    (mistake,) = mistakes(**keys)
    assert mistake.startswith(f"{PROJECT}:{where}: found ")
    assert hint in mistake
