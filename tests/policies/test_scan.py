"""`mlops-policies scan`: files in, verdicts out, and nothing of Pulumi's SDK is needed."""

import contextlib
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies.engine.values import SECRET, SIGNATURE, UNKNOWN_TEXT
from policies.rules import RULES
from policies.scan.cli import main
from policies.scan.items import InputError
from policies.scan.reading import parse

# The official schema, as the npm package @microsoft/jest-sarif 1.0.0-beta.0 ships it.
SARIF = json.loads(
    Path(__file__).with_name("schemas").joinpath("sarif-2.1.0-rtm.5.json").read_text()
)
ACCOUNT = "azure-native:storage:StorageAccount"
GOOD = {
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "minimumTlsVersion": "TLS1_2",
    "publicNetworkAccess": "Disabled",
    "networkRuleSet": {"defaultAction": "Deny", "bypass": "AzureServices"},
}
BAD = GOOD | {"allowSharedKeyAccess": True}
CONTAINER = "azure-native:storage:BlobContainer"
CLEAN = {"type": CONTAINER, "name": "c", "props": {"publicAccess": "None"}}
OPEN = {"type": CONTAINER, "name": "open", "props": {"publicAccess": "Blob"}}
OPENS = "storage-private-containers"


def line(name, props, kind=ACCOUNT):
    return {"type": kind, "name": name, "props": props}


def written(folder, content, name="resources.json"):
    file = folder / name
    lines = [json.dumps(one) for one in content] if isinstance(content, list) else None
    file.write_text("\n".join(lines) if lines is not None else json.dumps(content, indent=2))
    return str(file)


@pytest.fixture
def scan(capsys):
    def run(*words, code=None):
        returned = main(["scan", "--json", *map(str, words)])
        printed = capsys.readouterr()
        if code is not None:
            assert returned == code, printed.err or printed.out
        return json.loads(printed.out) if printed.out else printed.err

    return run


def verdicts(entries, rule):
    return {one["resource"]: one["verdict"] for one in entries if one["rule"] == rule}


def test_json_lines_get_one_object_a_rule_and_resource(scan, tmp_path):
    unknown = GOOD | {"allowSharedKeyAccess": UNKNOWN_TEXT}
    lines = [line("good", GOOD), line("bad", BAD), line("unknown", unknown)]
    found = scan(written(tmp_path, lines), code=1)
    assert verdicts(found, "storage-no-shared-keys") == {
        "good": "pass",
        "bad": "fail",
        "unknown": "unknown",
    }
    pairs = [(one["rule"], one["urn"]) for one in found]
    assert len(pairs) == len(set(pairs))
    concerned = sum(rule.concerns(ACCOUNT) for rule in RULES)
    assert len(pairs) == 3 * concerned
    (bad,) = (
        one for one in found if (one["rule"], one["resource"]) == ("storage-no-shared-keys", "bad")
    )
    assert bad["requirements"] == ["S-08"]
    assert bad["message"] == (
        "bad (storage:StorageAccount): allowSharedKeyAccess is true; wanted false."
    )
    assert "allow_shared_key_access=False" in bad["remediation"]
    assert (bad["level"], bad["line"]) == ("mandatory", 2)


def test_the_exit_code_says_clean_violations_or_bad_input(scan, tmp_path):
    assert scan(written(tmp_path, [CLEAN]), code=0)
    assert scan(written(tmp_path, [OPEN]), code=1)
    assert "cannot be read" in scan(tmp_path / "none.json", code=2)


def test_an_environment_decides_the_levels(scan, tmp_path):
    tls = written(tmp_path, [line("x", GOOD | {"minimumTlsVersion": UNKNOWN_TEXT})])

    def level(environment):
        (one,) = (
            found
            for found in scan("--environment", environment, tls)
            if found["rule"] == "storage-min-tls"
        )
        return one["verdict"], one["level"]

    assert level("prod") == ("unknown", "mandatory")
    assert level("dev") == ("unknown", "advisory")


def state(*resources):
    return {
        "version": 3,
        "deployment": {
            "manifest": {},
            "resources": [
                {
                    "urn": f"urn:pulumi:{stack}::p::{kind}::{name}",
                    "custom": True,
                    "type": kind,
                    "inputs": inputs,
                    "outputs": {"allowSharedKeyAccess": False},
                    **more,
                }
                for stack, kind, name, inputs, more in resources
            ],
        },
    }


