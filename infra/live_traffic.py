"""What releases have set on endpoints, read from Azure so that an update sends it back unchanged.

Azure clears an endpoint's traffic when an update leaves it out, and `ignore_changes` would send
back what the stack last saw, not what a release has set since.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pulumi
from pulumi_azure_native import machinelearningservices as ml

_NOT_THERE = re.compile(r"\b404\b|NotFound", re.IGNORECASE)
_OURS = "release_"
_Found = TypeVar("_Found")


@dataclass(frozen=True, kw_only=True)
class LiveTraffic:
    """The traffic of an online endpoint: percent by deployment, and the split of entities.

    A release keeps the split in tags, where callers read it.
    """

    traffic: dict[str, int] = field(default_factory=dict)
    mirror_traffic: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def online_traffic(resource_group: str, workspace: str, endpoint: str) -> LiveTraffic:
    """Return the traffic of an online endpoint; none where the endpoint is not there yet.

    Raises:
        pulumi.RunError: Azure does not say; going on would take the endpoint out of service.
    """
    found = _asked(
        resource_group,
        workspace,
        endpoint,
        lambda: ml.get_online_endpoint(
            resource_group_name=resource_group, workspace_name=workspace, endpoint_name=endpoint
        ),
    )
    if found is None:
        return LiveTraffic()
    properties = found.properties
    return LiveTraffic(
        traffic=_whole(properties.traffic),
        mirror_traffic=_whole(properties.mirror_traffic),
        tags={name: value for name, value in (found.tags or {}).items() if name.startswith(_OURS)},
    )


def batch_default(resource_group: str, workspace: str, endpoint: str) -> str | None:
    """Return the default deployment of a batch endpoint; None where there is none yet.

    Raises:
        pulumi.RunError: Azure does not say; going on would take the endpoint out of service.
    """
    found = _asked(
        resource_group,
        workspace,
        endpoint,
        lambda: ml.get_batch_endpoint(
            resource_group_name=resource_group, workspace_name=workspace, endpoint_name=endpoint
        ),
    )
    defaults = found.properties.defaults if found else None
    return defaults.deployment_name if defaults else None


def _asked(
    resource_group: str, workspace: str, endpoint: str, ask: Callable[[], _Found]
) -> _Found | None:
    try:
        return ask()
    except Exception as error:  # the SDK raises no narrower one for a failed call
        if _NOT_THERE.search(str(error)) or _is_unreached(resource_group, workspace):
            return None
        message = (
            f"cannot read what releases have set on endpoint {endpoint}: {error}; without it an "
            "update would take the endpoint out of service; fix: make Azure reachable as an "
            "identity that may read the endpoint, then run again"
        )
        raise pulumi.RunError(message) from error


def _is_unreached(resource_group: str, workspace: str) -> bool:
    """Whether no private endpoint leads to a closed workspace yet.

    Its endpoints are made after its private endpoint, so it has none: a deployment was stopped
    between the two, and the next one goes on there.
    """
    try:
        found = ml.get_workspace(resource_group_name=resource_group, workspace_name=workspace)
    except Exception:  # noqa: BLE001  as above; the first refusal says what is wrong
        return False
    closed = found.public_network_access == ml.PublicNetworkAccessType.DISABLED
    return closed and not found.private_endpoint_connections


def _whole(shares: object) -> dict[str, int]:
    return {str(k): int(v) for k, v in shares.items()} if isinstance(shares, dict) else {}
