"""Every model's formula, with figures worked out by hand (730 hours a month)."""

import pytest

from review.cost import Kind
from tests.review.building import amounts, lines, price, resource

VM = price("vm", "Standard_D4s_v5", "0.20")  # 146.00 a month
DISK = price("managed-disk", "P10", "20", "month")
ENDPOINT = price("private-endpoint", "any", "0.01")  # 7.30 a month


def cluster(priority: str = "Dedicated", size: str = "Standard_D4s_v5", **scale):
    properties = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
    return resource(
        "machinelearningservices:Compute",
        properties={"computeType": "AmlCompute", "properties": properties},
    )


def instance(**more):
    properties = {"vmSize": "Standard_D4s_v5"} | more
    return resource(
        "machinelearningservices:Compute",
        properties={"computeType": "ComputeInstance", "properties": properties},
    )


def pool(**more):
    return resource("containerservice:AgentPool", vmSize="Standard_D4s_v5", **more)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ({"minNodeCount": 0, "maxNodeCount": 4}, ("0.00", "584.00")),
        ({"maxNodeCount": 4}, ("0.00", "584.00")),
        ({"minNodeCount": 1, "maxNodeCount": 2}, ("146.00", "292.00")),
        ({"minNodeCount": 2, "maxNodeCount": 2}, ("292.00", "292.00")),
    ],
)
def test_a_cluster_costs_from_its_least_to_its_most_nodes(scale, expected):
    assert amounts(cluster(**scale), prices=(VM,)) == [expected]


def test_spot_without_a_price_counts_as_dedicated_and_says_so():
    (line,) = lines(cluster("LowPriority", maxNodeCount=1), prices=(VM,))
    assert line.monthly is not None
    assert line.monthly.high == 146
    assert line.notes == ("spot at the dedicated price: upper bound",)


def test_spot_with_the_regions_price_is_priced_as_spot():
    spot = price("vm-spot", "Standard_D4s_v5", "0.02")
    (line,) = lines(cluster("LowPriority", maxNodeCount=1), prices=(VM, spot))
    assert line.notes == ()
    assert amounts(cluster("LowPriority", maxNodeCount=1), prices=(VM, spot)) == [("0.00", "14.60")]


def test_a_spot_price_of_another_region_is_no_spot_price():
    spot = price("vm-spot", "Standard_D4s_v5", "0.02", region="eastus")
    (line,) = lines(cluster("LowPriority", maxNodeCount=1), prices=(VM, spot))
    assert line.monthly is not None
    assert line.monthly.high == 146


def test_a_cluster_of_an_unknown_size_is_not_priced():
    (line,) = lines(cluster(size="Standard_New", maxNodeCount=3), prices=(VM,))
    assert (line.kind, line.monthly) == (Kind.UNPRICED, None)
    assert line.notes == ("no price for vm Standard_New",)


def test_a_cluster_without_its_most_nodes_is_not_priced():
    (line,) = lines(cluster(minNodeCount=0), prices=(VM,))
    assert line.kind is Kind.UNPRICED
    assert "maxNodeCount is not a number" in line.notes[0]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("146.00", "146.00")),
        ({"idleTimeBeforeShutdown": "PT30M"}, ("0.00", "146.00")),
        ({"schedules": {"computeStartStop": [{"action": "Stop"}]}}, ("0.00", "146.00")),
    ],
)
def test_an_instance_costs_a_machine_unless_it_stops(more, expected):
    assert amounts(instance(**more), prices=(VM,)) == [expected]


def test_the_disk_of_an_instance_is_not_priced():
    assert [line.kind for line in lines(instance(), prices=(VM,))] == [Kind.PRICED, Kind.UNPRICED]


def test_an_attached_cluster_is_billed_elsewhere():
    attached = resource("machinelearningservices:Compute", properties={"computeType": "Kubernetes"})
    assert [line.kind for line in lines(attached)] == [Kind.FREE]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"sku": {"capacity": 3}}, ("438.00", "438.00")),
        ({"scale": {"scaleType": "Default"}}, ("146.00", "146.00")),
        (
            {"scale": {"scaleType": "TargetUtilization", "minInstances": 2, "maxInstances": 5}},
            ("292.00", "730.00"),
        ),
    ],
)
def test_a_managed_deployment_costs_its_instances(more, expected):
    properties = {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_D4s_v5",
        "scaleSettings": more.pop("scale", {}),
    }
    deployment = resource("machinelearningservices:OnlineDeployment", properties=properties, **more)
    assert amounts(deployment, prices=(VM,)) == [expected]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"osDiskType": "Ephemeral"}, [("146.00", "146.00")]),
        ({"osDiskType": "Ephemeral", "count": 3}, [("438.00", "438.00")]),
        ({"count": 2}, [("292.00", "292.00"), ("40.00", "40.00")]),
        ({"osDiskSizeGB": 100}, [("146.00", "146.00"), ("20.00", "20.00")]),
        (
            {"enableAutoScaling": True, "minCount": 1, "maxCount": 3, "count": 1},
            [("146.00", "438.00"), ("20.00", "60.00")],
        ),
        (
            {"enableAutoScaling": False, "minCount": 1, "maxCount": 3, "count": 2},
            [("292.00", "292.00"), ("40.00", "40.00")],
        ),
    ],
)
def test_a_pool_costs_its_nodes_and_their_disks(more, expected):
    assert amounts(pool(**more), prices=(VM, DISK)) == expected


