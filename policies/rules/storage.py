"""Storage accounts and their containers."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict

ACCOUNT = "storage:StorageAccount"
_DOCS = "https://learn.microsoft.com/azure/storage"
# The API version from which an account that says nothing takes https only.
_HTTPS_BY_DEFAULT = "20190401"


@rule(
    "storage-https-only",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["S-01"],
    mend=lambda _: {"enableHttpsTrafficOnly": True},
    title="A storage account takes https only",
    fix="Pass enable_https_traffic_only=True.",
    url=f"{_DOCS}/common/storage-require-secure-transfer",
)
def https_only(account: Resource) -> Verdict:
    """Over http, data and tokens can be read on the way."""
    version = account.kind.api_version
    default = version is None or version >= _HTTPS_BY_DEFAULT
    return account["enableHttpsTrafficOnly"].or_default(default).must_equal(True)


@rule(
    "storage-min-tls",
    types=[ACCOUNT],
    severity=Severity.CRITICAL,
    requirements=["S-02"],
    mend=lambda _: {"minimumTlsVersion": "TLS1_2"},
    title="A storage account refuses TLS older than 1.2",
    fix="Pass minimum_tls_version=MinimumTlsVersion.TLS1_2.",
    url=f"{_DOCS}/common/transport-layer-security-configure-minimum-version",
)
def min_tls(account: Resource) -> Verdict:
    """TLS 1.0 and 1.1 are broken; what an account takes when it says nothing changed over time."""
    return account["minimumTlsVersion"].must_equal("TLS1_2", "TLS1_3", known=["TLS1_0", "TLS1_1"])


@rule(
    "storage-no-anonymous-blobs",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["S-03"],
    mend=lambda _: {"allowBlobPublicAccess": False},
    title="A storage account lets no container be read anonymously",
    fix="Pass allow_blob_public_access=False.",
    url=f"{_DOCS}/blobs/anonymous-read-access-prevent",
)
def no_anonymous_blobs(account: Resource) -> Verdict:
    """Said aloud, no container can be opened by mistake; the default differs by account's age."""
    return account["allowBlobPublicAccess"].must_equal(False)


@rule(
    "storage-private-containers",
    types=["storage:BlobContainer"],
    severity=Severity.HIGH,
    requirements=["S-04"],
    title="A container cannot be read anonymously",
    fix="Pass public_access=PublicAccess.NONE.",
    url=f"{_DOCS}/blobs/anonymous-read-access-configure",
)
def private_containers(container: Resource) -> Verdict:
    """Blob opens each blob whose name is known, Container lists them too."""
    return (
        container["publicAccess"].or_default("None").must_equal("None", known=["Blob", "Container"])
    )


@rule(
    "storage-network-denied-by-default",
    types=[ACCOUNT],
    severity=Severity.CRITICAL,
    requirements=["S-05"],
    title="A storage account answers to named networks only",
    fix='Pass network_rule_set={"default_action": DefaultAction.DENY}, '
    "or public_network_access=PublicNetworkAccess.DISABLED.",
    url=f"{_DOCS}/common/storage-network-security",
)
def network_denied_by_default(account: Resource) -> Verdict:
    """Without rules the whole internet may knock; off the public network, rules do not matter."""
    rules = account["networkRuleSet.defaultAction"].or_default("Allow")
    return rules.must_equal("Deny", known=["Allow"]) | _off_the_public_network(account)


@rule(
    "storage-public-network-off",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["S-06"],
    title="A storage account is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED and add a private endpoint.",
    url=f"{_DOCS}/common/storage-private-endpoints",
)
def public_network_off(account: Resource) -> Verdict:
    """What only private endpoints reach cannot be tried from elsewhere."""
    return _off_the_public_network(account)


@rule(
    "storage-no-shared-keys",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["S-08"],
    title="A storage account takes identities only, no keys",
    fix="Pass allow_shared_key_access=False and grant roles such as Storage Blob Data Contributor.",
    url=f"{_DOCS}/common/shared-key-authorization-prevent",
)
def no_shared_keys(account: Resource) -> Verdict:
    """A key opens everything for whoever has it, and nobody can tell who used it."""
    return account["allowSharedKeyAccess"].or_default(True).must_equal(False)


def _off_the_public_network(account: Resource) -> Verdict:
    access = account["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", "SecuredByPerimeter", known=["Enabled"])
