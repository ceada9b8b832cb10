"""The pack as the engine meets it: protobuf in, diagnostics out, in the engine's order."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping

import jsonschema
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import proto
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policies.engine.described import WAIVERS
from policies.engine.pack import Pack as Served
from policies.engine.rule import ResourceRule
from policies.engine.waivers import Waivers, load
from policies.rules import RULES
from tests.policies.asking import UNKNOWN, urn

ACCOUNT = "azure-native:storage:StorageAccount"
WORKSPACE = "azure-native:machinelearningservices:Workspace"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
GOOD = {
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "minimumTlsVersion": "TLS1_2",
    "publicNetworkAccess": "Disabled",
    "sasPolicy": {"sasExpirationPeriod": "1.00:00:00"},
}


def struct(props: Mapping[str, object]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(props), struct_pb2.Struct())


class Pack:
    """A started pack, with the engine's calls in the engine's order."""

    def __init__(
        self,
        stack: str = "dev",
        tags: Mapping[str, str] | None = None,
        levels: Mapping[str, int] | None = None,
        waivers: Waivers | None = None,
        **config,
    ) -> None:
        self.stack = stack
        self.servicer = Served(RULES, "0.1.0", stack, waivers)
        request = proto.AnalyzerStackConfigureRequest(stack=stack, tags=tags or {})
        self.servicer.ConfigureStack(request, None)
        self.info = self.servicer.GetAnalyzerInfo(None, None)
        configuration = proto.ConfigureAnalyzerRequest()
        for policy in self.info.policies:
            one = configuration.policyConfig[policy.name]
            one.enforcementLevel = (levels or {}).get(policy.name, policy.enforcementLevel)
            one.properties.update(config.get(policy.name, {}))
        self.servicer.Configure(configuration, None)

    def analyze(self, kind: str, props: Mapping[str, object], name: str = "it") -> list:
        request = proto.AnalyzeRequest(
            type=kind, properties=struct(props), urn=urn(kind, name, self.stack), name=name
        )
        return list(self.servicer.Analyze(request, None).diagnostics)

    def analyze_stack(self, *resources: tuple) -> list:
        request = proto.AnalyzeStackRequest()
        for kind, name, props, made_from in resources:
            one = request.resources.add(
                type=kind, properties=struct(props), urn=urn(kind, name, self.stack), name=name
            )
            for key, (source_kind, source) in made_from.items():
                source_urn = urn(source_kind, source, self.stack)
                one.dependencies.append(source_urn)
                one.propertyDependencies[key].urns.append(source_urn)
        return list(self.servicer.AnalyzeStack(request, None).diagnostics)


def told(diagnostics: list) -> dict[str, str]:
    levels = {proto.ADVISORY: "advisory", proto.MANDATORY: "mandatory"}
    return {one.policyName: levels[one.enforcementLevel] for one in diagnostics}


def test_a_good_account_is_left_alone_and_a_bad_one_is_stopped_by_name():
    pack = Pack()
    assert pack.analyze(ACCOUNT, GOOD) == []
    assert told(pack.analyze(ACCOUNT, GOOD | {"allowSharedKeyAccess": True})) == {
        "storage-no-shared-keys": "mandatory"
    }


def test_other_providers_and_types_are_left_alone():
    pack = Pack()
    for kind in ("aws:s3:Bucket", "mlops:storage:DataStore", "azure-native:storage:Table"):
        assert pack.analyze(kind, {"publicNetworkAccess": "Enabled"}) == []


def test_a_message_says_where_what_and_how_to_mend_it():
    (one,) = Pack().analyze(ACCOUNT, GOOD | {"minimumTlsVersion": "TLS1_0"}, name="data")
    assert one.message == (
        "A storage account refuses TLS older than 1.2\n"
        'data (storage:StorageAccount): minimumTlsVersion is "TLS1_0"; '
        'wanted "TLS1_2" or "TLS1_3".\n'
        "Fix: Pass minimum_tls_version=MinimumTlsVersion.TLS1_2.\n"
        "More: https://learn.microsoft.com/azure/storage/common/"
        "transport-layer-security-configure-minimum-version"
    )
    assert one.severity == proto.POLICY_SEVERITY_CRITICAL


def test_a_secret_is_judged_and_never_printed():
    def secret(value: object) -> dict:
        return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}

    pack = Pack()
    hidden = GOOD | {"minimumTlsVersion": secret("TLS1_2")}
    assert pack.analyze(ACCOUNT, hidden) == []
    (one,) = pack.analyze(ACCOUNT, GOOD | {"publicNetworkAccess": secret("hunter2")})[-1:]
    assert "hunter2" not in one.message
    assert "publicNetworkAccess is another text" in one.message


def test_an_unknown_value_waits_for_the_whole_stack_and_is_told_once():
    pack, props = Pack(), GOOD | {"allowSharedKeyAccess": UNKNOWN}
    assert pack.analyze(ACCOUNT, props) == []
    source = ("random:index:Random", "choice")
    found = pack.analyze_stack(
        (ACCOUNT, "it", props, {"allowSharedKeyAccess": source}), (*source, {}, {})
    )
    noted = [one for one in found if one.policyName == "storage-no-shared-keys"]
    assert [one.urn for one in noted] == [urn(ACCOUNT, "it", "dev")]
    assert noted[0].enforcementLevel == proto.ADVISORY
    assert "allowSharedKeyAccess is not known before the deployment" in noted[0].message
    assert "It comes from choice (random:index:Random)." in noted[0].message
    # The deployment asks again, and now there is an answer.
    assert told(pack.analyze(ACCOUNT, GOOD | {"allowSharedKeyAccess": True})) == {
        "storage-no-shared-keys": "mandatory"
    }
    after = pack.analyze_stack((ACCOUNT, "it", GOOD, {}))
    assert "storage-no-shared-keys" not in told(after)


@pytest.mark.parametrize(("stack", "level"), [("prod", "mandatory"), ("dev", "advisory")])
def test_an_unknown_of_a_critical_rule_stops_prod_only(stack, level):
    pack, props = Pack(stack), GOOD | {"minimumTlsVersion": UNKNOWN}
    assert pack.analyze(ACCOUNT, props) == []
    found = told(pack.analyze_stack((ACCOUNT, "it", props, {})))
    assert found["storage-min-tls"] == level


@pytest.mark.parametrize(
    ("said", "level"),
    [("disabled", None), ("warn", "advisory"), ("stop", "mandatory"), ("", "mandatory")],
)
def test_what_an_unknown_does_is_a_setting_of_the_rule(said, level):
    pack = Pack("prod", **{"storage-min-tls": {"unknown": said}})
    props = GOOD | {"minimumTlsVersion": UNKNOWN}
    assert pack.analyze(ACCOUNT, props) == []
    assert told(pack.analyze_stack((ACCOUNT, "it", props, {}))).get("storage-min-tls") == level


def test_an_unknown_scope_is_narrow_when_a_resource_made_it():
    role = "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
    props = {"roleDefinitionId": role, "scope": UNKNOWN, "principalType": "ServicePrincipal"}
    for kind, noted in ((ACCOUNT, False), ("azure-native:subscription:Alias", True)):
        pack = Pack()
        assert pack.analyze(ASSIGNMENT, props) == []
        found = pack.analyze_stack(
            (kind, "target", GOOD | {"publicNetworkAccess": "Enabled"}, {}),
            (ASSIGNMENT, "it", props, {"scope": (kind, "target")}),
        )
        assert any(one.urn == urn(ASSIGNMENT, "it", "dev") for one in found) is noted


MEDIUM = {
    "publicNetworkAccess": "Disabled",
    "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
    "systemDatastoresAuthMode": "identity",
    "identity": {"type": "SystemAssigned"},
}


@pytest.mark.parametrize(
    ("stack", "tags", "config", "level"),
    [
        ("dev", {}, {}, "advisory"),
        ("prod", {}, {}, "mandatory"),
        ("alice", {"environment": "dev"}, {}, "advisory"),
        ("dev", {"environment": "prod"}, {}, "mandatory"),
        ("dev", {}, {"environment": "prod"}, "mandatory"),
    ],
)
def test_a_medium_rule_counts_by_environment(stack, tags, config, level):
    pack = Pack(stack, tags, **{"ml-workspace-user-assigned-identity": config})
    found = pack.analyze(WORKSPACE, MEDIUM)
    assert told(found)["ml-workspace-user-assigned-identity"] == level
    assert any("identity.type" in one.message for one in found)


def test_a_parameter_reaches_its_rule():
    props = MEDIUM | {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}
    identity = {"ml-workspace-user-assigned-identity": {"environment": "dev"}}
    strict = told(Pack("prod").analyze(WORKSPACE, props))
    assert strict["ml-workspace-managed-network"] == "mandatory"
    loose = {"ml-workspace-managed-network": {"internet_outbound_in": ["prod"]}}
    assert "ml-workspace-managed-network" not in told(
        Pack("prod", **loose, **identity).analyze(WORKSPACE, props)
    )


def test_a_private_account_without_an_endpoint_is_advice_at_preview():
    found = Pack("prod").analyze_stack((ACCOUNT, "it", GOOD, {}))
    assert told(found)["private-endpoint-for-what-is-private"] == "advisory"
    assert {one.urn for one in found} == {urn(ACCOUNT, "it", "prod")}


def test_the_pack_describes_itself_to_the_engine():
    described = {policy.name: policy for policy in Pack("prod").info.policies}
    assert len(described) == len({*(rule.id for rule in RULES), WAIVERS})
    for rule in RULES:
        policy = described[rule.id]
        assert policy.displayName == rule.title
        assert policy.remediation_steps == rule.fix
        assert policy.url == rule.url
        assert policy.severity
        assert set(rule.requirements) <= set(policy.tags)
        assert {"environment", "unknown"} <= set(policy.configSchema.properties)
        for name, schema in policy.configSchema.properties.items():
            as_json = json.loads(json.dumps(_plain(schema)))
            jsonschema.Draft7Validator.check_schema(as_json)
            jsonschema.validate(as_json["default"], as_json)
            assert as_json["description"], name


def _plain(value: object) -> object:
    if isinstance(value, struct_pb2.Struct):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, struct_pb2.ListValue):
        return [_plain(inner) for inner in value]
    return value


def test_the_pack_does_not_import_the_provider():
    """A second of start time for every preview is too much for a few enum names."""
    code = (
        "import sys\n"
        "from policies.engine.pack import Pack\n"
        "from policies.rules import RULES\n"
        "Pack(RULES, '', ''); print(any('azure_native' in name for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def waivers(tmp_path, **entry) -> Waivers:
    file = tmp_path / "waivers.yaml"
    base = {"reason": "r", "owner": "o", "approver": "a", "expires": "2027-01-10"}
    file.write_text(json.dumps({"waivers": [base | entry]}))
    return load(file, RULES, dt.date(2027, 1, 1))


def test_a_waived_violation_is_told_as_advice_and_its_waiver_is_of_use(tmp_path):
    held = waivers(tmp_path, rule="storage-no-shared-keys", resource="it")
    pack, props = Pack("prod", waivers=held), GOOD | {"allowSharedKeyAccess": True}
    (one,) = pack.analyze(ACCOUNT, props)
    assert told([one]) == {"storage-no-shared-keys": "advisory"}
    assert "Waived until 2027-01-10 by o, approved by a: r." in one.message
    assert told(pack.analyze(ACCOUNT, props, name="other")) == {
        "storage-no-shared-keys": "mandatory"
    }
    assert WAIVERS not in told(pack.analyze_stack((ACCOUNT, "it", props, {})))


def test_waivers_that_match_nothing_or_are_over_stop_the_stack(tmp_path):
    unused = waivers(tmp_path, rule="storage-no-shared-keys", resource="it")
    over = waivers(tmp_path, rule="storage-min-tls", resource="it", expires="2026-12-31")
    for held, word in ((unused, "matches no violation"), (over, "expired")):
        pack = Pack("prod", waivers=held)
        assert pack.analyze(ACCOUNT, GOOD) == []
        (one,) = (
            x for x in pack.analyze_stack((ACCOUNT, "it", GOOD, {})) if x.policyName == WAIVERS
        )
        assert word in one.message
        assert one.enforcementLevel == proto.MANDATORY


def test_an_unknown_and_a_graph_rule_are_waived_too(tmp_path):
    held = waivers(tmp_path, rule="storage-min-tls", resource="it")
    pack, props = Pack("prod", waivers=held), GOOD | {"minimumTlsVersion": UNKNOWN}
    pack.analyze(ACCOUNT, props)
    found = told(pack.analyze_stack((ACCOUNT, "it", props, {})))
    assert found["storage-min-tls"] == "advisory"
    assert WAIVERS not in found
    held = waivers(tmp_path, rule="private-endpoint-for-what-is-private", resource="it")
    (one,) = (
        x
        for x in Pack("prod", waivers=held).analyze_stack((ACCOUNT, "it", GOOD, {}))
        if x.policyName == "private-endpoint-for-what-is-private"
    )
    assert "Waived until" in one.message


@pytest.mark.parametrize(
    ("level", "expected"),
    [(proto.DISABLED, None), (proto.ADVISORY, "advisory"), (proto.REMEDIATE, "mandatory")],
)
def test_a_configured_level_goes_before_the_rules_own(level, expected):
    pack = Pack("prod", levels={"storage-no-shared-keys": level})
    found = told(pack.analyze(ACCOUNT, GOOD | {"allowSharedKeyAccess": True}))
    assert found.get("storage-no-shared-keys") == expected


MENDED = {
    "allowBlobPublicAccess": True,
    "enableHttpsTrafficOnly": False,
    "minimumTlsVersion": "TLS1_0",
    "publicNetworkAccess": "Enabled",
    "tags": {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": {"a": "b"}},
    "accountName": UNKNOWN,
}


def remediated(pack: Pack, props: Mapping[str, object]) -> list:
    request = proto.AnalyzeRequest(
        type=ACCOUNT, properties=struct(props), urn=urn(ACCOUNT, "it", pack.stack), name="it"
    )
    return list(pack.servicer.Remediate(request, None).remediations)


def test_nothing_is_mended_unless_it_is_asked_for():
    assert remediated(Pack("prod"), MENDED) == []


def test_what_is_asked_for_is_mended_and_the_rest_stays_as_it_came():
    safe = [rule.id for rule in RULES if isinstance(rule, ResourceRule) and rule.mend]
    pack = Pack("prod", levels=dict.fromkeys(safe, proto.REMEDIATE))
    found = remediated(pack, MENDED)
    assert {one.policyName for one in found} >= {
        "storage-https-only",
        "storage-min-tls",
        "storage-no-anonymous-blobs",
    }
    after = json_format.MessageToDict(found[-1].properties)
    assert after == MENDED | {
        "allowBlobPublicAccess": False,
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    }
    assert not set(told(pack.analyze(ACCOUNT, after))) & set(safe)
    assert remediated(pack, after) == []


def test_what_is_unknown_or_waived_is_not_mended(tmp_path):
    held = waivers(tmp_path, rule="storage-min-tls", resource="it")
    levels = {"storage-min-tls": proto.REMEDIATE}
    assert remediated(Pack("prod", levels=levels, waivers=held), MENDED) == []
    unknown = MENDED | {"minimumTlsVersion": UNKNOWN}
    assert remediated(Pack("prod", levels=levels), unknown) == []


def test_a_missing_tag_gets_its_value_and_those_that_are_there_stay():
    asked = {"tags-present": {"tags": ["team=data", "cost=none", "owner"]}}
    pack = Pack("prod", levels={"tags-present": proto.REMEDIATE}, **asked)
    (one,) = remediated(pack, GOOD | {"tags": {"Team": "ml"}})
    after = json_format.MessageToDict(one.properties)
    assert after["tags"] == {"Team": "ml", "cost": "none"}
    # Nobody can know the owner: that is told, and nothing more is changed.
    assert remediated(pack, after) == []
    assert told(pack.analyze(ACCOUNT, after)) == {"tags-present": "mandatory"}
