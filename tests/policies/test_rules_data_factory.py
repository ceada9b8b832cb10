"""Rules for factories and for the catalogue that knows their data."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import data_factory as factory
from policies.rules import purview
from tests.policies.asking import UNKNOWN, ask, evaluate
from tests.policies.tables import Row, hold

ROWS = [
    Row(factory.public_network_off, "publicNetworkAccess", ["Disabled"], ["Enabled", ""], FAIL),
    Row(
        factory.identity,
        "identity.type",
        ["SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"],
        ["", "None"],
        FAIL,
    ),
    Row(
        purview.public_network_off,
        "publicNetworkAccess",
        ["Disabled"],
        ["Enabled", "NotSpecified"],
        FAIL,
        {"managedResourcesPublicNetworkAccess": "Disabled"},
    ),
    Row(
        purview.public_network_off,
        "managedResourcesPublicNetworkAccess",
        ["Disabled", "NotSpecified"],
        ["Enabled"],
        PASS,
        {"publicNetworkAccess": "Disabled"},
    ),
]
VAULT = {"type": "AzureKeyVaultSecret", "secretName": "s", "store": {"referenceName": "vault"}}
SECURE = {"type": "SecureString", "value": "hunter2"}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


@pytest.mark.parametrize(
    ("inside", "inline", "identity"),
    [
        ({"serviceEndpoint": "https://a"}, PASS, PASS),
        ({"accountKey": VAULT}, PASS, FAIL),
        ({"accountKey": SECURE}, FAIL, FAIL),
        ({"AccountKey": SECURE}, FAIL, FAIL),
        ({"accountKey": "hunter2"}, FAIL, FAIL),
        ({"accountKey": {"type": "azurekeyvaultsecret"}}, PASS, FAIL),
        ({"accountKey": UNKNOWN}, UNDECIDED, UNDECIDED),
        ({"accountKey": None}, PASS, PASS),
        ({"connectionString": "Server=a;Password=hunter2"}, FAIL, FAIL),
        ({"connectionString": "Server=a;AccountKey=hunter2;"}, FAIL, FAIL),
        ({"connectionString": "Server=a;Database=b;Encrypt=True"}, PASS, PASS),
        ({"connectionString": "Server=a;Password=;"}, PASS, PASS),
        ({"connectionString": "@{linkedService().text}"}, PASS, PASS),
        ({"connectionString": SECURE}, FAIL, FAIL),
        ({"connectionString": UNKNOWN}, UNDECIDED, UNDECIDED),
        ({"sasUri": "https://a/b?sv=1&sig=abc"}, FAIL, FAIL),
        ({"sasUri": "https://a/b"}, PASS, PASS),
        ({"servicePrincipalKey": VAULT, "servicePrincipalId": "p"}, PASS, FAIL),
        ({"servicePrincipalCredentialType": "ServicePrincipalKey"}, PASS, PASS),
        ({"credential": {"type": "CredentialReference", "referenceName": "c"}}, PASS, PASS),
        ({"encryptedCredential": "opaque"}, PASS, PASS),
        ({"authenticationType": "AccountKey"}, PASS, FAIL),
        ({"authenticationType": "msi"}, PASS, PASS),
        ({"authenticationType": "SystemAssignedManagedIdentity"}, PASS, PASS),
        ({"authenticationType": UNKNOWN}, PASS, UNDECIDED),
        ({"userName": "admin"}, PASS, FAIL),
        ({"someToken": SECURE}, FAIL, FAIL),
        ({"password": {"type": UNKNOWN}}, UNDECIDED, FAIL),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_linked_service_is_judged_by_what_opens_it(inside, inline, identity, nested):
    body = {"typeProperties": inside} if nested else inside
    props = {"properties": {"type": "AzureBlobStorage", **body}}
    assert evaluate(factory.no_inline_secrets, props) == inline
    assert evaluate(factory.linked_by_identity, props) == identity
    version = "azure-native:datafactory/v20180601:LinkedService"
    assert evaluate(factory.no_inline_secrets, props, type_token=version) == inline


@pytest.mark.parametrize("rule", [factory.no_inline_secrets, factory.linked_by_identity])
def test_an_unknown_service_may_hold_anything(rule):
    assert evaluate(rule, {"properties": UNKNOWN}) == UNDECIDED
    whole = {"properties": {"type": "AzureBlobStorage", "typeProperties": UNKNOWN}}
    assert evaluate(rule, whole) == UNDECIDED


def test_only_what_an_identity_can_open_has_to_be_opened_by_one():
    sftp = {"properties": {"type": "Sftp", "userName": "u", "password": VAULT}}
    assert evaluate(factory.linked_by_identity, sftp) == NOT_APPLICABLE
    assert ask(factory.linked_by_identity, sftp, kinds=["Sftp"]).outcome == FAIL
    assert evaluate(factory.linked_by_identity, {}) == NOT_APPLICABLE
    assert evaluate(factory.no_inline_secrets, {}) == PASS
    unknown = {"properties": {"type": UNKNOWN, "accountKey": SECURE}}
    assert evaluate(factory.linked_by_identity, unknown) == UNDECIDED


def test_no_secret_is_told():
    props = {"properties": {"connectionString": "Password=hunter2", "accountKey": SECURE}}
    told = "; ".join(map(str, ask(factory.no_inline_secrets, props).evidence))
    assert "properties.connectionString" in told
    assert "hunter2" not in told
