"""The gRPC face of the provider: what the Pulumi engine calls."""

# ruff: noqa: N802, ARG002 - names and signatures are the protocol's

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from concurrent import futures
from typing import TYPE_CHECKING

import grpc
from google.protobuf import empty_pb2

from emulator.pulumi_provider.check import check
from emulator.pulumi_provider.config import KNOWN_KEYS, Config, read_config
from emulator.pulumi_provider.diff import Difference, difference
from emulator.pulumi_provider.intake import Intake
from emulator.pulumi_provider.journal import Journal
from emulator.pulumi_provider.log import EngineLog
from emulator.pulumi_provider.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from emulator.pulumi_provider.reporting import Reported
from emulator.pulumi_provider.values import decode, encode, has_unknown, plain
from shapes import catalog
from shapes.catalog import ResourceShape

if TYPE_CHECKING:
    from emulator.pulumi_provider.resources import Resources

VERSION = "3.29.0"
WORKERS = 32
SCHEMA = '{"name":"azure-native","version":"' + VERSION + '"}'
Context = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Stands in for the azure-native plugin; keeps no state but notes on unfinished creations."""

    def __init__(self, log: EngineLog, resources: Resources | None = None) -> None:
        self.log = log
        self.config = Config()
        self._resources = resources
        self._warned: set[str] = set()
        self._lock = threading.Lock()

    @property
    def resources(self) -> Resources:
        """Return the ARM side, made on first use: its HTTP client is slow to import."""
        with self._lock:
            if self._resources is None:
                from emulator.pulumi_provider.arm import ArmClient  # noqa: PLC0415 - slow to import
                from emulator.pulumi_provider.resources import Resources  # noqa: PLC0415 - the same

                client = ArmClient(self.config)
                self._resources = Resources(client, Journal(), self.log.info)
            return self._resources

    # The plugin itself

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        self.log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    def Attach(self, request: plugin_pb2.PluginAttach, context: Context) -> empty_pb2.Empty:
        self.log.connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: Context
    ) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=SCHEMA)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: Context
    ) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(
                property=name, reason=f"azure-native:{name} is not a setting of azure-native"
            )
            for name in sorted(set(request.news.fields) - KNOWN_KEYS)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: Context
    ) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = [n for n in sorted({**old, **new}) if plain(old.get(n)) != plain(new.get(n))]
        # another subscription or tenant holds other resources
        replaces = [name for name in changed if name in {"subscriptionId", "tenantId"}]
        return provider_pb2.DiffResponse(
            changes=_some(bool(changed)),
            diffs=changed,
            replaces=[name for name in replaces if old.get(name)],
        )

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        given = decode(request.args) if request.HasField("args") else {}
        for name, value in request.variables.items():
            given.setdefault(name.rsplit(":", 1)[-1], value)
        with self._lock:
            self.config = read_config(given)
            self._resources = None
        # neither resource references nor outputs with dependencies: we keep secrets and unknowns
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        if self._resources is not None:
            self._resources.client.cancel()
        return empty_pb2.Empty()

    # Resources

    def Check(
        self, request: provider_pb2.CheckRequest, context: Context
    ) -> provider_pb2.CheckResponse:
        with Reported(context):
            shape = _shape(request.urn)
            inputs = decode(request.news)
            intake = Intake(shape, self.config.location, self._group_location)
            failures = intake.complete(request, inputs) + check(inputs, shape)
            self._warn_of_unverified(request.urn, shape)
            return provider_pb2.CheckResponse(
                inputs=encode(inputs),
                failures=[
                    provider_pb2.CheckFailure(property=item.path, reason=str(item))
                    for item in failures
                ],
            )

    def Diff(
        self, request: provider_pb2.DiffRequest, context: Context
    ) -> provider_pb2.DiffResponse:
        with Reported(context):
            # what the engine asks about it has in its state: nothing is left to heal
            self.resources.journal.settle(request.id)
            old, new = decode(request.old_inputs), decode(request.news)
            shape, ignored = _shape(request.urn), list(request.ignoreChanges)
            return _diff_response(difference(old, new, shape, ignored))

    def Create(
        self, request: provider_pb2.CreateRequest, context: Context
    ) -> provider_pb2.CreateResponse:
        with Reported(context):
            shape, inputs = _shape(request.urn), decode(request.properties)
            if request.preview:
                outputs = self.resources.preview_create(shape, inputs)
                return provider_pb2.CreateResponse(properties=encode(outputs))
            made = self.resources.create(request.urn, shape, inputs)
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

    def Read(
        self, request: provider_pb2.ReadRequest, context: Context
    ) -> provider_pb2.ReadResponse:
        with Reported(context):
            shape = _shape(request.urn)
            found = self.resources.read(request.id, shape, decode(request.inputs))
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=encode(found.outputs), inputs=encode(found.inputs)
            )

    def Update(
        self, request: provider_pb2.UpdateRequest, context: Context
    ) -> provider_pb2.UpdateResponse:
        with Reported(context):
            shape, inputs = _shape(request.urn), decode(request.news)
            if request.preview:
                outputs = self.resources.preview_update(shape, inputs, decode(request.olds))
            else:
                outputs = self.resources.update(request.id, shape, inputs).outputs
            return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        with Reported(context):
            self.resources.delete(request.id, _shape(request.urn))
            return empty_pb2.Empty()

    # Functions

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: Context
    ) -> provider_pb2.InvokeResponse:
        from emulator.pulumi_provider.functions import (  # noqa: PLC0415 - slow to import
            FunctionRefusedError,
            invoke,
        )

        answer = provider_pb2.InvokeResponse()
        with Reported(context):
            arguments = decode(request.args)
            if has_unknown(arguments):
                return answer
            try:
                found = invoke(request.tok, arguments, self.resources.client)
            except FunctionRefusedError as refused:
                answer.failures.add(property=refused.path, reason=str(refused))
            else:
                # the field is called `return`, which Python does not let us write
                getattr(answer, "return").CopyFrom(encode(found))
            return answer

    # Helpers

    def _group_location(self, group: str) -> str:
        shape = catalog.resource("azure-native:resources:ResourceGroup")
        path = self.resources.arm_id(shape, {"resourceGroupName": group})
        found = self.resources.client.get(path, shape.version) or {}
        return str(found.get("location", ""))

    def _warn_of_unverified(self, urn: str, shape: ResourceShape) -> None:
        with self._lock:
            if shape.verified or shape.token in self._warned:
                return
            self._warned.add(shape.token)
        self.log.warning(
            urn,
            f"{shape.token}: no azure-mgmt package describes this type, so its URL"
            f" ({shape.path.text}) and body follow Azure's usual form, unverified",
        )


def _shape(urn: str) -> ResourceShape:
    return catalog.resource(urn.split("::")[2].rsplit("$", 1)[-1])


def _some(changed: bool) -> provider_pb2.DiffResponse.DiffChanges.ValueType:
    answer = provider_pb2.DiffResponse
    return answer.DIFF_SOME if changed else answer.DIFF_NONE


def _diff_response(found: Difference) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff.Kind
    detailed = {
        path: provider_pb2.PropertyDiff(
            kind=kinds.Value(kind.upper() + ("_REPLACE" if hard else "")), inputDiff=True
        )
        for path, (kind, hard) in found.changes.items()
    }
    return provider_pb2.DiffResponse(
        changes=_some(bool(detailed)),
        replaces=found.replaces,
        diffs=sorted({path.split(".")[0].split("[")[0] for path in found.changes}),
        deleteBeforeReplace=found.delete_before_replace,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def serve(engine_address: str, say: Callable[[str], None]) -> None:
    """Listen on loopback, tell the engine the port, and serve until it hangs up."""
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKERS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    log = EngineLog()
    log.connect(engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(str(port))
    # the HTTP client loads while the engine goes on starting
    threading.Thread(
        target=importlib.import_module, args=("emulator.pulumi_provider.resources",), daemon=True
    ).start()
    server.wait_for_termination()