def test_a_disk_of_a_size_without_a_tier_is_not_priced():
    kinds = [line.kind for line in lines(pool(osDiskSizeGB=5000), prices=(VM, DISK))]
    assert kinds == [Kind.PRICED, Kind.UNPRICED]


def test_aks_costs_its_tier_and_its_pools():
    profile = {"vmSize": "Standard_D4s_v5", "osDiskType": "Ephemeral", "count": 2}
    aks = resource(
        "containerservice:ManagedCluster", sku={"tier": "Standard"}, agentPoolProfiles=[profile]
    )
    tier = price("aks-tier", "Standard", "0.10")
    assert amounts(aks, prices=(VM, tier)) == [("73.00", "73.00"), ("292.00", "292.00")]


def test_aks_of_the_free_tier_has_a_free_control_plane():
    found = lines(resource("containerservice:ManagedCluster"))
    assert [line.kind for line in found] == [Kind.FREE, Kind.UNPRICED]


def test_a_container_group_costs_whole_cpus_and_its_memory():
    requests = {"requests": {"cpu": 0.75, "memoryInGB": 1.5}}
    group = resource("containerinstance:ContainerGroup", containers=[{"resources": requests}] * 2)
    prices = (
        price("container-instance", "vCPU", "0.04"),
        price("container-instance", "memory", "0.004", "GB hour"),
    )
    # 1.5 CPUs count as 2: 2 x 0.04 x 730; 3 GB x 0.004 x 730.
    assert amounts(group, prices=prices) == [("58.40", "58.40"), ("8.76", "8.76")]


@pytest.mark.parametrize(
    ("it", "row", "expected"),
    [
        (resource("network:PrivateEndpoint"), ENDPOINT, "7.30"),
        (
            resource("privatedns:PrivateZone"),
            price("private-dns-zone", "any", "0.5", "month"),
            "0.50",
        ),
        (
            resource("network:PublicIPAddress", sku={"name": "Standard"}),
            price("public-ip", "Standard", "0.005"),
            "3.65",
        ),
        (
            resource("network:NatGateway", sku={"name": "Standard"}),
            price("nat-gateway", "Standard", "0.045"),
            "32.85",
        ),
        (
            resource("network:AzureFirewall", sku={"tier": "Basic"}),
            price("firewall", "Basic", "0.395"),
            "288.35",
        ),
        (
            resource("network:BastionHost", sku={"name": "Basic"}),
            price("bastion", "Basic", "0.19"),
            "138.70",
        ),
        (
            resource("network:VirtualNetworkGateway", sku={"name": "VpnGw1AZ"}),
            price("vpn-gateway", "VpnGw1AZ", "0.361"),
            "263.53",
        ),
        (
            resource("cdn:Profile", "it", "global", sku={"name": "Premium_AzureFrontDoor"}),
            price("front-door", "Premium_AzureFrontDoor", "330", "month", "global"),
            "330.00",
        ),
        (
            resource("containerregistry:Registry", sku={"name": "Premium"}),
            price("registry", "Premium", "50", "month"),
            "50.00",
        ),
        (
            resource("containerregistry:Replication"),
            price("registry-replica", "Premium", "50", "month"),
            "50.00",
        ),
        (
            resource("keyvault:Key", properties={"kty": "RSA-HSM", "keySize": 3072}),
            price("key-hsm", "RSA-HSM-3072", "5", "month"),
            "5.00",
        ),
        (
            resource("security:Pricing", pricingName="Arm", pricingTier="Standard"),
            price("defender", "Arm", "5.04", "subscription month", "global"),
            "5.04",
        ),
    ],
)
def test_what_is_always_there_costs_its_fixed_price(it, row, expected):
    assert amounts(it, prices=(row,)) == [(expected, expected)]
    assert {line.kind for line in lines(it)} <= {Kind.UNPRICED, Kind.USAGE}


