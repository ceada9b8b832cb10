"""Environments, levels, parameters and type tokens."""

import pytest

from policies.engine.levels import (
    BY_SEVERITY,
    Environment,
    Level,
    Severity,
    environment_of,
    stack_of,
)
from policies.engine.settings import Parameter, SettingError, Settings, texts
from policies.engine.tokens import kind_of


@pytest.mark.parametrize(
    ("stack", "environment"),
    [
        ("dev", "dev"),
        ("Development", "dev"),
        ("org/project/dev-alice", "dev"),
        ("staging", "staging"),
        ("pre_uat.2", "staging"),
        ("prod", "prod"),
        ("prod-eu", "prod"),
        # Two words: the stricter one counts.
        ("dev-prod", "prod"),
        # No word of an environment: nobody is let off.
        ("main", "prod"),
        ("devops", "prod"),
        ("", "prod"),
    ],
)
def test_a_stack_name_says_its_environment_or_gets_the_strictest(stack, environment):
    assert environment_of(stack) == environment


def test_a_setting_goes_before_tags_and_tags_before_the_name():
    assert environment_of("prod", {"Environment": "dev"}) == "dev"
    assert environment_of("prod", {"env": "staging", "team": "dev"}) == "staging"
    assert environment_of("dev", {"environment": "staging"}, "prod") == "prod"
    assert environment_of("dev", {"environment": "whatever"}) == "dev"


def test_the_stack_stands_in_the_urn():
    assert stack_of("urn:pulumi:prod::proj::a:b:C$d:e:F::name") == "prod"


def test_critical_and_high_rules_stop_everywhere_and_medium_ones_not_in_dev():
    for severity in (Severity.CRITICAL, Severity.HIGH):
        assert set(BY_SEVERITY[severity].values()) == {Level.MANDATORY}
    assert BY_SEVERITY[Severity.MEDIUM][Environment.DEV] is Level.ADVISORY
    assert BY_SEVERITY[Severity.MEDIUM][Environment.PROD] is Level.MANDATORY
    assert set(BY_SEVERITY[Severity.LOW].values()) == {Level.ADVISORY}


@pytest.mark.parametrize(
    ("token", "name", "version"),
    [
        ("azure-native:storage:StorageAccount", "storage:StorageAccount", None),
        ("azure-native:storage/v20230101:StorageAccount", "storage:StorageAccount", "20230101"),
        ("azure-native:web/v20240101preview:Site", "web:Site", "20240101preview"),
        ("azure-native_network_v20240501:network:Subnet", "network:Subnet", "20240501"),
        ("aws:s3/bucket:Bucket", "aws:s3/bucket:Bucket", None),
        ("pulumi:providers:azure-native", "pulumi:providers:azure-native", None),
        ("mlops:storage:DataStore", "mlops:storage:DataStore", None),
        ("azure-native:storage:StorageAccountX", "storage:StorageAccountX", None),
    ],
)
def test_a_type_token_is_a_kind_and_a_version(token, name, version):
    kind = kind_of(token)
    assert (kind.name, kind.api_version) == (name, version)
    assert kind.is_one_of(("STORAGE:storageaccount",)) is (name == "storage:StorageAccount")


PARAMETERS = {"names": texts("Names.", "a"), "limit": Parameter("Limit.", 3, {"type": "number"})}


def test_parameters_are_what_is_configured_and_else_the_default():
    assert Settings("r", PARAMETERS).texts("names") == ["a"]
    assert Settings("r", PARAMETERS, {"names": ["b"]}).texts("names") == ["b"]
    assert Settings("r", PARAMETERS, {"limit": 7.0}).number("limit") == 7
    assert Settings("r").text("environment") == ""


def test_a_parameter_of_the_wrong_type_is_named():
    wrong = Settings("some-rule", PARAMETERS, {"names": "b", "limit": True, "environment": 1})
    for read, name in (
        (wrong.texts, "names"),
        (wrong.number, "limit"),
        (wrong.text, "environment"),
    ):
        with pytest.raises(SettingError, match=rf"some-rule\.{name} is a .*; give "):
            read(name)
    with pytest.raises(SettingError, match="list of strings"):
        Settings("some-rule", PARAMETERS, {"names": [1]}).texts("names")
