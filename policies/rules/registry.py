"""Container registries."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict

REGISTRY = "containerregistry:Registry"
_DOCS = "https://learn.microsoft.com/azure/container-registry"


@rule(
    "registry-no-admin-user",
    types=[REGISTRY],
    severity=Severity.CRITICAL,
    requirements=["R-01"],
    title="A registry has no admin user",
    fix="Pass admin_user_enabled=False and grant AcrPull or AcrPush.",
    url=f"{_DOCS}/container-registry-authentication#admin-account",
)
def no_admin_user(registry: Resource) -> Verdict:
    """One shared password could replace every image."""
    return registry["adminUserEnabled"].or_default(False).must_equal(False)


@rule(
    "registry-no-anonymous-pull",
    types=[REGISTRY],
    severity=Severity.HIGH,
    requirements=["R-02"],
    title="A registry gives no image to strangers",
    fix="Pass anonymous_pull_enabled=False.",
    url=f"{_DOCS}/anonymous-pull-access",
)
def no_anonymous_pull(registry: Resource) -> Verdict:
    """Images hold code, and sometimes more than their author knows."""
    return registry["anonymousPullEnabled"].or_default(False).must_equal(False)


@rule(
    "registry-public-network-off",
    types=[REGISTRY],
    severity=Severity.HIGH,
    requirements=["R-03"],
    title="A registry is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED, sku Premium, "
    "and add a private endpoint.",
    url=f"{_DOCS}/container-registry-private-link",
)
def public_network_off(registry: Resource) -> Verdict:
    """What only private endpoints reach cannot be tried from elsewhere."""
    access = registry["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])
