"""The provider over gRPC, as the engine talks to it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2

from emulator.pulumi_provider.log import EngineLog
from emulator.pulumi_provider.protocol import provider_pb2, provider_pb2_grpc
from emulator.pulumi_provider.service import Provider
from emulator.pulumi_provider.values import UNKNOWN, Secret, decode, encode
from tests.emulator.pulumi_provider.conftest import CONFIG
from tests.emulator.pulumi_provider.fake_arm import FakeArm

ACCOUNT = "azure-native:storage:StorageAccount"
BIN = Path(__file__).parents[3] / "emulator/pulumi_provider/bin/pulumi-resource-azure-native"


class Remembered(EngineLog):
    def __init__(self):
        super().__init__()
        self.warnings: list[str] = []

    def warning(self, urn: str, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def log() -> Remembered:
    return Remembered()


@pytest.fixture
def stub(resources, log) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    provider = Provider(log, resources)
    provider.config = CONFIG
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(None)


def urn(token: str, name: str = "data") -> str:
    return f"urn:pulumi:dev::p::{token}::{name}"


def checked(stub, token: str, inputs: dict, **more) -> provider_pb2.CheckResponse:
    return stub.Check(provider_pb2.CheckRequest(urn=urn(token), news=encode(inputs), **more))


def test_a_name_is_made_of_the_logical_name_and_eight_digits(stub):
    request = {"resourceGroupName": "rg", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    first = decode(checked(stub, ACCOUNT, request, randomSeed=b"seed").inputs)
    assert first["accountName"].startswith("data")
    assert len(first["accountName"]) == len("data") + 8
    assert decode(checked(stub, ACCOUNT, request, randomSeed=b"seed").inputs) == first
    again = checked(stub, ACCOUNT, request, olds=encode(first), randomSeed=b"other")
    assert decode(again.inputs)["accountName"] == first["accountName"]


def test_a_child_is_called_like_the_program_calls_it(stub):
    request = {"resourceGroupName": "rg", "accountName": "a"}
    inputs = decode(checked(stub, "azure-native:storage:BlobContainer", request).inputs)
    assert inputs["containerName"] == "data"
    assert "location" not in inputs


def test_a_role_assignment_is_called_by_a_guid(stub):
    request = {"scope": "/subscriptions/s", "principalId": "p", "roleDefinitionId": "r"}
    answer = checked(stub, "azure-native:authorization:RoleAssignment", request, randomSeed=b"s")
    assert decode(answer.inputs)["roleAssignmentName"].count("-") == 4
    assert list(answer.failures) == []


def test_the_location_comes_from_the_configuration(stub):
    request = {"resourceGroupName": "rg", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    assert decode(checked(stub, ACCOUNT, request).inputs)["location"] == "westeurope"


def test_names_are_not_invented_where_the_project_forbids_it(stub):
    options = provider_pb2.CheckRequest.AutonamingOptions
    request = {"resourceGroupName": "rg", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    answer = checked(stub, ACCOUNT, request, autonaming=options(mode=options.Mode.DISABLE))
    assert [item.property for item in answer.failures] == ["accountName"]
    wanted = options(mode=options.Mode.ENFORCE, proposed_name="chosen")
    answer = checked(stub, ACCOUNT, request, autonaming=wanted)
    assert decode(answer.inputs)["accountName"] == "chosen"


def test_a_mistake_is_a_failure_with_its_property(stub):
    answer = checked(stub, ACCOUNT, {"resourceGroupName": "rg", "kind": "StorageV2", "sku": {}})
    (failure,) = answer.failures
    assert failure.property == "sku.name"
    assert failure.reason.startswith("sku.name: required by Sku but missing")


def test_what_azure_native_makes_without_arm_is_refused(stub):
    answer = checked(stub, "azure-native:storage:Blob", {"accountName": "a"})
    assert "the local provider cannot" in answer.failures[0].reason


def test_an_unknown_type_is_refused_by_name(stub):
    with pytest.raises(grpc.RpcError) as caught:
        checked(stub, "azure-native:storage:Acount", {})
    assert "no resource type azure-native:storage:Acount" in caught.value.details()


def test_a_type_outside_azure_mgmt_warns_once(stub, log):
    token = "azure-native:weightsandbiases:Instance"
    checked(stub, token, {"resourceGroupName": "rg"})
    checked(stub, token, {"resourceGroupName": "rg"})
    assert len(log.warnings) == 1
    assert "unverified" in log.warnings[0]


def test_a_life_of_a_resource(stub, arm: FakeArm):
    request = {
        "accountName": "mlopsdata",
        "resourceGroupName": "rg",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"pass": Secret("hush")},
    }
    inputs = checked(stub, ACCOUNT, request).inputs
    preview = stub.Create(
        provider_pb2.CreateRequest(urn=urn(ACCOUNT), properties=inputs, preview=True)
    )
    assert (preview.id, arm.calls) == ("", [])
    assert decode(preview.properties)["primaryEndpoints"] is UNKNOWN
    made = stub.Create(provider_pb2.CreateRequest(urn=urn(ACCOUNT), properties=inputs))
    assert made.id.endswith("/storageAccounts/mlopsdata")
    assert decode(made.properties)["tags"] == {"pass": Secret("hush")}

    news = encode({**decode(inputs), "location": "northeurope", "tags": {}})
    diff = stub.Diff(
        provider_pb2.DiffRequest(id=made.id, urn=urn(ACCOUNT), old_inputs=inputs, news=news)
    )
    kinds = provider_pb2.PropertyDiff.Kind
    assert {path: item.kind for path, item in diff.detailedDiff.items()} == {
        "location": kinds.UPDATE_REPLACE,
        "tags.pass": kinds.DELETE,
    }
    assert (list(diff.replaces), diff.deleteBeforeReplace) == (["location"], True)

    news = encode({**decode(inputs), "tags": {"a": "b"}})
    changed = stub.Update(
        provider_pb2.UpdateRequest(id=made.id, urn=urn(ACCOUNT), old_inputs=inputs, news=news)
    )
    assert decode(changed.properties)["tags"] == {"a": "b"}
    read = stub.Read(provider_pb2.ReadRequest(id=made.id, urn=urn(ACCOUNT), inputs=news))
    assert decode(read.inputs) == decode(news)
    stub.Delete(provider_pb2.DeleteRequest(id=made.id, urn=urn(ACCOUNT)))
    assert arm.resources == {}
    gone = stub.Read(provider_pb2.ReadRequest(id=made.id, urn=urn(ACCOUNT), inputs=news))
    assert gone.id == ""


def test_azures_refusal_is_shown_with_code_message_and_resource(stub, arm: FakeArm):
    import httpx  # noqa: PLC0415 - only this test makes an answer of its own

    refused = httpx.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})
    arm.faults = [None, refused]
    inputs = encode({"resourceGroupName": "rg", "location": "westeurope"})
    token = "azure-native:resources:ResourceGroup"
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs))
    assert caught.value.details() == (
        'Status=403 Code="AuthorizationFailed" Message="no"'
        ' Resource="/subscriptions/sub/resourceGroups/rg"'
    )


def test_keys_are_secret_and_unknown_arguments_wait(stub):
    token = "azure-native:storage:listStorageAccountKeys"
    arguments = encode({"accountName": "a", "resourceGroupName": "rg"})
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=arguments))
    keys = decode(getattr(answer, "return"))["keys"]
    assert isinstance(keys, Secret)
    assert keys.value[0]["value"] == "s3cret"
    arguments = encode({"accountName": UNKNOWN, "resourceGroupName": "rg"})
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=arguments))
    assert decode(getattr(answer, "return")) == {}


def test_a_missing_argument_is_named(stub):
    token = "azure-native:storage:getStorageAccount"
    request = provider_pb2.InvokeRequest(tok=token, args=encode({"accountName": "a"}))
    (failure,) = stub.Invoke(request).failures
    assert failure.property == "resourceGroupName"


def test_a_setting_that_does_not_exist_is_named(stub):
    request = provider_pb2.CheckRequest(news=encode({"locaton": "x", "location": "y"}))
    assert [item.property for item in stub.CheckConfig(request).failures] == ["locaton"]


@pytest.mark.parametrize("call", ["Construct", "Call"])
def test_what_the_plugin_does_not_offer_is_unimplemented(stub, call):
    request = getattr(provider_pb2, f"{call}Request")()
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, call)(request)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_plugin_starts_and_says_its_version():
    process = subprocess.Popen([BIN, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(empty_pb2.Empty()).version == "3.29.0"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
