"""Diagnostic settings: what a resource records of who did what, and where it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Node, Resource
from policies.engine.rule import GraphRule, graph_rule, rule
from policies.engine.settings import texts
from policies.engine.verdict import (
    NOT_APPLICABLE,
    PASSED,
    Evidence,
    Verdict,
    all_of,
    any_of,
    only_if,
)
from policies.rules.targets import path_in, path_of, pointing_at

SETTINGS = ("monitor:DiagnosticSetting", "insights:DiagnosticSetting")
OF_SUBSCRIPTION = (
    "monitor:SubscriptionDiagnosticSetting",
    "insights:SubscriptionDiagnosticSetting",
)
_DOCS = "https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings"
_WHOLE = ("audit", "allLogs")


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What a type has to record: one category of each set, or a group that holds them all."""

    kind: str
    id: str
    requirements: tuple[str, ...]
    severity: Severity = Severity.MEDIUM
    what: str
    categories: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...] = _WHOLE


def _declare(kept: _Kept) -> GraphRule:
    def check(node: Node) -> Verdict:
        """After a break-in, what was not recorded cannot be found out."""
        wanted = " and ".join(" or ".join(one) for one in kept.categories)
        return _records(_settings(node), kept, wanted)

    return graph_rule(
        kept.id,
        types=[kept.kind],
        severity=kept.severity,
        requirements=kept.requirements,
        title=f"{kept.what} is recorded",
        fix="Add a monitor.DiagnosticSetting with resource_uri=<the resource>.id, workspace_id and "
        f'logs=[{{"category_group": "{kept.groups[0]}", "enabled": True}}].',
        url=_DOCS,
    )(check)


def _settings(node: Node) -> list[Node]:
    """Settings of this resource, not of what is in it: an endpoint's are not the workspace's."""
    own = path_of(node)
    return [
        one
        for one in pointing_at(node, SETTINGS, "resourceUri")
        if not own or path_in(one["resourceUri"].text) in {"", own}
    ]


def _records(settings: list[Node], kept: _Kept, wanted: str) -> Verdict:
    missing = Evidence("diagnostic setting", "missing", wanted)
    lacking = Evidence("diagnostic setting", "without enough logs", wanted)

    def one_of(categories: tuple[str, ...]) -> Verdict:
        found = (_has(one, categories, kept.groups) for one in settings)
        return any_of(found, otherwise=missing)

    verdict = all_of(one_of(categories) for categories in kept.categories)
    return verdict.because(lacking if settings else missing)


def _has(setting: Props, categories: tuple[str, ...], groups: tuple[str, ...]) -> Verdict:
    return (
        setting["logs"]
        .elements()
        .any(
            lambda log: (
                log["enabled"].must_equal(True)
                & (
                    log["categoryGroup"].must_equal(*groups)
                    | log["category"].must_equal(*categories)
                )
            ),
            wanted="logs",
        )
    )


key_vault_log = _declare(
    _Kept(
        kind="keyvault:Vault",
        id="key-vault-log",
        requirements=("V-07",),
        severity=Severity.HIGH,
        what="Who takes which secret of a vault",
        categories=(("AuditEvent",),),
    )
)
ml_workspace_log = _declare(
    _Kept(
        kind="machinelearningservices:Workspace",
        id="ml-workspace-log",
        requirements=("ML-08",),
        what="Who does what in a workspace",
        categories=(("AmlComputeClusterEvent", "AmlComputeJobEvent", "AmlRunStatusChangedEvent"),),
    )
)
aks_audit_log = _declare(
    _Kept(
        kind="containerservice:ManagedCluster",
        id="aks-audit-log",
        requirements=("K-27",),
        what="Who asks a cluster for what, and what it refused,",
        categories=(("kube-audit", "kube-audit-admin"), ("guard",)),
    )
)
registry_log = _declare(
    _Kept(
        kind="containerregistry:Registry",
        id="registry-log",
        requirements=("R-19",),
        what="Who pulls and pushes which image",
        categories=(("ContainerRegistryLoginEvents",), ("ContainerRegistryRepositoryEvents",)),
    )
)
cognitive_log = _declare(
    _Kept(
        kind="cognitiveservices:Account",
        id="cognitive-services-log",
        requirements=("C-08",),
        what="Who asks a model",
        categories=(("Audit", "RequestResponse"),),
    )
)
databricks_log = _declare(
    _Kept(
        kind="databricks:Workspace",
        id="databricks-log",
        requirements=("B-06",),
        what="Who does what in a Databricks workspace",
        categories=(("accounts",), ("clusters",), ("jobs",), ("notebook",), ("workspace",)),
        groups=("allLogs",),
    )
)


