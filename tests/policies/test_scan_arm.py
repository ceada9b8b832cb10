"""ARM templates become the azure-native resources that would make the same."""

import json

import pytest

from policies.engine.tokens import kind_of
from policies.engine.values import UNKNOWN
from policies.engine.waivers import Waivers
from policies.rules import RULES, private_link, storage
from policies.scan.judging import Configuration, judge
from policies.scan.reading import parse
from shapes import catalog, convert

GROUP = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION = GROUP.replace("deployment", "subscriptionDeployment").replace("2019-04", "2018-05")
ACCOUNT = "Microsoft.Storage/storageAccounts"
PROPERTIES = {
    "supportsHttpsTrafficOnly": True,
    "allowBlobPublicAccess": False,
    "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
    "publicNetworkAccess": "Disabled",
}


def template(*resources, schema=GROUP):
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": list(resources)}


def read(document):
    return parse(json.dumps(document, indent=1), "template.json", "prod")


def account(name="stx", properties=None, **more):
    body = PROPERTIES if properties is None else properties
    return {"type": ACCOUNT, "apiVersion": "2024-01-01", "name": name, "properties": body, **more}


def test_a_resource_has_the_names_and_places_of_azure_native():
    (item,) = read(template(account(sku={"name": "Standard_ZRS"}, kind="StorageV2")))
    assert item.facts.type == "azure-native:storage:StorageAccount"
    assert item.facts.name == "stx"
    assert item.line == 8
    assert item.value["enableHttpsTrafficOnly"] is True
    assert item.value["networkRuleSet"] == {"defaultAction": "Deny", "bypass": "AzureServices"}
    assert item.value["accountName"] == "stx"
    assert item.value["resourceGroupName"] is UNKNOWN


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"allowBlobPublicAccess": "[parameters('open')]"}, UNKNOWN),
        ("[variables('properties')]", UNKNOWN),
        ({"allowBlobPublicAccess": "[[literal]"}, "[literal]"),
        ({}, None),
    ],
)
def test_an_expression_is_unknown_with_all_that_it_holds(properties, expected):
    (item,) = read(template(account(properties=properties)))
    assert item.value.get("allowBlobPublicAccess") == expected


def test_an_unknown_object_inside_is_unknown_below():
    (item,) = read(template(account(properties={"networkAcls": "[variables('rules')]"})))
    assert item.value["networkRuleSet"] is UNKNOWN
    verdicts = {a.rule.id: a.word for a in judge([item], RULES, Configuration(), Waivers())}
    assert verdicts["storage-network-denied-by-default"] == "unknown"


def test_children_are_resources_of_their_own_in_every_notation():
    service = "blobServices"
    nested = account(
        resources=[
            {
                "type": service,
                "name": "default",
                "resources": [
                    {"type": "containers", "name": "c", "properties": {"publicAccess": "Blob"}}
                ],
            }
        ]
    )
    flat = {
        "type": f"{ACCOUNT}/{service}/containers",
        "name": "stx/default/c",
        "properties": {"publicAccess": "Blob"},
    }
    for document in (template(nested), template(account(), flat)):
        item = read(document)[-1]
        assert kind_of(item.facts.type).name == "storage:BlobContainer"
        assert item.facts.name == "stx/default/c"
        assert item.value["publicAccess"] == "Blob"
        assert (item.value["accountName"], item.value["containerName"]) == ("stx", "c")


def test_inner_templates_are_read_and_what_is_not_deployed_is_not():
    inner = {
        "type": "Microsoft.Resources/deployments",
        "name": "inner",
        "properties": {"template": template(account("inside"))},
    }
    linked = {"type": "Microsoft.Resources/deployments", "name": "l", "properties": {}}
    off = account("off", condition=False)
    maybe = account("maybe", condition="[parameters('on')]")
    names = [item.facts.name for item in read(template(inner, linked, off, maybe))]
    assert names == ["inside", "maybe"]


