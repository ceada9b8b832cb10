"""Catalogues of data: Microsoft Purview accounts."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict

ACCOUNT = "purview:Account"
_DOCS = "https://learn.microsoft.com/azure/purview"
_KNOWN = ("Enabled", "NotSpecified")


@rule(
    "purview-public-network-off",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["U-25"],
    title="A catalogue of data and its stores are off the public network",
    fix="Pass public_network_access and managed_resources_public_network_access as "
    "PublicNetworkAccess.DISABLED, and add private endpoints.",
    url=f"{_DOCS}/catalog-private-link",
)
def public_network_off(account: Resource) -> Verdict:
    """It knows where all data lies, and its scans hold the way in."""
    own = account["publicNetworkAccess"].or_default("Enabled")
    # NotSpecified takes what the account says; an absent value is taken as that as well.
    stores = account["managedResourcesPublicNetworkAccess"].or_default("NotSpecified")
    return own.must_equal("Disabled", known=_KNOWN) & stores.must_equal(
        "Disabled", "NotSpecified", known=_KNOWN
    )
