"""docs/network.md shows the address plan as it is."""

import re
from ipaddress import IPv4Network

from infra import stack_files
from infra.addresses import (
    KUBERNETES_PODS,
    KUBERNETES_SERVICES,
    RESERVED_NAMES,
    Purpose,
    plan,
)
from infra.settings import Settings

TEXT = (stack_files.ROOT / "docs" / "network.md").read_text()
ROW = re.compile(r"^\| ([a-z-]+)(?: \(`(\w+)`\))? \| ([\d./]+) \|", re.MULTILINE)


def test_every_subnet_of_the_plan_has_its_row():
    rows = {name: (azure, IPv4Network(range_)) for name, azure, range_ in ROW.findall(TEXT)}
    subnets = plan(IPv4Network("10.0.0.0/20"), Purpose).subnets
    assert rows == {
        purpose.value: (RESERVED_NAMES.get(purpose, ""), subnet)
        for purpose, subnet in subnets.items()
    }


def test_the_ranges_beside_the_plan_are_right():
    clients = Settings(environment="dev").entry.vpn.clients
    for range_ in (KUBERNETES_PODS, KUBERNETES_SERVICES, clients):
        assert str(range_) in TEXT


def test_the_free_ranges_are_free():
    subnets = plan(IPv4Network("10.0.0.0/20"), Purpose).subnets.values()
    for free in ("10.0.2.0/26", "10.0.3.64/26", "10.0.3.128/25", "10.0.10.0/23", "10.0.12.0/22"):
        assert not any(IPv4Network(free).overlaps(subnet) for subnet in subnets)


def test_every_option_that_the_page_names_is_a_setting():
    for name in re.findall(r"`((?:network|entry|monitoring|workspace)(?:\.[a-z_]+)+)", TEXT):
        node: object = Settings(environment="dev")
        for part in name.split("."):
            assert hasattr(node, part), name
            node = getattr(node, part)
