"""Service endpoint policies: to which accounts a subnet's service endpoints lead."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.providers.checks import bad, located, of_type, one_of, required
from emulator.providers.network import inline
from emulator.providers.network.subnets import TYPE as SUBNET

TYPE = "Microsoft.Network/serviceEndpointPolicies"
_KIND = "serviceEndpointPolicyDefinitions"
_ALIASES = (
    "/services/Azure",
    "/services/Azure/Batch",
    "/services/Azure/Databricks",
    "/services/Azure/DataFactory",
    "/services/Azure/HDInsight",
    "/services/Azure/MachineLearning",
    "/services/Azure/ManagedInstance",
    "/services/Azure/WebPI",
)
_ACCOUNT = "Microsoft.Storage/storageAccounts"
_GROUP = "Microsoft.Resources/resourceGroups"
_CODE = "InvalidRequestFormat"


@behaviour
class EndpointPolicy(Behaviour):
    """A policy; its definitions are the child resources, however they were written."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        resource["properties"].pop("subnets", None)
        inline.settle(
            ctx,
            resource,
            _KIND,
            lambda child, _before, _kept: _complete(ctx.store, child),
            lambda _child: None,
        )

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        users = _users(ctx.store, resource)
        if users:
            sentence = f"Service endpoint policy {resource['id']} is in use by {users[0]['id']}."
            raise bad("id", sentence, "ServiceEndpointPolicyInUse")

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        shown = {
            **resource["properties"],
            _KIND: ctx.store.children(resource["id"], _KIND),
            "subnets": [{"id": one["id"]} for one in _users(ctx.store, resource)],
        }
        return {**resource, "properties": shown}


@behaviour
class EndpointPolicyDefinition(Behaviour):
    """A definition written by itself."""

    type: ClassVar[str] = f"{TYPE}/{_KIND}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        _complete(ctx.store, resource)


def _users(store: Store, policy: Resource) -> list[Resource]:
    wanted = policy["id"].lower()
    return [
        subnet
        for subnet in store.find(SUBNET)
        if wanted
        in {
            str(one.get("id", "")).lower()
            for one in subnet["properties"].get("serviceEndpointPolicies") or []
        }
    ]


def _complete(store: Store, definition: Resource) -> None:
    properties = definition["properties"]
    service = required(definition, "properties.service", "Microsoft.Storage or Global", _CODE)
    services = ("Microsoft.Storage", "Global")
    properties["service"] = one_of(service, services, "properties.service", _CODE)
    path = "properties.serviceResources"
    resources = required(definition, path, "ids of accounts, groups or subscriptions", _CODE)
    if not isinstance(resources, list) or not resources:
        raise bad(path, f"'{path}' is {resources!r}; wanted: a list, not empty.", _CODE)
    for one in resources:
        if properties["service"] == "Global":
            one_of(one, _ALIASES, path, "ServiceEndpointPolicyDefinitionInvalidAlias")
        else:
            _check_resource(store, str(one), path)
    properties["provisioningState"] = "Succeeded"


def _check_resource(store: Store, one: str, path: str) -> None:
    try:
        found = parse(one)
    except ValueError as error:
        raise bad(path, f"'{path}' has {one!r}; wanted: the id of an account.", _CODE) from error
    whole = found.namespace is None and found.type != _GROUP
    if not whole and not (of_type(store, one, _ACCOUNT) or of_type(store, one, _GROUP)):
        sentence = f"'{path}' has {one!r}, which was not found."
        raise bad(path, sentence, "InvalidResourceReference")
