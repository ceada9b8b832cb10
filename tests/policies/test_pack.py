"""The pack as the engine meets it: protobuf in, diagnostics out, through the SDK's own servicer."""

import json
import subprocess
import sys
from collections.abc import Mapping

import jsonschema
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policies.engine.pack import MILDER, NOTED, STOPPED, STRICTER, to_policies
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
}


def struct(props: Mapping[str, object]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(props), struct_pb2.Struct())


class Pack:
    """A started pack, with the engine's calls in the engine's order."""

    def __init__(self, stack: str = "dev", tags: Mapping[str, str] | None = None, **config) -> None:
        self.stack = stack
        self.servicer = _PolicyAnalyzerServicer(
            "azure-mlops", "0.1.0", to_policies(RULES, stack), EnforcementLevel.ADVISORY
        )
        request = proto.AnalyzerStackConfigureRequest(stack=stack, tags=tags or {})
        self.servicer.ConfigureStack(request, None)
        self.info = self.servicer.GetAnalyzerInfo(None, None)
        configuration = proto.ConfigureAnalyzerRequest()
        for policy in self.info.policies:
            one = configuration.policyConfig[policy.name]
            one.enforcementLevel = policy.enforcementLevel
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
    noted = [one for one in found if one.policyName == NOTED]
    assert [one.urn for one in noted] == [urn(ACCOUNT, "it", "dev")]
    assert "[storage-no-shared-keys, high]" in noted[0].message
    assert "allowSharedKeyAccess is not known before the deployment" in noted[0].message
    assert "It comes from choice (random:index:Random)." in noted[0].message
    # The deployment asks again, and now there is an answer.
    assert told(pack.analyze(ACCOUNT, GOOD | {"allowSharedKeyAccess": True})) == {
        "storage-no-shared-keys": "mandatory"
    }
    after = pack.analyze_stack((ACCOUNT, "it", GOOD, {}))
    assert not {NOTED, STOPPED} & set(told(after))


@pytest.mark.parametrize(("stack", "carrier"), [("prod", STOPPED), ("dev", NOTED)])
def test_an_unknown_of_a_critical_rule_stops_prod_only(stack, carrier):
    pack, props = Pack(stack), GOOD | {"minimumTlsVersion": UNKNOWN}
    assert pack.analyze(ACCOUNT, props) == []
    found = told(pack.analyze_stack((ACCOUNT, "it", props, {})))
    assert {NOTED, STOPPED} & set(found) == {carrier}
    assert found[carrier] == ("mandatory" if carrier == STOPPED else "advisory")


def test_what_an_unknown_does_is_a_setting_of_the_rule():
    pack = Pack("prod", **{"storage-min-tls": {"unknown": "disabled"}})
    props = GOOD | {"minimumTlsVersion": UNKNOWN}
    assert pack.analyze(ACCOUNT, props) == []
    assert not {NOTED, STOPPED} & set(told(pack.analyze_stack((ACCOUNT, "it", props, {}))))


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
        assert (NOTED in told(found)) is noted


MEDIUM = {
    "publicNetworkAccess": "Disabled",
    "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
    "systemDatastoresAuthMode": "identity",
    "identity": {"type": "SystemAssigned"},
}


@pytest.mark.parametrize(
    ("stack", "tags", "config", "expected"),
    [
        ("dev", {}, {}, {"ml-workspace-user-assigned-identity": "advisory"}),
        ("prod", {}, {}, {"ml-workspace-user-assigned-identity": "mandatory"}),
        ("alice", {"environment": "dev"}, {}, {MILDER: "advisory"}),
        ("dev", {"environment": "prod"}, {}, {STRICTER: "mandatory"}),
        ("dev", {}, {"environment": "prod"}, {STRICTER: "mandatory"}),
    ],
)
def test_a_medium_rule_counts_by_environment(stack, tags, config, expected):
    pack = Pack(stack, tags, **{"ml-workspace-user-assigned-identity": config})
    found = pack.analyze(WORKSPACE, MEDIUM)
    assert told(found) == expected
    assert "identity.type" in found[0].message
    if STRICTER in expected or MILDER in expected:
        assert "[ml-workspace-user-assigned-identity, medium]" in found[0].message
    # Held for one resource only.
    assert pack.analyze(ACCOUNT, GOOD) == []


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
    assert told(found) == {"private-endpoint-for-what-is-private": "advisory"}
    assert found[0].urn == urn(ACCOUNT, "it", "prod")


def test_the_pack_describes_itself_to_the_engine():
    described = {policy.name: policy for policy in Pack("prod").info.policies}
    assert len(described) == len(RULES) + len({STRICTER, MILDER, STOPPED, NOTED})
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
        "from policies.engine.pack import to_policies\n"
        "from policies.rules import RULES\n"
        "to_policies(RULES, ''); print(any('azure_native' in name for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
