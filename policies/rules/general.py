"""What holds for resources of many services: where they are, and that they stay."""

from collections.abc import Mapping

from policies.engine.levels import ONLY_IN_PROD, Environment, Severity
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import Value
from policies.engine.verdict import (
    FAIL,
    PASSED,
    Evidence,
    Verdict,
    all_of,
    any_of,
    not_applicable,
)
from policies.rules.targets import TARGETS, path_in, path_of

# The second and later names are those of other scopes and of earlier releases of the provider.
LOCKS = (
    "authorization:ManagementLockByScope",
    "authorization:ManagementLockAtResourceLevel",
    "authorization:ManagementLockAtResourceGroupLevel",
    "authorization:ManagementLockAtSubscriptionLevel",
)
_HOLDERS = (
    "keyvault:Vault",
    "machinelearningservices:Workspace",
    "storage:StorageAccount",
)
_PLACED = (
    *TARGETS,
    "compute:Disk",
    "compute:VirtualMachine",
    "compute:VirtualMachineScaleSet",
    "containerinstance:ContainerGroup",
    "eventgrid:SystemTopic",
    "machinelearningservices:OnlineEndpoint",
    "machinelearningservices:BatchEndpoint",
    "network:NetworkSecurityGroup",
    "network:PrivateEndpoint",
    "network:VirtualNetwork",
    "operationalinsights:Workspace",
    "resources:ResourceGroup",
)


@rule(
    "location-allowed",
    types=_PLACED,
    severity=Severity.MEDIUM,
    requirements=["G-02"],
    title="A resource is where data may be",
    fix="Choose another location, or add it to the rule's parameter.",
    url="https://learn.microsoft.com/azure/azure-resource-manager/management/"
    "overview#resource-locations",
    parameters={
        "locations": texts("Locations that are allowed; none means any."),
        "also": texts("Locations of what is in none: global.", "global"),
    },
)
def location_allowed(resource: Resource) -> Verdict:
    """A law or a contract names the place, and nobody sees it in an id."""
    return in_locations(resource, *resource.settings.texts("also"))


def _wanted_tags(resource: Resource) -> Mapping[str, str]:
    """The tags that are asked for, each with the value that it gets where it is missing."""
    pairs = (text.partition("=") for text in resource.settings.texts("tags"))
    return {name: value for name, _, value in pairs}


def _missing_tags(resource: Resource) -> Mapping[str, Value]:
    tags = resource["tags"]
    return {
        f"tags.{name}": value
        for name, value in _wanted_tags(resource).items()
        if value and tags[name].must_be_set().outcome is FAIL
    }


@rule(
    "tags-present",
    types=_PLACED,
    severity=Severity.LOW,
    requirements=["G-01"],
    title="A resource has the tags that its owner asks for",
    fix='Pass tags={"<name>": "<value>"}, or add them to all resources with a transform.',
    url="https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources",
    parameters={
        "tags": Parameter(
            "Tags that have to be there, as name or name=value; the level remediate sets the value "
            "where there is none.",
            [],
            {"type": "array", "items": {"type": "string", "pattern": "^[^.=]+(=.+)?$"}},
        )
    },
    mend=_missing_tags,
)
def tags_present(resource: Resource) -> Verdict:
    """Who pays for a resource, and who knows what it is for, stands nowhere else."""
    tags, wanted = resource["tags"], _wanted_tags(resource)
    if not wanted:
        return not_applicable("no tag is asked for")
    return all_of(tags[name].must_be_set() for name in wanted)


def in_locations(resource: Resource, *also: str, path: str = "location") -> Verdict:
    """Whether what is at `path` is one of the locations of the rule's setting, in any spelling."""
    allowed = resource.settings.texts("locations")
    if not allowed:
        return not_applicable("any location is allowed")
    location = resource[path]
    if not location.given:
        return PASSED  # it takes its group's, which is asked itself
    names = {_plain(one) for one in (*allowed, *also)}
    return location.must(
        lambda value: isinstance(value, str) and _plain(value) in names,
        wanted=" or ".join(allowed),
    )


def _plain(location: str) -> str:
    """`West Europe` and `westeurope` are one place."""
    return "".join(location.split()).casefold()


@graph_rule(
    "data-protected-in-prod",
    types=_HOLDERS,
    severity=Severity.MEDIUM,
    levels=ONLY_IN_PROD,
    requirements=["U-29"],
    title="What holds data in prod is not deleted by mistake",
    fix="Pass opts=ResourceOptions(protect=True), or add a lock CanNotDelete on it or its group.",
    url="https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources",
)
def data_protected(node: Node) -> Verdict:
    """A wrong name in a program is enough to make an update that deletes it."""
    if node.environment is not Environment.PROD:
        return not_applicable("not in prod")
    if node.facts.protected:
        return PASSED
    missing = Evidence("protect", "false, and there is no lock", "true, or a lock CanNotDelete")
    found = (
        lock["level"].must_equal("CanNotDelete", "ReadOnly", known=["NotSpecified"])
        for lock in _locks(node)
    )
    return any_of(found, otherwise=missing).because(missing)


def _locks(node: Node) -> list[Node]:
    """Locks on a resource or on its group: by edge, or by the known id."""
    group = (node["resourceGroupName"].text or "").casefold()
    holders = [node, *node.sources("resourceGroupName")]
    keys = [*(holder.facts.urn for holder in holders), path_of(node)]
    keys += [f"group {group}"] if group else []
    index = node.graph.cached(_by_place)
    return [lock for key in keys if key for lock in index.get(key, [])]


def _by_place(graph: Graph) -> dict[str, list[Node]]:
    """Locks by the URN they are made from, by the path in their scope, by their group."""
    found: dict[str, list[Node]] = {}
    for lock in graph.of(*LOCKS):
        of_group = lock.kind.is_one_of(("authorization:ManagementLockAtResourceGroupLevel",))
        keys = [*lock.needs.get("scope", ())]
        keys += lock.needs.get("resourceGroupName", ()) if of_group else ()
        scope = (lock["scope"].text or "").casefold().strip("/")
        parts = scope.split("/")
        if path := path_in(f"/{scope}"):
            keys.append(path)
        elif len(parts) == 4 and parts[2] == "resourcegroups":
            keys.append(f"group {parts[3]}")
        if of_group and (name := lock["resourceGroupName"].text):
            keys.append(f"group {name.casefold()}")
        for key in keys:
            found.setdefault(key, []).append(lock)
    return found


@rule(
    "budget-tells",
    types=["consumption:Budget", "costmanagement:Budget"],
    severity=Severity.LOW,
    requirements=["U-42"],
    title="A budget tells somebody before it is spent",
    fix='Pass notifications={"...": {"enabled": True, "contact_emails": [...], ...}}.',
    url="https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
)
def budget_tells(budget: Resource) -> Verdict:
    """A budget by itself stops nothing and says nothing."""
    notifications = budget["notifications"]
    named = [notifications[name] for name in notifications.keys()]  # noqa: SIM118 - no mapping
    told = (
        one["enabled"].must_equal(True)
        & (
            one["contactEmails"].must_be_set()
            | one["contactGroups"].must_be_set()
            | one["contactRoles"].must_be_set()
        )
        for one in named
    )
    missing = Evidence("notifications", "missing", "one that is enabled and has contacts")
    seen = notifications.must_be_set()
    return seen & any_of(told, otherwise=missing) if named else seen