def test_a_state_export_is_judged_by_its_inputs(scan, tmp_path):
    hidden = {SIGNATURE: SECRET, "ciphertext": "v1:x"}
    document = state(
        ("dev", "pulumi:pulumi:Stack", "p-dev", {}, {}),
        ("dev", ACCOUNT, "bad", BAD, {}),
        ("dev", ACCOUNT, "sealed", GOOD | {"allowSharedKeyAccess": hidden}, {}),
        ("dev", ACCOUNT, "bad", BAD | {"minimumTlsVersion": "TLS1_0"}, {"delete": True}),
    )
    found = scan(written(tmp_path, document), code=1)
    assert verdicts(found, "storage-no-shared-keys") == {"bad": "fail", "sealed": "unknown"}
    assert verdicts(found, "storage-min-tls") == {"bad": "pass", "sealed": "pass"}
    lines = Path(written(tmp_path, document)).read_text().splitlines()
    for one in found:
        assert one["urn"] in lines[one["line"] - 1]
    checkpoint = {"version": 3, "checkpoint": {"latest": document["deployment"]}}
    again = scan(written(tmp_path, checkpoint), code=1)
    assert [one["verdict"] for one in again] == [one["verdict"] for one in found]


ENDPOINT = "azure-native:network:PrivateEndpoint"


def test_a_preview_is_judged_by_what_is_to_be_with_its_edges(scan, tmp_path):
    account, endpoint = (f"urn:pulumi:prod::p::{kind}::it" for kind in (ACCOUNT, ENDPOINT))
    connection = {"groupIds": ["blob"], "privateLinkServiceId": UNKNOWN_TEXT, "name": "blob"}
    steps = [
        {
            "op": "create",
            "urn": account,
            "newState": {"urn": account, "type": ACCOUNT, "inputs": GOOD},
        },
        {
            "op": "create",
            "urn": endpoint,
            "newState": {
                "urn": endpoint,
                "type": ENDPOINT,
                "inputs": {"privateLinkServiceConnections": [connection]},
                "dependencies": [account],
                "propertyDependencies": {"privateLinkServiceConnections": [account]},
            },
        },
        {"op": "delete", "urn": "u", "oldState": {"urn": "u", "type": ACCOUNT, "inputs": BAD}},
    ]
    found = scan(written(tmp_path, {"steps": steps, "changeSummary": {"create": 2}}))
    assert verdicts(found, "private-endpoint-for-what-is-private") == {"it": "pass"}
    assert "it" in verdicts(found, "storage-no-shared-keys")
    del steps[1]
    found = scan(written(tmp_path, {"steps": steps}))
    assert verdicts(found, "private-endpoint-for-what-is-private") == {"it": "fail"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "   \n",
        "not json",
        "[]",
        "3",
        "{}",
        '{"type": "a"}',
        '{"type": "a", "name": "b"}',
        '{"type": "a", "name": "b", "props": []}',
        '{"type": 1, "name": "b", "props": {}}',
        '{"type": "a", "name": "b", "props": {}}\n[1]',
        '{"deployment": 1}',
        '{"deployment": {"resources": {}}}',
        '{"deployment": {"resources": [1]}}',
        '{"deployment": {"resources": [{"type": "a"}]}}',
        '{"deployment": {"resources": [{"type": "a", "urn": "b", "inputs": 3}]}}',
        '{"steps": 1}',
        '{"steps": [1]}',
        '{"contentVersion": "1", "resources": 1}',
        '{"contentVersion": "1", "resources": [1]}',
        '{"contentVersion": "1", "resources": [{"type": "a"}]}',
        "[" * 100_000,
    ],
)
def test_bad_input_is_one_sentence_that_names_the_file(scan, tmp_path, content):
    file = tmp_path / "bad.json"
    file.write_text(content)
    said = scan(file, code=2)
    assert "bad.json" in said
    assert "want" in said or "deep" in said
    assert "Traceback" not in said


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["deployment", "resources", "steps", "newState", "urn", "type", "name", "inputs",
                 "contentVersion", "properties", "dependsOn", "copy", "props", "scope", "template"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)  # fmt: skip


@given(json_trees)
def test_any_json_is_read_or_refused(tree):
    with contextlib.suppress(InputError):
        parse(json.dumps(tree), "file", "prod")


def test_a_resource_that_is_there_twice_is_judged_twice(scan, tmp_path):
    found = scan(written(tmp_path, [OPEN, OPEN]), code=1)
    assert len({one["urn"] for one in found if one["rule"] == OPENS}) == 2


def waived(folder, **change):
    entry = {
        "rule": OPENS,
        "resource": "open",
        "reason": "public samples",
        "owner": "data@example.com",
        "expires": dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30),
    }
    file = folder / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": [entry | change]}))
    return str(file)


def test_a_waiver_lets_off_and_is_told(scan, tmp_path):
    found = scan("--waivers", waived(tmp_path), written(tmp_path, [OPEN]), code=0)
    (one,) = (one for one in found if one["rule"] == OPENS)
    assert one["verdict"] == "waived"
    assert "public samples" in one["message"]
    assert one["waiver"]["owner"] == "data@example.com"


