"""Settings of what serves models."""

from typing import Annotated

from pydantic import Field

from infra.settings.part import Part
from infra.values import EmailAddress, EndpointName, HostName, RegionName


class AutoscaleSettings(Part):
    """How the deployments of managed endpoints scale; a release applies it to each of them."""

    min_instances: Annotated[int, Field(ge=1, le=100)] = 1
    """Fewest instances of a deployment."""
    max_instances: Annotated[int, Field(ge=1, le=100)] = 3
    """Most instances of a deployment."""
    scale_out_cpu_percent: Annotated[int, Field(ge=20, le=95)] = 70
    """Average CPU above which an instance is added."""
    scale_in_cpu_percent: Annotated[int, Field(ge=1, le=80)] = 30
    """Average CPU below which an instance is removed."""


class FrontDoorSettings(Part):
    """One global name over the endpoints of all regions, with a web application firewall."""

    enabled: bool = False
    """Make it."""
    host: HostName | None = None
    """A host name of our own, with a managed certificate; without it Azure's name serves."""
    requests_per_minute: Annotated[int, Field(ge=10, le=100000)] = 1000
    """Requests of one address a minute above which it is blocked."""
    contact: EmailAddress | None = None
    """Who hears from Azure about the gateways before the endpoints."""
    link_locations: dict[RegionName, RegionName] = {}
    """Where Front Door's private link to a region starts, if it has none in that region."""
    links_approved: bool = False
    """Front Door's private links are approved: the gateways close their public address."""


class ServingSettings(Part):
    """Endpoints of models. Deployments and traffic belong to releases."""

    online: tuple[EndpointName, ...] = ("flights",)
    """Managed online endpoints, by the task that they serve."""
    kubernetes: tuple[EndpointName, ...] = ()
    """Online endpoints on the Kubernetes cluster."""
    batch: tuple[EndpointName, ...] = ("retrain",)
    """Batch endpoints; `retrain` is what new data starts."""
    autoscale: AutoscaleSettings = AutoscaleSettings()
    """How deployments scale."""
    latency_p95_ms: Annotated[int, Field(ge=1)] = 500
    """Latency above which the endpoint's alert fires."""
    error_percent: Annotated[float, Field(gt=0, le=100)] = 1
    """Share of failed requests above which the endpoint's alert fires."""
    test_target: bool = False
    """A container instance in the network that tests can call."""
    front_door: FrontDoorSettings = FrontDoorSettings()
    """The global front end."""