def test_symbolic_names_and_loops_are_understood():
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "name": "[format('kv{0}', copyIndex())]",
        "copy": {"name": "vaults", "count": 3},
        "properties": {"networkAcls": {"copy": [{"name": "ipRules", "count": 2, "input": {}}]}},
    }
    document = template() | {"languageVersion": "2.0", "resources": {"symbol": vault}}
    (item,) = read(document)
    assert item.facts.type == "azure-native:keyvault:Vault"
    assert item.value["properties"]["networkAcls"]["ipRules"] is UNKNOWN
    assert item.value["vaultName"] is UNKNOWN


def connection(target):
    return {"name": "c", "properties": {"groupIds": ["blob"], "privateLinkServiceId": target}}


@pytest.mark.parametrize(
    "target",
    [
        "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]",
        "[resourceId(parameters('g'),'microsoft.storage/storageAccounts',parameters( 'name' ))]",
    ],
)
def test_the_id_of_another_resource_is_an_edge(target):
    endpoint = {
        "type": "Microsoft.Network/privateEndpoints",
        "name": "pe",
        "properties": {"privateLinkServiceConnections": [connection(target)]},
    }
    items = read(template(account("[parameters('name')]"), endpoint))
    assert items[1].needs["privateLinkServiceConnections"] == (items[0].facts.urn,)
    answers = judge(items, [private_link.endpoint_for_what_is_private], Configuration(), Waivers())
    found = {a.item.facts.type: a.word for a in answers}
    assert found[items[0].facts.type] == "pass"
    other = account("[parameters('other')]")
    items = read(template(other, endpoint))
    assert items[1].needs.get("privateLinkServiceConnections") is None


def test_the_scope_of_a_grant_is_what_it_says_or_what_the_template_is_deployed_to():
    def grant(**more):
        properties = {"principalType": "User", "roleDefinitionId": "[variables('role')]"}
        kind = "Microsoft.Authorization/roleAssignments"
        return {"type": kind, "name": "x", "properties": properties, **more}

    def scope(document):
        return read(document)[-1].value["scope"]

    assert scope(template(grant())).endswith("/resourceGroups/template")
    assert scope(template(grant(), schema=SUBSCRIPTION)).count("/") == 2
    assert scope(template(grant(scope=f"{ACCOUNT}/x"))).endswith(f"/providers/{ACCOUNT}/x")
    formatted = "[format('Microsoft.Storage/storageAccounts/{0}', parameters('name'))]"
    items = read(template(account("[parameters('name')]"), grant(scope=formatted)))
    assert items[1].value["scope"] is UNKNOWN
    assert items[1].needs["scope"] == (items[0].facts.urn,)


def test_types_that_azure_native_does_not_have_are_left_alone():
    (item,) = read(template({"type": "Contoso.Things/gadgets", "name": "g", "properties": {}}))
    assert not any(rule.concerns(item.facts.type) for rule in RULES)


@pytest.mark.parametrize(
    "props",
    [
        {"allowSharedKeyAccess": True, "minimumTlsVersion": "TLS1_0"},
        {"networkRuleSet": {"defaultAction": "Allow"}, "publicNetworkAccess": "Enabled"},
        {"enableHttpsTrafficOnly": False, "allowBlobPublicAccess": True},
    ],
)
def test_a_resource_gets_the_same_verdicts_from_a_template_as_from_a_program(props):
    shape = catalog.resource("azure-native:storage:StorageAccount")
    body, _ = convert.to_body(props, shape.inputs, shape.module)
    of_template = read(template({"type": ACCOUNT, "name": "stx", **body}))
    line = {"type": shape.token, "name": "stx", "props": props}
    of_program = parse(json.dumps(line), "lines.json", "prod")
    rules = [rule for rule in RULES if storage.ACCOUNT in rule.types]
    one, two = (
        {answer.rule.id: answer.word for answer in judge(items, rules, Configuration(), Waivers())}
        for items in (of_template, of_program)
    )
    assert one == two


VAULT = {"type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-07-01", "properties": {}}
LOGS = {"properties": {"workspaceId": "/w", "logs": [{"category": "AuditEvent", "enabled": True}]}}
LOCKED = {"properties": {"level": "CanNotDelete"}}
_SETTING, _LOCK = "Microsoft.Insights/diagnosticSettings", "Microsoft.Authorization/locks"
_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{}"


