"""Mistakes in a program are found before anything is created, each with its path."""

from __future__ import annotations

import pytest

from emulator.pulumi_provider.check import check
from emulator.pulumi_provider.values import UNKNOWN, Secret
from shapes import catalog

ACCOUNT = {
    "accountName": "mlopsdata",
    "resourceGroupName": "rg",
    "kind": "StorageV2",
    "sku": {"name": "Standard_ZRS"},
    "location": "westeurope",
}


def problems(token: str, inputs: dict) -> list[str]:
    return [str(item) for item in check(inputs, catalog.resource(f"azure-native:{token}"))]


def test_a_right_storage_account_passes():
    assert problems("storage:StorageAccount", ACCOUNT) == []


def test_values_that_are_not_known_yet_pass():
    inputs = {
        **ACCOUNT,
        "accountName": UNKNOWN,
        "sku": UNKNOWN,
        "kind": Secret(UNKNOWN),
        "tags": {"a": UNKNOWN},
    }
    assert problems("storage:StorageAccount", inputs) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (
            {"networkRuleSet": {"defaultAction": "Dney"}},
            "networkRuleSet.defaultAction: 'Dney' is not one of Allow, Deny; did you mean 'Deny'?",
        ),
        (
            {"networkRuleSet": {"defaultAction": "Deny", "bypasss": "None"}},
            "networkRuleSet.bypasss: not a property of NetworkRuleSet; did you mean 'bypass'?",
        ),
        (
            {"networkRuleSet": {"bypass": "None"}},
            (
                "networkRuleSet.defaultAction: required by NetworkRuleSet but missing;"
                " want one of Allow, Deny"
            ),
        ),
        (
            {"allowSharedKeyAccess": "no"},
            "allowSharedKeyAccess: found 'no', want true or false",
        ),
        (
            {"tags": {"owner": 7}},
            "tags.owner: found 7, want a string",
        ),
        (
            {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"action": "Allow"}]}},
            (
                "networkRuleSet.ipRules[0].iPAddressOrRange: required by IPRule but missing;"
                " want a string"
            ),
        ),
        (
            {"sku": None},
            (
                "sku: required by azure-native:storage:StorageAccount but missing;"
                " want an object (Sku)"
            ),
        ),
        (
            {"minimumTlsVersion": "TLS12"},
            (
                "minimumTlsVersion: 'TLS12' is not one of TLS1_0, TLS1_1, TLS1_2, TLS1_3;"
                " did you mean 'TLS1_2'?"
            ),
        ),
        (
            {"accountName": "Mlops-Data"},
            (
                "accountName: 'Mlops-Data' is not a name Azure takes;"
                " give 3 to 24 lower-case letters or digits"
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_path_and_its_fix(change, wanted):
    assert problems("storage:StorageAccount", {**ACCOUNT, **change}) == [wanted]


def test_all_mistakes_are_reported_in_one_go():
    found = problems(
        "storage:StorageAccount", {**ACCOUNT, "kind": None, "sku": {}, "isHnsEnabled": 1}
    )
    assert [text.split(":")[0] for text in found] == ["sku.name", "isHnsEnabled", "kind"]


def test_a_union_is_checked_as_the_member_its_constant_names():
    inputs = {
        "computeName": "cpu",
        "resourceGroupName": "rg",
        "workspaceName": "ml",
        "properties": {"computeType": "AmlCompute", "properties": {"vmSizes": "x"}},
    }
    assert problems("machinelearningservices:Compute", inputs) == [
        (
            "properties.properties.vmSizes: not a property of AmlComputeProperties;"
            " did you mean 'vmSize'?"
        )
    ]
    inputs["properties"] = {"computeType": "AmlCompte"}
    assert (
        "'AmlCompte' is not one of AKS, AmlCompute"
        in problems("machinelearningservices:Compute", inputs)[0]
    )


@pytest.mark.parametrize("name", ["PremiumV3_Quantum", "Standard_LRS2", "standard_lrs"])
def test_a_value_newer_than_the_sdk_passes_an_open_enum(name):
    assert problems("storage:StorageAccount", {**ACCOUNT, "sku": {"name": name}}) == []


def test_a_value_that_is_far_from_every_listed_one_passes_an_open_enum():
    streams = ["Microsoft-ContainerInsights-Group-Default"]
    inputs = {"resourceGroupName": "rg", "dataFlows": [{"streams": streams}]}
    assert problems("monitor:DataCollectionRule", inputs) == []


def test_several_listed_values_at_once_pass_an_open_enum():
    rules = {"defaultAction": "Deny", "bypass": "Logging, AzureServices"}
    assert problems("storage:StorageAccount", {**ACCOUNT, "networkRuleSet": rules}) == []


def test_a_slip_in_an_open_enum_is_a_slip():
    rule = {"name": "a", "priority": 1, "direction": "Inbound", "protocol": "*", "access": "Denied"}
    inputs = {"resourceGroupName": "rg", "securityRules": [rule]}
    assert problems("network:NetworkSecurityGroup", inputs) == [
        "securityRules[0].access: 'Denied' is not one of Allow, Deny; did you mean 'Deny'?"
    ]
