"""A scan of whatever somebody puts into its files: an answer or one sentence, and no secret."""

import json

import pytest

from policies.engine.values import SECRET, SIGNATURE
from policies.rules import RULES
from policies.scan.cli import BAD_INPUT, CLEAN, VIOLATIONS, main
from tests.policies.test_scan import ACCOUNT, line, written
from tests.policies.test_scan import CLEAN as GOOD_LINE

HIDDEN = "hunter2-correct-horse"
TEMPLATE = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def nested(depth, inner="1"):
    return '{"a":' * depth + inner + "}" * depth


@pytest.mark.parametrize(
    "text",
    [
        f'{{"type": "{ACCOUNT}", "name": "a", "props": {nested(600)}}}',
        f'{{"type": "{ACCOUNT}", "name": "a", "props": {nested(100_000)}}}',
        (
            f'{{"$schema": "{TEMPLATE}", "resources": [{{"name": "a", '
            f'"type": "Microsoft.Storage/storageAccounts", "properties": {nested(600)}}}]}}'
        ),
        '{"deployment": {"resources": [{"type": "t", "urn": "u", "inputs": []}]}}',
        f'{{"type": "{ACCOUNT}", "name": "", "props": {{}}}}',
        "[]",
        "null",
        "9" * 5000,
    ],
)
def test_what_cannot_be_read_is_bad_input_in_one_sentence(tmp_path, capsys, text):
    file = tmp_path / "input.json"
    file.write_text(text)
    assert main(["scan", str(file)]) == BAD_INPUT
    said = capsys.readouterr().err
    assert str(file) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("mode", ["table", "json", "sarif"])
def test_names_that_harm_a_terminal_or_no_encoding_can_write_are_escaped(tmp_path, capsys, mode):
    file = tmp_path / "input.json"
    props = {"minimumTlsVersion": "\ud800"}
    file.write_text(json.dumps(line("a\x1b[31m\ud800[bold]", props)))
    words = {"table": [], "json": ["--json"], "sarif": ["--sarif", str(tmp_path / "log.sarif")]}
    assert main(["scan", str(file), *words[mode]]) == VIOLATIONS
    printed = capsys.readouterr().out
    printed.encode()
    assert "\x1b[31m" not in printed
    assert "[bold]" in printed


@pytest.mark.parametrize(
    "text",
    [
        "waivers: [{rule: a, resource: b, reason: c, owner: d, expires: 2027-02-30}]",
        "waivers: " + "[" * 5000 + "]" * 5000,
        "waivers: 5",
        "[",
        '!!python/object/apply:os.getcwd ""',
    ],
)
def test_a_file_of_waivers_that_says_nothing_is_bad_input(tmp_path, capsys, text):
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(text)
    good = written(tmp_path, [GOOD_LINE])
    assert main(["scan", good, "--waivers", str(waivers)]) == BAD_INPUT
    assert str(waivers) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"all": 5}, "all is 5"),
        ({"all": {"x": 1}}, "all has no parameter x"),
        ({"storage-min-tls": ["advisory"]}, "storage-min-tls"),
        ({"storage-min-tls": {"unknown": "halt"}}, "storage-min-tls.unknown is 'halt'"),
        ({"storage-min-tls": {"environment": "qa"}}, "storage-min-tls.environment is 'qa'"),
        ({"aks-version": {"minimum": "new"}}, "aks-version.minimum is 'new'"),
        ({"key-vault-validity": {"days": 0}}, "key-vault-validity.days is 0"),
        ({"key-vault-validity": {"days": "9"}}, "key-vault-validity.days is a str"),
        ({"network-no-outbound-to-anywhere": {"open_ports": ["web"]}}, "open_ports is 'web'"),
        ({"ml-workspace-api-generation": {"legacy_mode": "no"}}, "legacy_mode is a str"),
    ],
)
def test_a_configuration_that_a_schema_refuses_is_bad_input(tmp_path, capsys, config, named):
    file = written(tmp_path, config, "config.json")
    good = written(tmp_path, [GOOD_LINE])
    assert main(["scan", good, "--config", file]) == BAD_INPUT
    assert named in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--config", "--baseline"])