@pytest.mark.parametrize(
    ("it", "row", "unit"),
    [
        (
            resource("storage:StorageAccount", sku={"name": "Standard_ZRS"}),
            price("blob-hot", "Standard_ZRS", "0.026", "GB month"),
            "GB month",
        ),
        (
            resource("storage:StorageAccount", sku={"name": "Standard_ZRS"}, accessTier="Cool"),
            price("blob-cool", "Standard_ZRS", "0.0144", "GB month"),
            "GB month",
        ),
        (
            resource("operationalinsights:Workspace", sku={"name": "PerGB2018"}),
            price("log-analytics", "PerGB2018", "2.99", "GB"),
            "GB",
        ),
        (
            resource("keyvault:Vault"),
            price("key-vault-operations", "any", "0.03", "10k operations"),
            "10k operations",
        ),
        (
            resource("eventgrid:SystemTopic"),
            price("event-grid", "Basic", "0.06", "100k operations"),
            "100k operations",
        ),
        (
            resource("datafactory:Factory"),
            price("data-factory-read-write", "any", "0.5", "50k operations"),
            "50k operations",
        ),
        (
            resource("security:Pricing", pricingName="Containers", pricingTier="Standard"),
            price("defender", "Containers", "6.87", "vCPU month"),
            "vCPU month",
        ),
    ],
)
def test_what_is_paid_by_use_has_a_rate_and_no_amount(it, row, unit):
    found = lines(it, prices=(row,))
    assert {line.monthly for line in found} == {None}
    rates = [line.rate for line in found if line.rate and line.rate.usd]
    assert [(rate.unit, rate.usd) for rate in rates] == [(unit, row.usd)]


def test_a_model_registry_costs_a_container_registry_in_each_region():
    def region(name):
        return {
            "location": name,
            "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
            "storageAccountDetails": [
                {"systemCreatedStorageAccount": {"storageAccountType": "Standard_GRS"}}
            ],
        }

    registry = resource(
        "machinelearningservices:Registry",
        regionDetails=[region("westeurope"), region("North Europe")],
    )
    prices = (
        price("registry", "Premium", "50", "month"),
        price("registry", "Premium", "60", "month", "northeurope"),
    )
    assert amounts(registry, prices=prices) == [("50.00", "50.00"), ("60.00", "60.00")]


def workspace(isolation: str, **rules):
    network = {"isolationMode": isolation, "outboundRules": rules, "firewallSku": "Basic"}
    return resource("machinelearningservices:Workspace", managedNetwork=network)


HOST = {"type": "FQDN", "destination": "pypi.org"}
LINK = {"type": "PrivateEndpoint", "destination": {}}
FIREWALL = price("firewall", "Basic", "0.395")


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        (workspace("Disabled", a=LINK, b=HOST), []),
        (workspace("AllowOnlyApprovedOutbound"), []),
        (workspace("AllowOnlyApprovedOutbound", a=LINK, b=LINK), [("14.60", "14.60")]),
        (workspace("AllowOnlyApprovedOutbound", a=HOST, b=HOST), [("288.35", "288.35")]),
        (workspace("AllowInternetOutbound", a=LINK, b=HOST), [("7.30", "7.30")]),
    ],
)
def test_a_managed_network_costs_its_endpoints_and_one_firewall_for_hosts(it, expected):
    assert amounts(it, prices=(ENDPOINT, FIREWALL)) == expected


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ([{}], [("0.10", "0.10")]),
        ([{}, {}], [("0.20", "0.20")]),
        ([{"criterionType": "DynamicThresholdCriterion"}], [("0.20", "0.20")]),
    ],
)
def test_a_metric_alert_costs_each_criterion(criteria, expected):
    alert = resource("monitor:MetricAlert", criteria={"allOf": criteria})
    prices = (
        price("metric-alert", "static", "0.1", "month"),
        price("metric-alert", "dynamic", "0.2", "month"),
    )
    assert amounts(alert, prices=prices) == expected


def test_an_alert_that_is_split_says_that_it_may_cost_more():
    alert = resource("monitor:MetricAlert", criteria={"allOf": [{"dimensions": [{"name": "d"}]}]})
    (line,) = lines(alert, prices=(price("metric-alert", "static", "0.1", "month"),))
    assert "lower bound" in line.notes[0]


