"""What a stamp's firewall lets out: hosts for each purpose, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import NamedTuple

from pulumi_azure_native.network import (
    ApplicationRuleArgs,
    FirewallPolicyFilterRuleCollectionActionArgs,
    FirewallPolicyFilterRuleCollectionActionType,
    FirewallPolicyFilterRuleCollectionArgs,
    FirewallPolicyRuleApplicationProtocolArgs,
    FirewallPolicyRuleApplicationProtocolType,
)

from infra.addresses import WALLED, Purpose

_FIRST, _STEP = 200, 10


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Who goes out through the firewall, and what the stamp's settings add to the hosts."""

    region: str
    subnets: Mapping[Purpose, IPv4Network]
    allowed_hosts: Sequence[str]
    high_business_impact: bool
    private_monitoring: bool


class _Rule(NamedTuple):
    name: str
    hosts: Sequence[str]
    plain: bool = False
    """Whether unencrypted HTTP passes too: package archives are signed, not encrypted."""
    tags: Sequence[str] = ()


_SIGN_IN = _Rule(
    "sign-in",
    ("login.microsoftonline.com", "graph.microsoft.com", "graph.windows.net"),
    plain=True,
)
_MANAGEMENT = _Rule("management", ("management.azure.com",))
_IMAGES = _Rule("images", ("mcr.microsoft.com", "*.data.mcr.microsoft.com"))
_GATEWAY_STORAGE = _Rule(
    "storage",
    ("*.blob.core.windows.net", "*.queue.core.windows.net", "*.table.core.windows.net"),
)
_UBUNTU = _Rule(
    "ubuntu",
    (
        "archive.ubuntu.com",
        "azure.archive.ubuntu.com",
        "security.ubuntu.com",
        "ppa.launchpad.net",
    ),
    plain=True,
)


def rule_collections(leaving: Leaving) -> list[FirewallPolicyFilterRuleCollectionArgs]:
    """Return a collection for each purpose that goes out, and one for the settings' own hosts."""
    rules = {
        Purpose.TRAINING: _training(leaving),
        Purpose.AKS_NODES: _kubernetes(leaving),
        Purpose.RUNNERS: _runners(),
        Purpose.JUMP_HOST: _jump_host(),
        Purpose.CONTAINER_INSTANCES: [_IMAGES],
        Purpose.API_GATEWAY: [_SIGN_IN, _GATEWAY_STORAGE],
    }
    here = [purpose for purpose in WALLED if purpose in leaving.subnets]
    collections = [
        (purpose.value, rules[purpose], [str(leaving.subnets[purpose])]) for purpose in here
    ]
    if leaving.allowed_hosts:
        everyone = [str(leaving.subnets[purpose]) for purpose in here]
        collections.append(("settings", [_Rule("allowed", leaving.allowed_hosts)], everyone))
    # Classes, not dicts: Azure has several kinds of rules and collections, and of a dict in a list
    # of several kinds the SDK does not know which names to translate.
    return [
        FirewallPolicyFilterRuleCollectionArgs(
            rule_collection_type="FirewallPolicyFilterRuleCollection",
            name=name,
            priority=_FIRST + _STEP * index,
            action=FirewallPolicyFilterRuleCollectionActionArgs(
                type=FirewallPolicyFilterRuleCollectionActionType.ALLOW
            ),
            rules=[_application_rule(rule, sources) for rule in found],
        )
        for index, (name, found, sources) in enumerate(collections)
    ]


def _training(leaving: Leaving) -> list[_Rule]:
    """What nodes need besides what goes past the firewall: the service itself, and storage.

    https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall
    No storage host is among them: the private endpoints lead to our accounts and the service
    endpoint, with its policy, to the service's. A rule here would open everybody's.
    """
    region = leaving.region
    rules = [
        _SIGN_IN,
        _MANAGEMENT,
        _Rule(
            "machine-learning",
            (
                "ml.azure.com",
                "*.azureml.ms",
                "*.azureml.net",
                "*.modelmanagement.azureml.net",
                "*.notebooks.azure.net",
                "*.aznbcontent.net",
            ),
        ),
        _Rule("batch", (f"*.{region}.batch.azure.com", f"*.{region}.service.batch.azure.com")),
        _Rule(
            "automl",
            (
                "automlresources-prod.azureedge.net",
                "automlresources-prod-d0eaehh7g8andvav.b02.azurefd.net",
                "aka.ms",
            ),
        ),
        _IMAGES,
        _UBUNTU,
    ]
    if not leaving.private_monitoring:
        rules.append(_monitor())
    if leaving.high_business_impact:
        rules.append(_Rule("batch-keys", ("*.vault.azure.net",)))
    return rules


def _monitor() -> _Rule:
    return _Rule(
        "monitor",
        (
            "dc.applicationinsights.azure.com",
            "dc.applicationinsights.microsoft.com",
            "dc.services.visualstudio.com",
            "*.in.applicationinsights.azure.com",
        ),
    )


def _kubernetes(leaving: Leaving) -> list[_Rule]:
    """What nodes, the cluster's extensions and the machine-learning extension need.

    https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
    """
    region = leaving.region
    return [
        # Azure keeps the list behind this tag.
        _Rule("nodes", (), plain=True, tags=("AzureKubernetesService",)),
        _SIGN_IN,
        _MANAGEMENT,
        _IMAGES,
        _Rule("extensions", (f"{region}.dp.kubernetesconfiguration.azure.com",)),
        _Rule(
            "machine-learning",
            (
                f"*.workspace.{region}.api.azureml.ms",
                f"{region}.api.azureml.ms",
                f"{region}.experiments.azureml.net",
                "*.kusto.windows.net",
            ),
        ),
        _UBUNTU,
        *([] if leaving.private_monitoring else [_monitor()]),
    ]


def _runners() -> list[_Rule]:
    """Where pipelines get their work and the tools for it."""
    return [
        _SIGN_IN,
        _MANAGEMENT,
        _Rule(
            "github",
            (
                "github.com",
                "api.github.com",
                "codeload.github.com",
                "*.actions.githubusercontent.com",
                "objects.githubusercontent.com",
                "release-assets.githubusercontent.com",
                "raw.githubusercontent.com",
                "ghcr.io",
                "pkg-containers.githubusercontent.com",
            ),
        ),
        _Rule(
            "azure-devops",
            ("dev.azure.com", "*.dev.azure.com", "vstoken.dev.azure.com", "*.visualstudio.com"),
        ),
        _Rule("packages", ("pypi.org", "files.pythonhosted.org", "get.pulumi.com")),
        _IMAGES,
        _UBUNTU,
    ]


def _jump_host() -> list[_Rule]:
    """What signing in with Entra needs on the machine, and its updates."""
    return [
        _SIGN_IN,
        _MANAGEMENT,
        _Rule("entra-ssh", ("packages.microsoft.com", "pas.windows.net")),
        _UBUNTU,
    ]


def _application_rule(rule: _Rule, sources: Sequence[str]) -> ApplicationRuleArgs:
    https = FirewallPolicyRuleApplicationProtocolArgs(
        protocol_type=FirewallPolicyRuleApplicationProtocolType.HTTPS, port=443
    )
    http = FirewallPolicyRuleApplicationProtocolArgs(
        protocol_type=FirewallPolicyRuleApplicationProtocolType.HTTP, port=80
    )
    return ApplicationRuleArgs(
        rule_type="ApplicationRule",
        name=rule.name,
        source_addresses=list(sources),
        protocols=[https, http] if rule.plain else [https],
        fqdn_tags=list(rule.tags) or None,
        target_fqdns=list(rule.hosts) or None,
    )
