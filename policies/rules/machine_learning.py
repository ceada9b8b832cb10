"""Azure Machine Learning workspaces."""

from collections.abc import Callable

from policies.engine.levels import ADVICE, Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import Parameter, texts
from policies.engine.verdict import Verdict, not_applicable, only_if

WORKSPACE = "machinelearningservices:Workspace"
_DOCS = "https://learn.microsoft.com/azure/machine-learning"


def _unless_project(workspace: Resource, check: Callable[[], Verdict]) -> Verdict:
    """A project lives in a hub and takes network and stores from it."""
    own = workspace["kind"].or_default("Default").must_not_equal("Project")
    return only_if(own, check, "a project has its hub's settings")


@rule(
    "ml-workspace-public-network-off",
    types=[WORKSPACE],
    severity=Severity.CRITICAL,
    requirements=["ML-01"],
    title="A workspace is off the public network",
    fix="Pass public_network_access=PublicNetworkAccessType.DISABLED and add a private endpoint.",
    url=f"{_DOCS}/how-to-configure-private-link",
)
def public_network_off(workspace: Resource) -> Verdict:
    """A workspace runs code next to the data: whoever reaches it may try."""
    access = workspace["publicNetworkAccess"].or_default("Enabled")
    return _unless_project(workspace, lambda: access.must_equal("Disabled", known=["Enabled"]))


@rule(
    "ml-workspace-no-public-access-behind-vnet",
    types=[WORKSPACE],
    severity=Severity.HIGH,
    requirements=["ML-02"],
    title="A workspace behind a network has no public side door",
    fix="Leave allow_public_access_when_behind_vnet out, or pass False.",
    url=f"{_DOCS}/how-to-configure-private-link",
)
def no_public_access_behind_vnet(workspace: Resource) -> Verdict:
    """The old switch opens the workspace whatever publicNetworkAccess says."""
    return workspace["allowPublicAccessWhenBehindVnet"].or_default(False).must_equal(False)


@rule(
    "ml-workspace-user-assigned-identity",
    types=[WORKSPACE],
    severity=Severity.MEDIUM,
    requirements=["ML-05"],
    title="A workspace has an identity that was made and granted for it",
    fix='Pass identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]} '
    "and primary_user_assigned_identity=identity.id.",
    url=f"{_DOCS}/how-to-identity-based-service-authentication",
)
def user_assigned_identity(workspace: Resource) -> Verdict:
    """A system-assigned one gets a wide role on the whole resource group by itself."""
    # "SystemAssigned, UserAssigned" has one, too; Azure itself writes it with and without a space.
    kind = workspace["identity.type"].or_default("SystemAssigned")
    return (
        kind.must_equal(
            "UserAssigned",
            "SystemAssigned,UserAssigned",
            "SystemAssigned, UserAssigned",
            known=["SystemAssigned", "None"],
        )
        & workspace["identity.userAssignedIdentities"].must_be_set()
        & workspace["primaryUserAssignedIdentity"].must_be_linked()
    )


@rule(
    "ml-workspace-managed-network",
    types=[WORKSPACE],
    severity=Severity.HIGH,
    requirements=["ML-06"],
    title="A workspace's compute lives in a managed network that lets approved traffic out only",
    fix='Pass managed_network={"isolation_mode": IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND}.',
    url=f"{_DOCS}/how-to-managed-network",
    parameters={
        "internet_outbound_in": texts(
            "Environments in which AllowInternetOutbound is good enough.", "dev"
        ),
        "own_network_in": texts(
            "Environments in which a subnet of one's own may stand for the managed network.", "dev"
        ),
    },
)
def managed_network(workspace: Resource) -> Verdict:
    """Training code is often someone else's: what it cannot reach, it cannot leak to."""
    modes = ["AllowOnlyApprovedOutbound"]
    if workspace.environment in workspace.settings.texts("internet_outbound_in"):
        modes.append("AllowInternetOutbound")
    mode = workspace["managedNetwork.isolationMode"].or_default("Disabled")
    known = ["Disabled", "AllowInternetOutbound"]

    def check() -> Verdict:
        verdict = mode.must_equal(*modes, known=known)
        if workspace.environment not in workspace.settings.texts("own_network_in"):
            return verdict
        # What such a subnet lets out, its routes and security group say; this rule sees that it is
        # there. An open workspace without either has nothing.
        subnet = workspace["serverlessComputeSettings.serverlessComputeCustomSubnet"]
        own = mode.must_equal("Disabled", known=known) & subnet.must_be_linked()
        return (verdict | own).because(*verdict.evidence)

    return _unless_project(workspace, check)


@rule(
    "ml-workspace-identity-datastores",
    types=[WORKSPACE],
    severity=Severity.HIGH,
    requirements=["U-01"],
    title="A workspace opens its own datastores as an identity, without keys",
    fix="Pass system_datastores_auth_mode=SystemDatastoresAuthMode.IDENTITY.",
    url=f"{_DOCS}/how-to-disable-local-auth-storage",
)
def identity_datastores(workspace: Resource) -> Verdict:
    """Otherwise the account's key lies in the vault, and whoever may use the workspace has it."""
    mode = workspace["systemDatastoresAuthMode"].or_default("AccessKey")
    return _unless_project(
        workspace, lambda: mode.must_equal("Identity", known=["AccessKey", "UserDelegationSAS"])
    )


@rule(
    "ml-workspace-own-key",
    types=[WORKSPACE],
    severity=Severity.MEDIUM,
    # Azure encrypts in any case; whose key it is, is a choice with a price.
    levels=ADVICE,
    requirements=["ML-04"],
    title="A workspace is encrypted with a key of its owner's",
    fix='Pass encryption={"status": EncryptionStatus.ENABLED, "key_vault_properties": '
    '{"key_vault_arm_id": vault.id, "key_identifier": key.key_uri_with_version}}.',
    url=f"{_DOCS}/how-to-setup-customer-managed-keys",
    parameters={
        "required_in": texts(
            "Environments whose data is worth it: the key costs money and can lock its owner out.",
            "prod",
        )
    },
)
def own_key(workspace: Resource) -> Verdict:
    """Only then its owner can take the data away from everyone, Azure included."""
    if workspace.environment not in workspace.settings.texts("required_in"):
        return not_applicable("no key of one's own is required in this environment")
    status = workspace["encryption.status"].or_default("Disabled")
    vault = workspace["encryption.keyVaultProperties"]
    return _unless_project(
        workspace,
        lambda: (
            status.must_equal("Enabled", known=["Disabled"])
            & vault["keyIdentifier"].must_be_linked()
            & vault["keyVaultArmId"].must_be_linked()
        ),
    )


@rule(
    "ml-workspace-api-generation",
    types=[WORKSPACE],
    severity=Severity.LOW,
    requirements=["ML-07"],
    title="A workspace takes the API that its work is written for",
    fix="Pass v1_legacy_mode=False, or set the rule's parameter where work of the first API runs.",
    url=f"{_DOCS}/how-to-configure-network-isolation-with-v2",
    parameters={
        "legacy_mode": Parameter(
            "What v1LegacyMode has to be. True keeps all but the first API out, as a built-in "
            "policy of Azure's still asks; the second API has private ways of its own by now.",
            False,
            {"type": "boolean"},
        )
    },
)
def api_generation(workspace: Resource) -> Verdict:
    """In the legacy mode endpoints, pipelines and registries of the second API are refused."""
    wanted = workspace.settings.flag("legacy_mode")
    mode = workspace["v1LegacyMode"].or_default(False)
    return _unless_project(workspace, lambda: mode.must_equal(wanted))