def extended(vault, *more, inside=()):
    return [VAULT | {"name": vault, "resources": list(inside)}, *more]


def setting(kind, name, body, **more):
    return {"type": kind, "apiVersion": "2020-05-01", "name": name, **body, **more}


@pytest.mark.parametrize("vault", ["kv", "[parameters('vault')]"])
@pytest.mark.parametrize("form", ["scope", "id", "older", "inside", "older inside"])
def test_logs_and_locks_belong_to_what_they_are_attached_to_in_every_notation(vault, form):
    bare = vault[1:-1] if vault != "kv" else "'kv'"
    scopes = {
        "scope": "Microsoft.KeyVault/vaults/kv"
        if vault == "kv"
        else "[format('Microsoft.KeyVault/vaults/{0}', parameters('vault'))]",
        "id": _ID.format("kv")
        if vault == "kv"
        else "[resourceId('Microsoft.KeyVault/vaults', parameters('vault'))]",
    }
    if form in scopes:
        both = [
            setting(kind, "x", body, scope=scopes[form])
            for kind, body in ((_SETTING, LOGS), (_LOCK, LOCKED))
        ]
        resources = extended(vault, *both)
    else:
        made = []
        for kind, body in ((_SETTING, LOGS), (_LOCK, LOCKED)):
            provider, own = kind.split("/")
            if form == "inside":
                made.append(setting(kind, "x", body))
            elif form == "older inside":
                made.append(setting(f"providers/{own}", f"{provider}/x", body))
            else:
                name = f"kv/{provider}/x" if vault == "kv" else f"[concat({bare}, '/{provider}/x')]"
                made.append(setting(f"{VAULT['type']}/providers/{own}", name, body))
        resources = extended(vault, inside=made) if "inside" in form else extended(vault, *made)
    other = VAULT | {"name": "other"}
    items = read(template(*resources, other))
    answers = list(judge(items, RULES, Configuration(), Waivers()))
    for rule in ("key-vault-log", "data-protected-in-prod"):
        found = {one.item.facts.name: one.word for one in answers if one.rule.id == rule}
        assert found == {vault: "pass", "other": "fail"}, rule


def test_children_with_names_as_bicep_writes_them_belong_to_their_parents():
    name = "variables('st')"
    services = f"format('{{0}}/{{1}}', {name}, 'default')"
    parts = [f"split({services}, '/')[{index}]" for index in (0, 1)]
    own = f"resourceId('{ACCOUNT}', {name})"
    resources = [
        account(f"[{name}]"),
        {
            "type": f"{ACCOUNT}/blobServices",
            "name": f"[{services}]",
            "dependsOn": [f"[{own}]"],
            "properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}},
        },
        {
            "type": _SETTING,
            "name": "blobs",
            "scope": f"[format('{ACCOUNT}/{{0}}/blobServices/{{1}}', {', '.join(parts)})]",
            "dependsOn": [f"[resourceId('{ACCOUNT}/blobServices', {', '.join(parts)})]"],
            "properties": {"logs": [{"categoryGroup": "allLogs", "enabled": True}]},
        },
        {
            "type": "Microsoft.Network/privateEndpoints",
            "name": "pe",
            "properties": {"privateLinkServiceConnections": [{"name": "c"}]},
        },
        {
            "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
            "name": "[format('{0}/{1}', 'pe', 'default')]",
            "dependsOn": ["[resourceId('Microsoft.Network/privateEndpoints', 'pe')]"],
            "properties": {"privateDnsZoneConfigs": [{"name": "blob"}]},
        },
        account("other"),
    ]
    answers = list(judge(read(template(*resources)), RULES, Configuration(), Waivers()))

    def said(rule: str) -> dict:
        return {a.item.facts.name: a.word.value for a in answers if a.rule.id == rule}

    assert said("storage-log") == {f"[{name}]": "pass", "other": "fail"}
    assert said("storage-deleted-blobs-kept") == {f"[{name}]": "pass", "other": "fail"}
    assert said("private-endpoint-has-names") == {"pe": "pass"}