@pytest.mark.parametrize("text", ["", "{", "5", "[" * 5000 + "]" * 5000])
def test_other_files_that_cannot_be_read_are_bad_input(tmp_path, capsys, option, text):
    file = tmp_path / "other.json"
    file.write_text(text)
    assert main(["scan", written(tmp_path, [GOOD_LINE]), option, str(file)]) == BAD_INPUT
    assert str(file) in capsys.readouterr().err


def test_types_that_nobody_knows_and_empty_stacks_are_clean(tmp_path, capsys):
    lines = [line("a", {"x": 1}, "aws:s3:Bucket"), line("b", {"x": 1}, "azure-native:new:Thing")]
    assert main(["scan", written(tmp_path, lines)]) == CLEAN
    empty = {"version": 3, "deployment": {"manifest": {}, "resources": []}}
    assert main(["scan", written(tmp_path, empty, "state.json")]) == CLEAN
    assert "Traceback" not in capsys.readouterr().err


def secretive() -> dict:
    """Properties that hold a secret wherever a rule may look for a text."""
    paths = ("minimumTlsVersion", "publicNetworkAccess", "status", "authType", "connectionString")
    inner = dict.fromkeys(paths, HIDDEN) | {
        "environmentVariables": {"PASSWORD": HIDDEN, HIDDEN: "x"},
        "environment_variables": [{"name": "PASSWORD", "value": HIDDEN}],
        "credentials": {"secrets": {"key": HIDDEN}, "credentialsType": HIDDEN},
        "adminUserPassword": HIDDEN,
        "securityRules": [
            {"direction": "Inbound", "access": "Allow", "sourceAddressPrefix": HIDDEN}
        ],
        "typeProperties": {"password": HIDDEN, "accountKey": {"type": HIDDEN, "value": HIDDEN}},
    }
    return inner | {"properties": inner | {"properties": inner}, "tags": {"a": HIDDEN}}


@pytest.mark.parametrize("kind", ["lines", "state", "preview", "template"])
def test_no_value_is_printed_from_any_kind_of_file(tmp_path, capsys, kind):
    types = sorted({f"azure-native:{one}" for rule in RULES for one in rule.types})
    wrapped = {SIGNATURE: SECRET, "plaintext": json.dumps(HIDDEN)}
    props = secretive() | {"sasPolicy": wrapped}
    resources = [
        {"type": one, "urn": f"urn:pulumi:prod::p::{one}::r{index}", "inputs": props}
        for index, one in enumerate(types)
    ]
    content = {
        "lines": [line(f"r{index}", props, one) for index, one in enumerate(types)],
        "state": {"version": 3, "deployment": {"resources": resources}},
        "preview": {"steps": [{"op": "create", "urn": r["urn"], "newState": r} for r in resources]},
        "template": {
            "$schema": TEMPLATE,
            "contentVersion": "1.0.0.0",
            "parameters": {"secret": {"type": "securestring", "defaultValue": HIDDEN}},
            "resources": [
                {
                    "type": arm,
                    "name": f"r{index}",
                    "apiVersion": "2023-01-01",
                    "properties": secretive()["properties"],
                }
                for index, arm in enumerate(
                    (
                        "Microsoft.Storage/storageAccounts",
                        "Microsoft.KeyVault/vaults",
                        "Microsoft.MachineLearningServices/workspaces",
                        "Microsoft.Network/networkSecurityGroups",
                        "Microsoft.DataFactory/factories/linkedServices",
                        "Microsoft.ContainerInstance/containerGroups",
                    )
                )
            ],
        },
    }[kind]
    file, log = written(tmp_path, content), tmp_path / "log.sarif"
    for more in ([], ["--json"], ["--sarif", str(log)]):
        assert main(["scan", file, *more]) == VIOLATIONS
        printed = capsys.readouterr()
        assert HIDDEN not in printed.out + printed.err
    assert HIDDEN not in log.read_text()
