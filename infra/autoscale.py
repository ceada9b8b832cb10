"""How a release has to scale each deployment that it makes: what the environment exports of it."""

from typing import TypedDict

from infra.settings import AutoscaleSettings


class AutoscalePolicy(TypedDict):
    """The output `autoscale`: instances from and to, and the average CPU that adds or removes one.

    A deployment's own autoscale setting belongs to the release, which makes the deployment.
    """

    min_instances: int
    max_instances: int
    scale_out_cpu_percent: int
    scale_in_cpu_percent: int


def autoscale_policy(settings: AutoscaleSettings) -> AutoscalePolicy:
    """Return the policy as it is exported."""
    return {
        "min_instances": settings.min_instances,
        "max_instances": settings.max_instances,
        "scale_out_cpu_percent": settings.scale_out_cpu_percent,
        "scale_in_cpu_percent": settings.scale_in_cpu_percent,
    }