@graph_rule(
    "storage-log",
    types=["storage:StorageAccount"],
    severity=Severity.MEDIUM,
    requirements=["S-22"],
    title="Who reads, writes and deletes data of an account is recorded",
    fix="Add a monitor.DiagnosticSetting with resource_uri=<account>.id + "
    '"/blobServices/default" and logs=[{"category_group": "audit", "enabled": True}].',
    url="https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage",
    parameters={
        "services": texts(
            "Services of a general account that record: blobServices, fileServices, "
            "tableServices, queueServices.",
            "blobServices",
        )
    },
)
def storage_log(account: Node) -> Verdict:
    """The account's own setting holds metrics only: each of its services has one."""
    reads = _Kept(
        kind="",
        id="",
        requirements=(),
        what="",
        categories=(("StorageRead",), ("StorageWrite",), ("StorageDelete",)),
    )
    settings = pointing_at(account, SETTINGS, "resourceUri")

    def recorded(service: str) -> Verdict:
        wanted = f"StorageRead, StorageWrite and StorageDelete of {service}"
        return _records([one for one in settings if _of(one, service)], reads, wanted)

    return all_of(recorded(service) for service in _services(account))


def _services(account: Node) -> Iterator[str]:
    kind = (account["kind"].text or "").strip().casefold()
    if kind == "filestorage":
        yield "fileServices"
    elif kind in {"blobstorage", "blockblobstorage"}:
        yield "blobServices"
    else:
        yield from account.settings.texts("services")


def _of(setting: Props, service: str) -> bool:
    """Whether a setting is of this service; one that is not known yet may be."""
    text = setting["resourceUri"].text
    return text is None or f"/{service.casefold()}/" in f"{text.casefold()}/"


def _not_of_a_subscription(node: Node) -> Verdict:
    """A setting whose target is not known is of what its target is made from."""
    made = [one.kind.name.casefold() for one in node.sources("resourceUri")]
    other = bool(made) and not any(name.startswith("subscription:") for name in made)
    return PASSED if other else Verdict(NOT_APPLICABLE)


@rule(
    "subscription-activity-log",
    types=[*OF_SUBSCRIPTION, *SETTINGS],
    severity=Severity.MEDIUM,
    requirements=["M-10"],
    title="A subscription's log of what was changed is kept whole",
    fix='Pass logs=[{"category": c, "enabled": True} for c in ("Administrative", "Alert", '
    '"Policy", "Security")] and a workspace or a storage account.',
    url="https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log",
    parameters={
        "categories": texts(
            "Categories of the activity log that are kept.",
            "Administrative",
            "Alert",
            "Policy",
            "Security",
        )
    },
    resolve=_not_of_a_subscription,
)
def activity_log(setting: Resource) -> Verdict:
    """Azure forgets the log after 90 days; break-ins are found later than that."""
    wanted = setting.settings.texts("categories")

    def check() -> Verdict:
        kept = all_of(_has(setting, (one,), ("allLogs",)) for one in wanted)
        lacking = Evidence("logs", "without enough categories", ", ".join(wanted))
        somewhere = any_of(
            (
                setting[key].must_be_linked()
                for key in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")
            ),
            otherwise=lacking,
        )
        return kept.because(lacking) & somewhere

    if setting.kind.is_one_of(OF_SUBSCRIPTION):
        return check()
    whole = setting["resourceUri"].must(
        lambda value: (
            isinstance(value, str)
            and len(parts := value.casefold().strip("/").split("/")) == 2
            and parts[0] == "subscriptions"
        ),
        wanted="a subscription",
    )
    return only_if(whole, check, "it is of another resource")
