"""The gRPC face of the provider: what the Pulumi engine calls."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from concurrent import futures
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import grpc
from google.protobuf import empty_pb2

from emulator.pulumi_provider import catalog
from emulator.pulumi_provider.catalog import ResourceShape, UnknownToken
from emulator.pulumi_provider.check import Failure, check
from emulator.pulumi_provider.config import KNOWN_KEYS, Config, read_config
from emulator.pulumi_provider.diff import Difference, difference
from emulator.pulumi_provider.journal import Journal
from emulator.pulumi_provider.log import EngineLog
from emulator.pulumi_provider.naming import can_be_named, invent, logical_name
from emulator.pulumi_provider.protocol import (
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from emulator.pulumi_provider.values import (
    UNKNOWN,
    Properties,
    Value,
    decode,
    encode,
    has_unknown,
    plain,
)

if TYPE_CHECKING:
    from emulator.pulumi_provider.resources import HalfMade, Resources

VERSION = "3.29.0"
WORKERS = 32
SCHEMA = '{"name":"azure-native","version":"' + VERSION + '"}'

Request = TypeVar("Request")
Answer = TypeVar("Answer")
P = ParamSpec("P")
Handler = Callable[Concatenate["Provider", Request, grpc.ServicerContext, P], Answer]


def reported(handler: Handler[Request, P, Answer]) -> Handler[Request, P, Answer]:
    """Turn what went wrong into the engine's error, in words."""

    @wraps(handler)
    def wrapper(
        self: Provider,
        request: Request,
        context: grpc.ServicerContext,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer:
        from emulator.pulumi_provider.arm import ArmFailure, Cancelled  # noqa: PLC0415 - see Provider.resources
        from emulator.pulumi_provider.resources import AlreadyExists, HalfMade  # noqa: PLC0415

        try:
            return handler(self, request, context, *args, **kwargs)
        except HalfMade as half:
            _abort_half_made(context, half)
        except Cancelled:
            context.abort(grpc.StatusCode.CANCELLED, "cancelled")
        except (ArmFailure, AlreadyExists) as failure:
            context.abort(grpc.StatusCode.UNKNOWN, str(failure))
        except (UnknownToken, ValueError) as mistake:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(mistake))

    return wrapper


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
        """Return the ARM side, made on first use: the HTTP client takes longer to import than to start."""
        with self._lock:
            if self._resources is None:
                from emulator.pulumi_provider.arm import ArmClient  # noqa: PLC0415
                from emulator.pulumi_provider.resources import Resources  # noqa: PLC0415

                client = ArmClient(self.config)
                self._resources = Resources(client, Journal(), self.log.info)
            return self._resources

    # --- the plugin itself ---

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        self.log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    def Attach(
        self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self.log.connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=SCHEMA)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        unknown = sorted(set(request.news.fields) - KNOWN_KEYS)
        failures = [
            provider_pb2.CheckFailure(
                property=name, reason=f"azure-native:{name} is not a setting of azure-native"
            )
            for name in unknown
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs or request.olds), decode(request.news)
        changed = sorted(
            name for name in {*old, *new} if plain(old.get(name)) != plain(new.get(name))
        )
        # another subscription or tenant is another set of resources
        replaces = [
            name for name in changed if name in {"subscriptionId", "tenantId"} and old.get(name)
        ]
        return provider_pb2.DiffResponse(
            changes=_some(bool(changed)), diffs=changed, replaces=replaces
        )

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        given = decode(request.args) if request.HasField("args") else {}
        for name, value in request.variables.items():
            given.setdefault(name.rsplit(":", 1)[-1], value)
        with self._lock:
            self.config = read_config(given)
            self._resources = None
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False,
            supports_autonaming_configuration=True,
        )  # fmt: skip

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        if self._resources is not None:
            self._resources.client.cancel()
        return empty_pb2.Empty()

    # --- resources ---

    @reported
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        shape = self._shape(request.urn)
        old, new = decode(request.olds), decode(request.news)
        if not shape.arm:
            reason = f"{shape.token} is made by the official plugin without ARM; the local provider cannot make it"
            return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=reason)])
        failures = self._name(request, shape, old, new)
        self._locate(shape, old, new)
        failures += check(new, shape)
        if not shape.verified:
            self._warn_once(request.urn, shape)
        return provider_pb2.CheckResponse(
            inputs=encode(new),
            failures=[
                provider_pb2.CheckFailure(property=item.path, reason=str(item)) for item in failures
            ],
        )

    def _name(
        self,
        request: provider_pb2.CheckRequest,
        shape: ResourceShape,
        old: Properties,
        new: Properties,
    ) -> list[Failure]:
        for name, value in shape.path.inputs.items():
            if (
                value
                and new.get(name) is None
                and name in shape.inputs
                and shape.inputs[name].required
            ):
                new[name] = value
        last = shape.path.last_input
        if not can_be_named(shape) or new.get(last) is not None:
            return []
        modes = provider_pb2.CheckRequest.AutonamingOptions
        wanted = request.autonaming if request.HasField("autonaming") else None
        if old.get(last) is not None:
            new[last] = old[last]
        elif wanted and wanted.mode == modes.Mode.DISABLE:
            return [
                Failure(last, f"{shape.token} has no name and automatic naming is disabled; set it")
            ]
        elif (
            wanted
            and wanted.mode in {modes.Mode.ENFORCE, modes.Mode.PROPOSE}
            and wanted.proposed_name
        ):
            new[last] = wanted.proposed_name
        else:
            new[last] = invent(shape, logical_name(request.urn), request.randomSeed)
        return []

    def _locate(self, shape: ResourceShape, old: Properties, new: Properties) -> None:
        """Give a resource a place: as before, as configured, or where its group is."""
        if "location" not in shape.inputs or new.get("location") is not None:
            return
        if shape.inputs["location"].required:
            if self.config.location:
                new["location"] = self.config.location
            return
        group = plain(new.get("resourceGroupName"))
        if old.get("location") is not None:
            new["location"] = old["location"]
        elif self.config.location:
            new["location"] = self.config.location
        elif has_unknown(group):
            new["location"] = UNKNOWN
        elif isinstance(group, str) and (found := self._group_location(group)):
            new["location"] = found

    def _group_location(self, group: str) -> str:
        shape = catalog.resource("azure-native:resources:ResourceGroup")
        path = self.resources.arm_id(shape, {"resourceGroupName": group})
        found = self.resources.client.get(path, shape.version) or {}
        return str(found.get("location", ""))

    @reported
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        shape = self._shape(request.urn)
        found = difference(decode(request.old_inputs), decode(request.news), shape)
        return _diff_response(found)

    @reported
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        shape, inputs = self._shape(request.urn), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=encode(self.resources.preview_create(shape, inputs))
            )
        made = self.resources.create(request.urn, shape, inputs)
        return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

    @reported
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        shape = self._shape(request.urn)
        found = self.resources.read(request.id, shape, decode(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, properties=encode(found.outputs), inputs=encode(found.inputs)
        )

    @reported
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        shape, inputs = self._shape(request.urn), decode(request.news)
        if request.preview:
            outputs = self.resources.preview_update(shape, inputs, decode(request.olds))
            return provider_pb2.UpdateResponse(properties=encode(outputs))
        made = self.resources.update(request.id, shape, inputs)
        return provider_pb2.UpdateResponse(properties=encode(made.outputs))

    @reported
    def Delete(
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self.resources.delete(request.id, self._shape(request.urn))
        return empty_pb2.Empty()

    # --- functions ---

    @reported
    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        from emulator.pulumi_provider.functions import FunctionRefused, invoke  # noqa: PLC0415

        arguments = decode(request.args)
        if has_unknown(list(arguments.values())):
            return provider_pb2.InvokeResponse()
        try:
            answer = invoke(request.tok, arguments, self.resources.client)
        except FunctionRefused as refused:
            failure = provider_pb2.CheckFailure(property=refused.path, reason=str(refused))
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**{"return": encode(answer)})

    # --- helpers ---

    def _shape(self, urn: str) -> ResourceShape:
        token = urn.split("::")[-2].rsplit("$", 1)[-1]
        return catalog.resource(token)

    def _warn_once(self, urn: str, shape: ResourceShape) -> None:
        with self._lock:
            if shape.token in self._warned:
                return
            self._warned.add(shape.token)
        self.log.warning(
            urn,
            f"{shape.token}: no azure-mgmt package describes this type, so its body and URL"
            f" ({shape.path.text}) follow Azure's usual form, unverified",
        )


def _some(changed: bool) -> provider_pb2.DiffResponse.DiffChanges.ValueType:  # noqa: FBT001 - the answer itself
    return provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE


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


def _abort_half_made(context: grpc.ServicerContext, half: HalfMade) -> None:
    """Tell the engine of a resource that exists but failed: it keeps it in state and retries."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=half.made.id,
        properties=encode(half.made.outputs),
        reasons=[str(half)],
        inputs=encode(half.inputs),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(half))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(half))


def _load_client() -> None:
    importlib.import_module("emulator.pulumi_provider.resources")


def serve(engine_address: str, say: Callable[[str], None]) -> None:
    """Listen on loopback, tell the engine the port, and serve until it hangs up."""
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKERS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    log = EngineLog()
    log.connect(engine_address)
    provider = Provider(log)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(str(port))
    # the HTTP client loads while the engine goes on starting
    threading.Thread(target=_load_client, daemon=True).start()
    server.wait_for_termination()
