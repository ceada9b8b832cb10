"""The ways into a stamp's network: Azure Bastion with a jump host, and a VPN."""

from pulumi import Input

from infra.addresses import Purpose, stamp_addresses
from infra.assembly.base import Base
from infra.assembly.network import zones_of
from infra.components.bastion import Bastion, BastionArgs
from infra.components.jump_host import JumpHost, JumpHostArgs
from infra.components.vpn import Vpn, VpnArgs
from infra.network_roles import jump_host_grants
from infra.roles import Scope
from infra.settings import PrincipalKind
from infra.site import Site


def open_ways(site: Site, base: Base) -> dict[str, Input[str]]:
    """Build the ways in that the settings ask for; return what people need to use them."""
    outputs: dict[str, Input[str]] = {}
    entry = site.settings.entry
    if entry.bastion.enabled:
        outputs |= _open_bastion(site, base)
    if entry.vpn.enabled:
        outputs |= _open_vpn(site, base)
    return outputs


def _open_bastion(site: Site, base: Base) -> dict[str, Input[str]]:
    settings = site.settings.entry.bastion
    if settings.ssh_public_key is None:  # a check of the settings refuses that
        return {}
    bastion = Bastion(
        site.named("bastion"),
        BastionArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            zones=zones_of(site.region),
            subnet_id=base.network.subnet_ids[Purpose.BASTION],
        ),
        site.child,
    )
    host = JumpHost(
        site.named("jump-host"),
        JumpHostArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            subnet_id=base.network.subnet_ids[Purpose.JUMP_HOST],
            vm_size=settings.vm_size,
            ssh_public_key=settings.ssh_public_key,
        ),
        site.child,
    )
    kinds, ids = _people(site)
    if ids:
        scopes: dict[Scope, Input[str]] = {
            Scope.JUMP_HOST: host.host_id,
            Scope.JUMP_HOST_INTERFACE: host.interface_id,
            Scope.BASTION: bastion.bastion_id,
        }
        site.grant("jump-host", jump_host_grants(kinds.items()), ids, scopes)
    site.send_logs(base.monitoring, "bastion", bastion.bastion_id)
    site.send_logs(base.monitoring, "bastion-address", bastion.address_id)
    return {"bastion": bastion.bastion_name, "jump_host_id": host.host_id}


def _open_vpn(site: Site, base: Base) -> dict[str, Input[str]]:
    addresses = stamp_addresses(site.settings, site.region)
    vpn = Vpn(
        site.named("vpn"),
        VpnArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            zones=zones_of(site.region),
            tenant_id=site.deployer.tenant_id,
            network_id=base.network.network_id,
            gateway_subnet_id=base.network.subnet_ids[Purpose.GATEWAY],
            dns_subnet_id=base.network.subnet_ids[Purpose.DNS_INBOUND],
            dns_subnet=addresses.subnets[Purpose.DNS_INBOUND],
            clients=site.settings.entry.vpn.clients,
        ),
        site.child,
    )
    site.send_logs(base.monitoring, "vpn", vpn.gateway_id)
    site.send_logs(base.monitoring, "vpn-address", vpn.address_id)
    return {"vpn_gateway": vpn.gateway_name, "vpn_dns_server": vpn.dns_server}


def _people(site: Site) -> tuple[dict[str, PrincipalKind], dict[str, str]]:
    """Those who work here, by a name in the stamp: their kinds, and their object ids."""
    settings = site.settings
    groups = [*settings.people.data_scientists, *settings.people.ml_engineers]
    kinds = dict.fromkeys(groups, PrincipalKind.GROUP)
    kinds |= {operator.object_id: operator.type for operator in settings.operators}
    # A pipeline has runners; it does not sign in to machines.
    people = {
        id_: kind for id_, kind in kinds.items() if kind is not PrincipalKind.SERVICE_PRINCIPAL
    }
    return (
        {f"person-{id_}": kind for id_, kind in people.items()},
        {f"person-{id_}": id_ for id_ in people},
    )
