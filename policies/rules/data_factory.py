"""Data factories: their network, their identity, and how they open what they copy."""

import re
from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.values import Value
from policies.engine.verdict import PASSED, Verdict, all_of, only_if

FACTORY, LINKED_SERVICE = "datafactory:Factory", "datafactory:LinkedService"
_DOCS = "https://learn.microsoft.com/azure/data-factory"

# Names of properties that hold a secret, over all kinds of linked services; what Data Factory has
# encrypted itself is none.
_SECRET = re.compile(
    r"(?!encrypted).*(?:password|pwd|secret|token|accountKey|accessKey|apiKey|functionKey|clientKey"
    r"|servicePrincipalKey|privateKey|privateKeyContent|passPhrase|authHeaders|embeddedCert"
    r"|embeddedCertData|keyFileContent|credString|servicePrincipalCredential)|key",
    re.IGNORECASE,
)
# Names of texts that may hold a secret among other things.
_TEXT = re.compile(r"connectionString|sasUri|url", re.IGNORECASE)
_HELD = re.compile(
    r"(?:password|pwd|accountkey|sharedaccesskey|accesskey|sharedaccesssignature)\s*=\s*[^;\s]"
    r"|[?&;]?\bsig=",
    re.IGNORECASE,
)
_LOGINS = ("authenticationType", "authentication", "servicePrincipalId", "userName")
# Who logs in anonymously has nothing to keep.
_IDENTITIES = (
    "Anonymous",
    "ManagedServiceIdentity",
    "Msi",
    "SystemAssignedManagedIdentity",
    "UserAssignedManagedIdentity",
)
_KINDS = (
    "AzureBatch",
    "AzureBlobFS",
    "AzureBlobStorage",
    "AzureDataExplorer",
    "AzureDatabricks",
    "AzureDatabricksDeltaLake",
    "AzureFunction",
    "AzureKeyVault",
    "AzureMLService",
    "AzureSqlDW",
    "AzureSqlDatabase",
    "AzureSqlMI",
    "AzureStorage",
    "AzureSynapseArtifacts",
    "AzureTableStorage",
    "CosmosDb",
)


@rule(
    "data-factory-public-network-off",
    types=[FACTORY],
    severity=Severity.HIGH,
    requirements=["D-01"],
    title="A factory is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED and add a private endpoint.",
    url=f"{_DOCS}/data-factory-private-link",
)
def public_network_off(factory: Resource) -> Verdict:
    """Its pipelines hold rights on all the data that they copy."""
    access = factory["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])


@rule(
    "data-factory-identity",
    types=[FACTORY],
    severity=Severity.MEDIUM,
    requirements=["U-26"],
    title="A factory has an identity",
    fix='Pass identity={"type": FactoryIdentityType.USER_ASSIGNED, '
    '"user_assigned_identities": [identity.id]}.',
    url=f"{_DOCS}/data-factory-service-identity",
)
def identity(factory: Resource) -> Verdict:
    """Without one, everything that it opens takes a key."""
    return factory["identity.type"].must_be_set() & factory["identity.type"].must_not_equal("None")


@rule(
    "data-factory-no-inline-secrets",
    types=[LINKED_SERVICE],
    severity=Severity.HIGH,
    requirements=["D-05"],
    title="A linked service takes its secrets from a vault",
    fix='Use an identity, or pass {"type": "AzureKeyVaultSecret", "store": ..., '
    '"secret_name": ...} for the secret.',
    url=f"{_DOCS}/store-credentials-in-key-vault",
)
def no_inline_secrets(service: Resource) -> Verdict:
    """Whoever may read the deployment or its state may read what stands in it."""

    def check(one: Props, *, secret: bool) -> Verdict:
        if isinstance(one.value, dict):
            return one["type"].must_equal("AzureKeyVaultSecret", known=["SecureString"])
        return one.must(
            lambda value: _is_expression(value) or not (secret or _holds_secret(value)),
            wanted="a secret of a vault, or an identity",
        )

    return _each(service, check)


@rule(
    "data-factory-linked-by-identity",
    types=[LINKED_SERVICE],
    severity=Severity.MEDIUM,
    requirements=["D-06"],
    title="A linked service that can is opened as an identity",
    fix="Leave keys, names and authentication types out: the factory's identity is the default, "
    'or pass "credential": {"type": "CredentialReference", "reference_name": ...}.',
    url=f"{_DOCS}/data-factory-service-identity",
    parameters={"kinds": texts("Types of linked services that an identity can open.", *_KINDS)},
)
def linked_by_identity(service: Resource) -> Verdict:
    """A secret in a vault is still one that someone has to change."""
    kind = service["properties.type"].must_equal(*service.settings.texts("kinds"))

    def none(one: Props, *, secret: bool) -> Verdict:
        return one.must(
            lambda value: not secret and not _holds_secret(value) and not isinstance(value, dict),
            wanted="an identity",
        )

    def login(one: Props) -> Verdict:
        if not one.given:
            return PASSED
        return one.must_equal(*_IDENTITIES, known=["ServicePrincipal", "AccountKey", "SasUri"])

    def check() -> Verdict:
        logins = (login(place[name]) for place in _places(service) for name in _LOGINS)
        return _each(service, none) & all_of(logins)

    return only_if(kind, check, "an identity cannot open it")


def _places(service: Resource) -> tuple[Props, Props]:
    # The provider flattens typeProperties; a template, and a type it does not know, has them.
    return service["properties"], service["properties.typeProperties"]


def _each(service: Resource, check: Callable[..., Verdict]) -> Verdict:
    """Ask about everything that holds a secret, or text that may."""
    places = [place for place in _places(service) if place.given]
    whole = all_of(place.must(lambda _: True, wanted="a linked service") for place in places)
    found = [
        (place[name], _SECRET.fullmatch(name) is not None)
        for place in places
        for name in place.keys()  # noqa: SIM118 - Props has keys, but is no mapping
        if _SECRET.fullmatch(name) or _TEXT.fullmatch(name)
    ]
    return whole & all_of(check(one, secret=secret) for one, secret in found if one.given)


def _holds_secret(value: Value) -> bool:
    return isinstance(value, str) and not _is_expression(value) and bool(_HELD.search(value))


def _is_expression(value: Value) -> bool:
    """Whether the factory fills it in when it runs: `@{linkedService().key}`."""
    return isinstance(value, str) and value.lstrip().startswith("@")