@pytest.mark.parametrize(
    ("every", "step"),
    [
        ("PT1M", "PT1M"),
        ("PT5M", "PT5M"),
        ("PT10M", "PT10M"),
        ("PT15M", "PT15M"),
        ("PT1H", "PT15M"),
        ("P1D", "PT15M"),
    ],
)
def test_a_log_alert_costs_by_how_often_it_looks(every, step):
    alert = resource("monitor:ScheduledQueryRule", evaluationFrequency=every)
    row = price("log-alert", step, "1.5", "month")
    assert amounts(alert, prices=(row,)) == [("1.50", "1.50")]


@pytest.mark.parametrize("every", ["often", "PT0M", "PTxM"])
def test_a_log_alert_without_a_frequency_is_not_priced(every):
    (line,) = lines(resource("monitor:ScheduledQueryRule", evaluationFrequency=every))
    assert line.kind is Kind.UNPRICED


def test_logs_kept_for_long_are_a_line_of_their_own_and_a_cap_is_told():
    logs = resource(
        "operationalinsights:Workspace", retentionInDays=90, workspaceCapping={"dailyQuotaGb": 1}
    )
    taken, kept = lines(logs)
    assert taken.notes == ("at most 1 GB a day",)
    assert kept.label == "logs kept after 31 of 90 days"


def test_application_insights_in_a_workspace_are_billed_there():
    kept = resource("applicationinsights:Component", workspaceResourceId="/some/workspace")
    alone = resource("applicationinsights:Component")
    assert [line.kind for line in lines(kept, alone)] == [Kind.FREE, Kind.USAGE]


def test_defender_counts_what_it_protects_in_the_stack():
    plan = resource("security:Pricing", pricingName="KeyVaults", pricingTier="Standard")
    row = price("defender", "KeyVaults", "0.25", "vault month", "global")
    assert amounts(plan, resource("keyvault:Vault"), resource("keyvault:Vault"), prices=(row,)) == [
        ("0.50", "0.50")
    ]


def test_a_defender_plan_of_the_free_tier_is_free():
    plan = resource("security:Pricing", pricingName="KeyVaults", pricingTier="Free")
    assert [line.kind for line in lines(plan)] == [Kind.FREE]


def test_a_machine_costs_itself_and_its_disk():
    os_disk = {"managedDisk": {"storageAccountType": "Premium_LRS"}, "diskSizeGB": 128}
    machine = resource(
        "compute:VirtualMachine",
        hardwareProfile={"vmSize": "Standard_D4s_v5"},
        storageProfile={"osDisk": os_disk},
    )
    assert amounts(machine, prices=(VM, DISK)) == [("146.00", "146.00"), ("20.00", "20.00")]


def test_a_scale_set_costs_its_capacity():
    machines = resource(
        "compute:VirtualMachineScaleSet",
        sku={"name": "Standard_D4s_v5", "capacity": 2},
        virtualMachineProfile={
            "storageProfile": {"osDisk": {"diffDiskSettings": {"option": "Local"}}}
        },
    )
    assert amounts(machines, prices=(VM,)) == [("292.00", "292.00")]


def test_windows_is_not_priced_as_linux():
    machine = resource(
        "compute:VirtualMachine",
        hardwareProfile={"vmSize": "Standard_D4s_v5"},
        osProfile={"windowsConfiguration": {}},
    )
    assert {line.kind for line in lines(machine, prices=(VM,))} == {Kind.UNPRICED}


@pytest.mark.parametrize(
    ("firewalls", "policies", "kind"),
    [(1, 1, Kind.FREE), (0, 1, Kind.FREE), (2, 2, Kind.FREE), (2, 1, Kind.UNPRICED)],
)
def test_a_firewall_policy_is_free_for_one_firewall(firewalls, policies, kind):
    stack = [resource("network:AzureFirewall")] * firewalls
    stack += [resource("network:FirewallPolicy")] * policies
    found = [line.kind for line in lines(*stack) if line.type == "network:FirewallPolicy"]
    assert set(found) == {kind}


@pytest.mark.parametrize(
    ("sku", "more", "kinds"),
    [
        ("Developer", {}, [Kind.FREE]),
        ("Standard", {}, [Kind.UNPRICED, Kind.USAGE]),
        ("Basic", {"scaleUnits": 4}, [Kind.PRICED, Kind.UNPRICED, Kind.USAGE]),
    ],
)
def test_a_bastion_is_priced_by_sku_and_not_by_more_scale_units(sku, more, kinds):
    host = resource("network:BastionHost", sku={"name": sku}, **more)
    assert [line.kind for line in lines(host, prices=(price("bastion", "Basic", "0.19"),))] == kinds
