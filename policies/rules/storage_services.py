"""What brings data back after a mistake, and who else may move it: more of storage accounts."""

import re

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import Parameter
from policies.engine.values import Value
from policies.engine.verdict import Evidence, Verdict, all_of, any_of, not_applicable, only_if

ACCOUNT, BLOBS = "storage:StorageAccount", "storage:BlobServiceProperties"
_DOCS = "https://learn.microsoft.com/azure/storage"
_PERIOD = re.compile(r"\s*([0-9]{1,5})\.([0-9]{2}):([0-9]{2}):([0-9]{2})\s*")


@rule(
    "storage-trusted-services",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-07"],
    title="A closed storage account lets Azure's own services in",
    fix='Pass network_rule_set={"bypass": Bypass.AZURE_SERVICES, ...}.',
    url=f"{_DOCS}/common/storage-network-security",
)
def trusted_services(account: Resource) -> Verdict:
    """Backup, logs and scans go past the rules as identities; without them they stop in silence."""
    bypass = account["networkRuleSet.bypass"].or_default("AzureServices")
    text = bypass.text or ""
    known = [text] if set(_words(text)) <= {"none", "logging", "metrics"} else []
    named = bypass.must(
        lambda value: isinstance(value, str) and "azureservices" in _words(value),
        wanted='"AzureServices" among others',
        known=known,
    )
    by_rules = account["networkRuleSet.defaultAction"].or_default("Allow").must_equal("Deny")
    return only_if(by_rules, lambda: named, "its rules let everyone in")


@rule(
    "storage-no-replication-to-others",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-16"],
    title="Data is not copied into accounts of other tenants",
    fix="Leave allow_cross_tenant_replication out, or pass False.",
    url=f"{_DOCS}/blobs/object-replication-prevent-cross-tenant-policies",
)
def no_replication_to_others(account: Resource) -> Verdict:
    """A rule on the account takes all data out, and no firewall sees it."""
    # Accounts that were made since the end of 2023 do not, unless they are told to.
    return account["allowCrossTenantReplication"].or_default(False).must_equal(False)


@rule(
    "storage-sas-ends-soon",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-17"],
    title="Signed addresses of an account end soon",
    fix='Pass sas_policy={"expiration_action": ExpirationAction.LOG, '
    '"sas_expiration_period": "1.00:00:00"}, or allow_shared_key_access=False.',
    url=f"{_DOCS}/common/sas-expiration-policy",
    parameters={
        "days": Parameter("The longest time in days.", 7, {"type": "number", "minimum": 1})
    },
)
def sas_ends_soon(account: Resource) -> Verdict:
    """Whoever finds the address has the data until then; without keys Azure's bound is a week."""
    longest = account.settings.number("days")
    period = account["sasPolicy.sasExpirationPeriod"]
    text = period.text
    short = period.must(
        lambda value: (days := _days(value)) is not None and 0 < days <= longest,
        wanted=f"{longest:g} days or less",
        known=[text] if text and _days(text) is not None else [],
    )
    if longest < 7:
        return short
    keyless = account["allowSharedKeyAccess"].or_default(True).must_equal(False)
    return (short | keyless).because(*short.evidence)


@rule(
    "storage-no-local-users",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-18"],
    title="A storage account has no users of its own",
    fix="Pass is_local_user_enabled=False.",
    url=f"{_DOCS}/blobs/secure-file-transfer-protocol-support-authorize-access",
)
def no_local_users(account: Resource) -> Verdict:
    """They come with a password or a key, past the directory and its rules."""
    return account["isLocalUserEnabled"].or_default(False).must_equal(False)


@graph_rule(
    "storage-deleted-blobs-kept",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-12"],
    title="Deleted blobs can be brought back for a while",
    fix="Add a storage.BlobServiceProperties with "
    'delete_retention_policy={"enabled": True, "days": 7}.',
    url=f"{_DOCS}/blobs/soft-delete-blob-overview",
)
def deleted_blobs_kept(account: Node) -> Verdict:
    """A script with the wrong prefix takes one second."""
    flat = account["isHnsEnabled"].or_default(False).must_equal(False)
    return only_if(
        flat,
        lambda: _kept(account, "deleteRetentionPolicy"),
        "a hierarchical account keeps files in another way",
    )


@graph_rule(
    "storage-deleted-containers-kept",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["S-13"],
    title="Deleted containers can be brought back for a while",
    fix="Add a storage.BlobServiceProperties with "
    'container_delete_retention_policy={"enabled": True, "days": 7}.',
    url=f"{_DOCS}/blobs/soft-delete-container-overview",
)
def deleted_containers_kept(account: Node) -> Verdict:
    """What keeps single blobs is gone with the container."""
    return _kept(account, "containerDeleteRetentionPolicy")


def _kept(account: Node, policy: str) -> Verdict:
    if (account["kind"].text or "").strip().casefold() == "filestorage":
        return not_applicable("it holds no blobs")
    missing = Evidence(policy, "missing", "a BlobServiceProperties of this account")
    found = (_on(one[policy]) for one in _services(account))
    return any_of(found, otherwise=missing)


def _on(policy: Props) -> Verdict:
    days = (
        policy["days"]
        .or_default(1)
        .must(lambda value: isinstance(value, int | float) and value >= 1, wanted="1 or more")
    )
    return all_of((policy["enabled"].or_default(False).must_equal(True), days))


def _services(account: Node) -> list[Node]:
    urn = account.facts.urn
    by_edge = [one for one in account.used_by(BLOBS) if urn in one.needs.get("accountName", ())]
    name = (account["accountName"].text or account["name"].text or "").casefold()
    by_name = account.graph.cached(_by_account).get(name, [])
    seen = {one.facts.urn for one in by_edge}
    return [*by_edge, *(one for one in by_name if one.facts.urn not in seen)]


def _by_account(graph: Graph) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for one in graph.of(BLOBS):
        if name := one["accountName"].text:
            found.setdefault(name.casefold(), []).append(one)
    return found


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.casefold().split(",")]


def _days(value: Value) -> float | None:
    match = _PERIOD.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    days, hours, minutes, seconds = map(int, match.groups())
    return days + (hours + (minutes + seconds / 60) / 60) / 24
