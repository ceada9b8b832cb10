"""Key vaults."""

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict, all_of

VAULT = "keyvault:Vault"
_DOCS = "https://learn.microsoft.com/azure/key-vault/general"


@rule(
    "key-vault-soft-delete",
    types=[VAULT],
    severity=Severity.HIGH,
    requirements=["V-01"],
    title="A deleted vault can be brought back",
    fix='Leave enable_soft_delete out of properties, or pass "enable_soft_delete": True.',
    url=f"{_DOCS}/soft-delete-overview",
)
def soft_delete(vault: Resource) -> Verdict:
    """Without it, a deletion is final at once."""
    return vault["properties.enableSoftDelete"].or_default(True).must_equal(True)


@rule(
    "key-vault-purge-protection",
    types=[VAULT],
    severity=Severity.HIGH,
    requirements=["V-02"],
    title="A deleted vault cannot be purged before its time",
    fix='Pass "enable_purge_protection": True in properties. It cannot be switched off again.',
    url=f"{_DOCS}/soft-delete-overview#purge-protection",
)
def purge_protection(vault: Resource) -> Verdict:
    """Without it, one call after a deletion ends all keys, and all that they encrypt."""
    return vault["properties.enablePurgeProtection"].or_default(False).must_equal(True)


@rule(
    "key-vault-roles",
    types=[VAULT],
    severity=Severity.MEDIUM,
    requirements=["V-03"],
    title="Roles open a vault, not access policies",
    fix='Pass "enable_rbac_authorization": True in properties and grant Key Vault roles.',
    url=f"{_DOCS}/rbac-guide",
)
def roles(vault: Resource) -> Verdict:
    """Who may change a vault could give himself its secrets through an access policy."""
    return vault["properties.enableRbacAuthorization"].or_default(False).must_equal(True)


@rule(
    "key-vault-public-network-off",
    types=[VAULT],
    severity=Severity.HIGH,
    requirements=["V-04"],
    title="A vault is off the public network",
    fix='Pass "public_network_access": "Disabled" in properties and add a private endpoint.',
    url=f"{_DOCS}/network-security",
)
def public_network_off(vault: Resource) -> Verdict:
    """What only private endpoints reach cannot be tried from elsewhere."""
    return _off_the_public_network(vault)


@rule(
    "key-vault-network-denied-by-default",
    types=[VAULT],
    severity=Severity.HIGH,
    requirements=["V-05"],
    title="A vault answers to named networks only",
    fix='Pass "network_acls": {"default_action": NetworkRuleAction.DENY} in properties, '
    'or "public_network_access": "Disabled".',
    url=f"{_DOCS}/network-security",
)
def network_denied_by_default(vault: Resource) -> Verdict:
    """Without rules the whole internet may knock; off the public network, rules do not matter."""
    rules = vault["properties.networkAcls.defaultAction"].or_default("Allow")
    return rules.must_equal("Deny", known=["Allow"]) | _off_the_public_network(vault)


@rule(
    "key-vault-no-sweeping-access-policies",
    types=[VAULT],
    severity=Severity.HIGH,
    requirements=["V-08"],
    title="No access policy of a vault grants everything, or a purge",
    fix="List the permissions that are used, or switch to roles: enable_rbac_authorization.",
    url=f"{_DOCS}/assign-access-policy",
)
def no_sweeping_access_policies(vault: Resource) -> Verdict:
    """A purge is final; "all" holds it. With roles on, access policies are not read."""
    by_role = vault["properties.enableRbacAuthorization"].or_default(False).must_equal(True)
    return by_role | vault["properties.accessPolicies"].elements().all(_narrow)


def _narrow(policy: Props) -> Verdict:
    return all_of(
        policy["permissions"][kind]
        .elements()
        .all(lambda permission: permission.must_not_equal("all", "*", "purge"))
        for kind in ("keys", "secrets", "certificates", "storage")
    )


def _off_the_public_network(vault: Resource) -> Verdict:
    access = vault["properties.publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", "SecuredByPerimeter", known=["Enabled"])
