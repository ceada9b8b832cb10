"""One name in front of the endpoints of all regions: docs/adr/0003-global-front-end.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import cdn

# The longest that a gateway waits for an endpoint, and a little for the way.
_TIMEOUT_SECONDS = 200
_PROBE_SECONDS = 30
_SAMPLES, _NEEDED = 4, 3


@dataclass(frozen=True, kw_only=True)
class Region:
    """A gateway that Front Door leads to."""

    name: str
    gateway_id: Input[str]
    host: str
    link_location: str
    """Where the private link to it starts."""


@dataclass(frozen=True, kw_only=True)
class FrontDoorArgs:
    """What a `FrontDoor` takes from the rest of the platform."""

    profile_name: str
    resource_group_name: Input[str]
    firewall_policy_id: Input[str]
    tasks: Sequence[str]
    regions: Sequence[Region]
    """In the order of failover."""
    host: str | None
    """A host name of our own."""


class FrontDoor(ComponentResource):
    """A profile whose requests go to the first region that is well, for each task by itself.

    Requests that are not encrypted are refused, and answers are never kept.
    """

    profile_id: Output[str]
    host: Output[str]
    validation: Output[str] | None
    """What the TXT record `_dnsauth.HOST` has to say before Azure makes the certificate."""

    def __init__(self, name: str, args: FrontDoorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:serving:FrontDoor", name, None, opts)
        self._name, self._args = name, args
        profile = cdn.Profile(
            name,
            profile_name=args.profile_name,
            location="Global",
            resource_group_name=args.resource_group_name,
            sku={"name": cdn.SkuName.PREMIUM_AZURE_FRONT_DOOR},
            origin_response_timeout_seconds=_TIMEOUT_SECONDS,
            opts=ResourceOptions(parent=self),
        )
        self._profile = profile.name
        endpoint = cdn.AFDEndpoint(
            name,
            endpoint_name=args.profile_name,
            profile_name=self._profile,
            location="Global",
            resource_group_name=args.resource_group_name,
            enabled_state=cdn.EnabledState.ENABLED,
            opts=ResourceOptions(parent=self),
        )
        domain = self._domain(args.host) if args.host else None
        hosts: list[Output[str]] = [endpoint.id, *([domain.id] if domain else [])]
        guard = cdn.SecurityPolicy(
            name,
            security_policy_name="firewall",
            profile_name=self._profile,
            resource_group_name=args.resource_group_name,
            parameters={
                "type": cdn.SecurityPolicyType.WEB_APPLICATION_FIREWALL,
                "waf_policy": {"id": args.firewall_policy_id},
                "associations": [
                    {"domains": [{"id": host} for host in hosts], "patterns_to_match": ["/*"]}
                ],
            },
            opts=ResourceOptions(parent=self),
        )
        for task in args.tasks:
            self._route(task, endpoint, domain, guard)
        self.profile_id = profile.id
        self.host = Output.from_input(args.host) if args.host else endpoint.host_name
        self.validation = domain.validation_properties.apply(_token) if domain else None
        self.register_outputs({"host": self.host})

    def _domain(self, host: str) -> cdn.AFDCustomDomain:
        return cdn.AFDCustomDomain(
            self._name,
            custom_domain_name=host.replace(".", "-"),
            host_name=host,
            profile_name=self._profile,
            resource_group_name=self._args.resource_group_name,
            tls_settings={
                "certificate_type": cdn.AfdCertificateType.MANAGED_CERTIFICATE,
                "minimum_tls_version": cdn.AfdMinimumTlsVersion.TLS12,
            },
            opts=ResourceOptions(parent=self),
        )

    def _route(
        self,
        task: str,
        endpoint: cdn.AFDEndpoint,
        domain: cdn.AFDCustomDomain | None,
        guard: cdn.SecurityPolicy,
    ) -> None:
        group = cdn.AFDOriginGroup(
            f"{self._name}-{task}",
            origin_group_name=task,
            profile_name=self._profile,
            resource_group_name=self._args.resource_group_name,
            health_probe_settings={
                "probe_path": f"/{task}/health",
                "probe_protocol": cdn.ProbeProtocol.HTTPS,
                "probe_request_type": cdn.HealthProbeRequestType.GET,
                "probe_interval_in_seconds": _PROBE_SECONDS,
            },
            load_balancing_settings={
                "sample_size": _SAMPLES,
                "successful_samples_required": _NEEDED,
                "additional_latency_in_milliseconds": 0,
            },
            session_affinity_state=cdn.EnabledState.DISABLED,
            opts=ResourceOptions(parent=self),
        )
        origins = self._origins(task, group)
        cdn.Route(
            f"{self._name}-{task}",
            route_name=task,
            endpoint_name=endpoint.name,
            profile_name=self._profile,
            resource_group_name=self._args.resource_group_name,
            origin_group={"id": group.id},
            # The probes' path is not among them: how a region is doing is nobody's business.
            patterns_to_match=[f"/{task}/score"],
            supported_protocols=[cdn.AFDEndpointProtocols.HTTPS],
            https_redirect=cdn.HttpsRedirect.DISABLED,
            forwarding_protocol=cdn.ForwardingProtocol.HTTPS_ONLY,
            link_to_default_domain=(
                cdn.LinkToDefaultDomain.DISABLED if domain else cdn.LinkToDefaultDomain.ENABLED
            ),
            custom_domains=[{"id": domain.id}] if domain else None,
            enabled_state=cdn.EnabledState.ENABLED,
            # Azure takes no route to a group without origins; and none before the firewall stands.
            opts=ResourceOptions(parent=self, depends_on=[*origins, guard]),
        )

    def _origins(self, task: str, group: cdn.AFDOriginGroup) -> list[Resource]:
        return [
            cdn.AFDOrigin(
                f"{self._name}-{task}-{region.name}",
                origin_name=region.name,
                origin_group_name=group.name,
                profile_name=self._profile,
                resource_group_name=self._args.resource_group_name,
                host_name=region.host,
                origin_host_header=region.host,
                http_port=80,
                https_port=443,
                priority=priority,
                weight=1000,
                enabled_state=cdn.EnabledState.ENABLED,
                enforce_certificate_name_check=True,
                # All tasks of a region share one link: the same target, group and place.
                shared_private_link_resource={
                    "private_link": {"id": region.gateway_id},
                    "group_id": "Gateway",
                    "private_link_location": region.link_location,
                    "request_message": f"{self._args.profile_name} leads to the endpoints here",
                },
                opts=ResourceOptions(parent=self),
            )
            for priority, region in enumerate(self._args.regions, start=1)
        ]


def _token(found: cdn.outputs.DomainValidationPropertiesResponse | None) -> str:
    """Return what proves the domain; empty when Azure asks for no proof any more."""
    return (found.validation_token or "") if found else ""
