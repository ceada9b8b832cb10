"""Runs a Pulumi program without an engine and records what it registers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

SUBSCRIPTION = "00000000-0000-0000-0000-00000000aaaa"
TENANT = "00000000-0000-0000-0000-00000000bbbb"
DEPLOYER = "00000000-0000-0000-0000-00000000cccc"
FIREWALL = "10.0.1.196"
CLIENT = {
    "subscriptionId": SUBSCRIPTION,
    "tenantId": TENANT,
    "objectId": DEPLOYER,
    "clientId": "00000000-0000-0000-0000-00000000dddd",
}
# What the service names the name input of a type; the rest end in "Name".
_NAMES = (
    "originName",
    "routeName",
    "originGroupName",
    "customDomainName",
    "securityPolicyName",
    "policyId",
    "operationId",
    "apiId",
    "containerName",
    "endpointName",
    "queueName",
    "eventSubscriptionName",
    "systemTopicName",
    "pipelineName",
    "datasetName",
    "linkedServiceName",
    "triggerName",
    "credentialName",
    "integrationRuntimeName",
    "managedPrivateEndpointName",
    "factoryName",
    "deploymentName",
    "accountName",
    "vaultName",
    "registryName",
    "virtualNetworkName",
    "subnetName",
    "networkSecurityGroupName",
    "privateEndpointName",
    "privateZoneName",
    "workspaceName",
    "computeName",
    "policyAssignmentName",
    "pricingName",
    "lockName",
    "budgetName",
    "actionGroupName",
    "ruleName",
    "activityLogAlertName",
    "profileName",
    "serviceName",
    "policyName",
    "resourceGroupName",
)


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it; `inputs` are what the provider would get."""

    type: str
    name: str
    parent: str
    inputs: dict
    protect: bool
    delete_before_replace: bool
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    depends_on: tuple[str, ...]

    @property
    def urn(self) -> str:
        return f"{self.parent}${self.type}::{self.name}"


class Recorder(Mocks):
    """Answers as a provider would: ids are ARM-like, names are the physical ones."""

    def __init__(self, endpoints: Mapping[str, dict] | None = None):
        self.endpoints = endpoints or {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict]:
        if args.typ.startswith("mlops:"):
            return None, {}
        state = {**args.inputs, "name": physical_name(args.inputs) or args.name}
        if args.typ.endswith(":UserAssignedIdentity"):
            state["principalId"] = f"principal-of-{args.name}"
            state["clientId"] = f"client-of-{args.name}"
        if args.typ.endswith("keyvault:Key"):
            state["keyUri"] = f"https://{args.name}.vault.azure.net/keys/key"
        if "identity" in state:  # a list goes in, a map comes out
            held = state["identity"].get("userAssignedIdentities", [])
            known = {i: {"principalId": "p", "clientId": "c"} for i in held}
            state["identity"] = {
                **state["identity"],
                "userAssignedIdentities": known,
                "principalId": f"principal-of-{args.name}",
            }
        if args.typ.endswith("network:AzureFirewall"):
            first, *others = state["ipConfigurations"]
            state["ipConfigurations"] = [{**first, "privateIPAddress": FIREWALL}, *others]
        if args.typ.endswith("purview:Account"):
            state["ingestionStorage"] = {"id": f"/id/ingestion-of-{args.name}"}
        return f"/id/{args.typ.removeprefix('azure-native:')}/{args.name}", state

    def call(self, args: MockCallArgs) -> tuple[dict, list]:
        if args.token == "azure-native:authorization:getClientConfig":
            return CLIENT, []
        assert args.token.startswith("azure-native:machinelearningservices:get")
        name = str(args.args["endpointName"])
        if name not in self.endpoints:
            return {}, [("endpointName", 'Status=404 Code="ResourceNotFound"')]
        properties = dict(self.endpoints[name])
        tags = properties.pop("tags", {})
        return {"name": name, "properties": properties, "tags": tags}, []


def physical_name(inputs: Mapping[str, object]) -> str | None:
    for key in ("name", "resourceName", *_NAMES):
        if key in inputs:
            return str(inputs[key])
    return None


class Monitor(MockMonitor):
    """Keeps the options too, which the mocks do not see."""

    def __init__(self, endpoints: Mapping[str, dict] | None = None):
        super().__init__(Recorder(endpoints))
        self.registered: list[Registered] = []

    def RegisterResource(self, request):  # noqa: N802 - the name of the engine's protocol
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            inputs = pulumi.runtime.rpc.deserialize_properties(request.object)
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    parent=request.parent.split("::")[-1],
                    inputs=inputs,
                    protect=request.protect,
                    delete_before_replace=request.deleteBeforeReplace,
                    replace_on_changes=tuple(request.replaceOnChanges),
                    ignore_changes=tuple(request.ignoreChanges),
                    depends_on=tuple(request.dependencies),
                )
            )
        return response


@dataclass(frozen=True)
class Recording:
    """What a program registered, and what its stack exports."""

    resources: tuple[Registered, ...]
    outputs: Mapping[str, object]
    exports: Mapping[str, object]

    def all(self, kind: str) -> list[Registered]:
        """All of a type, by the end of its token such as `storage:StorageAccount`."""
        return [r for r in self.resources if r.type.endswith(f":{kind}")]

    def one(self, kind: str, name: str | None = None) -> Registered:
        found = [r for r in self.all(kind) if name in {None, r.name}]
        assert len(found) == 1, f"{len(found)} of {kind} {name or ''}: {[r.name for r in found]}"
        return found[0]

    @property
    def azure(self) -> list[Registered]:
        return [r for r in self.resources if r.type.startswith("azure-native:")]


# Pulumi's tests want the thread's event loop; an `asyncio.run` before them has taken it away.
_LOOP = asyncio.new_event_loop()


def record(
    program: Callable[[], object],
    *,
    stack: str = "dev",
    config: Mapping[str, str] | None = None,
    endpoints: Mapping[str, dict] | None = None,
) -> Recording:
    """Run `program` as the stack's program and wait until all of it is registered.

    `endpoints` are the properties of endpoints that Azure has already, by name, and their tags.
    """
    asyncio.set_event_loop(_LOOP)
    monitor = Monitor(endpoints)
    _forget_the_stack()
    pulumi.runtime.set_mocks(monitor.mocks, project="azure-mlops", stack=stack, monitor=monitor)
    pulumi.runtime.config.set_all_config(dict(config or {}))
    try:
        pulumi.runtime.test(program)()
        root = pulumi.runtime.settings.get_root_resource()
        assert isinstance(root, pulumi.runtime.stack.Stack)
        outputs = dict(root.outputs)
        exports = _LOOP.run_until_complete(pulumi.Output.from_input(outputs).future())
    finally:
        pulumi.runtime.config.set_all_config({})
        _forget_the_stack()
    return Recording(tuple(monitor.registered), outputs, exports or {})


def _forget_the_stack() -> None:
    """Let the next program begin anew, without the transforms of the one before."""
    pulumi.runtime.settings.ROOT.set(None)
