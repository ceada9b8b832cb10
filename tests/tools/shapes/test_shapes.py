"""The generated data is fresh, and places every property of the types that infra/ uses."""

from __future__ import annotations

import pytest

from shapes import catalog
from tools.shapes import __main__ as command
from tools.shapes.files import build, modules, render, stale
from tools.shapes.native import module_names, read_module, read_type

USED = {
    "applicationinsights": "Component",
    "authorization": (
        "RoleAssignment RoleDefinition ManagementLockByScope ManagementLockAtResourceLevel"
        " ManagementLockAtResourceGroupLevel PolicyAssignment"
    ),
    "consumption": "Budget",
    "containerinstance": "ContainerGroup",
    "containerregistry": "Registry Replication",
    "containerservice": (
        "ManagedCluster AgentPool MaintenanceConfiguration TrustedAccessRoleBinding"
    ),
    "keyvault": "Vault Key Secret",
    "kubernetesconfiguration": "Extension FluxConfiguration",
    "machinelearningservices": (
        "Workspace Compute Datastore OnlineEndpoint BatchEndpoint Registry Schedule"
        " ManagedNetworkSettingsRule WorkspaceConnection"
    ),
    "managedidentity": "UserAssignedIdentity FederatedIdentityCredential",
    "monitor": (
        "DiagnosticSetting ActionGroup MetricAlert ScheduledQueryRule PrivateLinkScope"
        " PrivateLinkScopedResource AutoscaleSetting ActivityLogAlert"
    ),
    "network": (
        "VirtualNetwork Subnet NetworkSecurityGroup SecurityRule PrivateEndpoint"
        " PrivateDnsZoneGroup NatGateway PublicIPAddress RouteTable ServiceEndpointPolicy"
    ),
    "operationalinsights": "Workspace",
    "privatedns": "PrivateZone VirtualNetworkLink PrivateRecordSet",
    "purview": "Account",
    "resources": "ResourceGroup",
    "security": "Pricing",
    "storage": (
        "StorageAccount BlobContainer BlobServiceProperties FileServiceProperties ManagementPolicy"
    ),
}
EVERY_TYPE_OF = ("datafactory", "eventgrid", "cdn")
# of API versions newer than those of the installed package
NOT_IN_AZURE_MGMT = {
    "cdn": {
        "AFDTargetGroup", "EdgeAction", "EdgeActionExecutionFilter", "EdgeActionVersion",
        "KeyGroup", "KnowledgeSource", "ProfileAgent", "TunnelPolicy", "WebAgent",
    },
    "eventgrid": {"PartnerDestination"},
    "datafactory": set(),
}  # fmt: skip

TYPES = [(module, name) for module, names in USED.items() for name in names.split()] + [
    (module, name)
    for module in EVERY_TYPE_OF
    for name in catalog.module(module).resource_names
    if name not in NOT_IN_AZURE_MGMT[module]
]


@pytest.mark.parametrize(("module", "name"), TYPES)
def test_every_property_of_a_used_type_has_its_place(module, name):
    shape = catalog.resource(f"azure-native:{module}:{name}")
    assert shape.verified
    assert [key for key, item in shape.inputs.items() if item.guessed] == []
    assert shape.version
    assert shape.path.text.startswith(
        ("/subscriptions/{subscriptionId}", "/{scope", "/{resourceUri")
    )


@pytest.mark.parametrize("module", ["keyvault", "storage", "privatedns", "managedidentity"])
def test_the_committed_data_is_what_the_packages_say(module):
    assert not stale(module, render(build(module)))


@pytest.mark.slow
def test_all_of_the_committed_data_is_what_the_packages_say():
    assert [module for module in module_names() if stale(module, render(build(module)))] == []


def test_every_module_of_azure_native_has_its_data():
    files = sorted(path.stem for path in catalog.FOLDER.glob("*.json"))
    assert files == module_names()
    assert sum(path.stat().st_size for path in catalog.FOLDER.glob("*.json")) < 15_000_000


@pytest.mark.parametrize(
    ("token", "wire"),
    [
        ("storage:StorageAccount.enableHttpsTrafficOnly", "properties/supportsHttpsTrafficOnly"),
        ("storage:StorageAccount.networkRuleSet", "properties/networkAcls"),
        ("storage:StorageAccount.location", ""),
        ("applicationinsights:Component.applicationType", "properties/Application_Type"),
        ("kubernetesconfiguration:Extension.extensionType", "properties/extensionType"),
        ("containerservice:ManagedCluster.enableRBAC", "properties/enableRBAC"),
        ("keyvault:Vault.properties", ""),
        ("machinelearningservices:Workspace.applicationInsights", "properties/applicationInsights"),
        ("monitor:DiagnosticSetting.workspaceId", "properties/workspaceId"),
    ],
)
def test_a_renamed_or_flattened_property_is_found(token, wire):
    resource, _, name = token.partition(".")
    assert "/".join(catalog.resource(f"azure-native:{resource}").inputs[name].wire) == wire


def test_a_list_of_identities_is_a_map_on_the_wire():
    module = catalog.module("storage")
    assert module.inputs("Identity")["userAssignedIdentities"].keys_of_map


def test_what_azure_native_says_of_a_type_is_read_from_its_sources():
    container = read_module("storage").resources["BlobContainer"]
    assert container.version == "2024-01-01"
    assert container.inputs["accountName"].required
    assert not container.inputs["containerName"].required
    assert str(container.inputs["publicAccess"].type) == "$PublicAccess"
    subnet = read_module("network").resources["Subnet"]  # its arguments are called SubnetInitArgs
    assert "addressPrefix" in subnet.inputs


@pytest.mark.parametrize(
    ("annotation", "wanted"),
    [
        ("pulumi.Input[Optional[_builtins.str]]", "str"),
        ("pulumi.Input[Optional[Sequence[pulumi.Input['IPRuleArgs']]]]", "#IPRule[]"),
        ("pulumi.Output[Optional[Mapping[str, 'outputs.SkuResponse']]]", "#Sku{}"),
        ("pulumi.Input[Optional[Union[_builtins.str, 'Kind']]]", "$Kind~"),
        ("pulumi.Input['Kind']", "$Kind"),
        ("pulumi.Input[Union['AArgs', 'BArgs']]", "#A|#B"),
        ("pulumi.Input[Optional[Any]]", "any"),
    ],
)
def test_an_annotation_becomes_a_type(annotation, wanted):
    assert str(read_type(annotation)) == wanted


def test_an_unknown_module_is_named():
    with pytest.raises(LookupError, match="azure-native has no module storag;"):
        modules(["storag"])


def test_the_command_fails_when_a_file_is_stale(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("tools.shapes.files.FOLDER", tmp_path)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["shapes", "--check", "privatedns"])
    assert command.main() == 1
    assert "stale: privatedns" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["shapes", "privatedns"])
    assert command.main() == 0
    monkeypatch.setattr("sys.argv", ["shapes", "--check", "privatedns"])
    assert command.main() == 0