def test_a_waiver_that_is_over_or_of_no_use_is_a_violation(scan, tmp_path):
    over = waived(tmp_path, expires=dt.date(2020, 1, 1))
    found = scan("--waivers", over, written(tmp_path, [OPEN]), code=1)
    assert verdicts(found, OPENS) == {"open": "fail"}
    assert "expired" in next(one["message"] for one in found if one["rule"] == "waivers")
    found = scan("--waivers", waived(tmp_path), written(tmp_path, [CLEAN]), code=1)
    assert "matches no violation" in found[-1]["message"]
    (tmp_path / "waivers.yaml").write_text("nothing")
    assert "want one key, waivers" in scan(
        "--waivers", tmp_path / "waivers.yaml", written(tmp_path, [CLEAN]), code=2
    )


def test_a_baseline_leaves_what_is_new(scan, tmp_path, capsys):
    file = written(tmp_path, [OPEN])
    main(["scan", "--json", file])
    baseline = tmp_path / "baseline.json"
    baseline.write_text(capsys.readouterr().out)
    assert scan("--baseline", baseline, file, code=0) == []
    more = written(tmp_path, [OPEN, OPEN | {"name": "newer"}])
    found = scan("--baseline", baseline, more, code=1)
    assert verdicts(found, OPENS) == {"newer": "fail"}
    baseline.write_text("{}")
    assert "want what an earlier" in scan("--baseline", baseline, file, code=2)


def test_what_was_unknown_and_fails_now_is_new(scan, tmp_path, capsys):
    unknown = OPEN | {"props": {"publicAccess": UNKNOWN_TEXT}}
    main(["scan", "--json", written(tmp_path, [unknown])])
    baseline = tmp_path / "baseline.json"
    baseline.write_text(capsys.readouterr().out)
    found = scan("--baseline", baseline, written(tmp_path, [OPEN]), code=1)
    assert verdicts(found, OPENS) == {"open": "fail"}


def test_sarif_is_valid_and_says_the_same(scan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unknown = line("unknown", GOOD | {"minimumTlsVersion": UNKNOWN_TEXT})
    lines = [OPEN, line("bad", BAD), unknown, OPEN | {"name": "other"}]
    written(tmp_path, lines, "my resources.json")
    words = ("--waivers", waived(tmp_path), "--sarif", "out.sarif", "my resources.json")
    found = scan(*words, code=1)
    log = json.loads((tmp_path / "out.sarif").read_text())
    jsonschema.Draft4Validator(SARIF).validate(log)
    (run,) = log["runs"]
    told = [one for one in found if one["verdict"] in {"fail", "unknown", "waived"}]
    assert [result["ruleId"] for result in run["results"]] == [one["rule"] for one in told]
    for result, one in zip(run["results"], told, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == one["rule"]
        (place,) = result["locations"]
        assert place["physicalLocation"] == {
            "artifactLocation": {"uri": "my%20resources.json"},
            "region": {"startLine": one["line"]},
        }
        assert bool(result["suppressions"]) is (one["verdict"] == "waived")
    assert len({str(result["partialFingerprints"]) for result in run["results"]}) == len(told)


def test_sarif_of_nothing_and_of_bad_waivers_is_valid_too(scan, tmp_path):
    out = tmp_path / "out.sarif"
    for words, code in (((), 0), (("--waivers", waived(tmp_path)), 1)):
        scan(*words, "--sarif", out, written(tmp_path, [CLEAN]), code=code)
        jsonschema.Draft4Validator(SARIF).validate(json.loads(out.read_text()))


def test_a_configuration_of_the_engines_sets_levels_and_parameters(scan, tmp_path):
    file = written(tmp_path, [OPEN])
    config = tmp_path / "config.json"
    for said, code in (
        ({"all": "advisory"}, 0),
        ({OPENS: "disabled"}, 0),
        ({"all": "mandatory"}, 1),
    ):
        config.write_text(json.dumps(said))
        scan("--config", config, file, code=code)
    config.write_text(json.dumps({"all": "advisory", OPENS: "mandatory"}))
    scan("--config", config, file, code=1)
    for said, word in (
        ({"no-such": "advisory"}, "no-such"),
        ({OPENS: "loud"}, "loud"),
        ({OPENS: ["advisory"]}, "want one of"),
        ({OPENS: {"colour": 1}}, "colour"),
        ([], "object"),
    ):
        config.write_text(json.dumps(said))
        assert word in scan("--config", config, file, code=2)


def test_the_table_names_what_was_found_and_the_fix(tmp_path, capsys):
    name = "[parameters('x')]"
    assert main(["scan", written(tmp_path, [OPEN | {"name": name}])]) == 1
    printed = capsys.readouterr().out
    for words in ("fail, high", OPENS, name, 'publicAccess is "Blob"', "Fix: Pass public_access"):
        assert words in printed
    assert "1 fail; 1 of these stop a deployment" in printed


def test_scanning_needs_neither_the_policy_sdk_nor_the_engine():
    code = (
        "import sys, policies.scan.cli\n"
        "print([n for n in sys.modules if n.split('.')[0] in "
        "('pulumi_policy', 'pulumi', 'pulumi_azure_native', 'grpc', 'emulator')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
