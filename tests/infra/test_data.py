"""How data and news of it move: events, the data factory and the catalogue."""

import json

import pytest

from infra.__main__ import main
from infra.builtin_roles import Role
from infra.components.events import EVENT_TYPES
from infra.config import parse
from infra.problems import SettingsError
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config

PURVIEW = (
    "/subscriptions/00000000-0000-0000-0000-00000000aaaa/resourceGroups/rg"
    "/providers/Microsoft.Purview/accounts/pview"
)
SCANNER = "11111111-2222-3333-4444-666666666666"


def config_with(stack: str = "dev", **keys: object) -> dict[str, str]:
    return {**stack_config(stack), **{f"{PROJECT}:{k}": json.dumps(v) for k, v in keys.items()}}


def stack_with(stack: str = "dev", **keys: object) -> Recording:
    return record(main, stack=stack, config=config_with(stack, **keys))


@pytest.fixture(scope="module")
def moved() -> Recording:
    return stack_with(data={"factory": True})


def held(made: Recording, principal: str) -> set[tuple[str, str]]:
    """The roles of a principal, each with the last part of what it is granted on."""
    return {
        (Role(r.inputs["roleDefinitionId"].rpartition("/")[2]).name, r.inputs["scope"])
        for r in made.all("RoleAssignment")
        if r.inputs["principalId"] == principal
    }


def test_events_of_runs_and_models_go_to_a_queue(dev):
    topic = dev.one("eventgrid:SystemTopic").inputs
    assert topic["source"].endswith("/workspace-weu")
    # Behind a firewall a user-assigned identity does not deliver.
    assert topic["identity"]["type"] == "SystemAssigned"
    delivery = dev.one("SystemTopicEventSubscription").inputs
    assert delivery["filter"]["includedEventTypes"] == list(EVENT_TYPES)
    sent = delivery["deliveryWithResourceIdentity"]
    assert sent["identity"]["type"] == "SystemAssigned"
    assert sent["destination"]["endpointType"] == "StorageQueue"
    assert sent["destination"]["queueName"] == "workspace-events"
    kept = delivery["deadLetterWithResourceIdentity"]["deadLetterDestination"]
    assert kept["blobContainerName"] == "dead-letters"


def test_the_topic_may_send_and_keep_and_nothing_else(dev):
    assert held(dev, "principal-of-events-weu") == {
        ("STORAGE_QUEUE_DATA_MESSAGE_SENDER", "/id/storage:Queue/events-weu"),
        ("STORAGE_BLOB_DATA_CONTRIBUTOR", "/id/storage:BlobContainer/events-weu-dead-letters"),
    }
    delivery = dev.one("SystemTopicEventSubscription")
    assert any("storage-queue-data-message-sender" in urn for urn in delivery.depends_on)


def test_dead_letters_raise_an_alert(dev):
    alert = dev.one("MetricAlert", "alerts-events-weu-dead-letters").inputs
    assert alert["scopes"] == ["/id/eventgrid:SystemTopic/events-weu"]
    assert alert["criteria"]["allOf"][0]["metricName"] == "DeadLetteredCount"


def test_the_factory_is_private_and_works_as_an_identity_of_its_own(moved):
    factory = moved.one("datafactory:Factory").inputs
    assert factory["publicNetworkAccess"] == "Disabled"
    assert factory["identity"]["type"] == "UserAssigned"
    assert list(factory["identity"]["userAssignedIdentities"]) == [
        "/id/managedidentity:UserAssignedIdentity/factory-identity-weu-factory"
    ]
    groups = {
        connection["groupIds"][0]
        for endpoint in moved.all("PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
        if connection["privateLinkServiceId"] == "/id/datafactory:Factory/factory-weu"
    }
    assert groups == {"dataFactory", "portal"}
    assert moved.one("DiagnosticSetting", "logs-factory-weu")


def test_the_factory_runs_in_a_managed_network_and_reaches_its_targets_privately(moved):
    template = moved.one("resources:Deployment").inputs["properties"]["template"]
    (network,) = template["resources"]
    assert network["type"] == "Microsoft.DataFactory/factories/managedVirtualNetworks"
    runtime = moved.one("IntegrationRuntime").inputs["properties"]
    assert runtime["managedVirtualNetwork"]["referenceName"] == "default"
    assert runtime["computeProperties"]["location"] == "westeurope"
    reached = {
        e.inputs["properties"]["groupId"]: e.inputs["properties"]["privateLinkResourceId"]
        for e in moved.all("ManagedPrivateEndpoint")
    }
    assert reached.keys() == {"dfs", "blob", "amlworkspace"}
    assert reached["dfs"].endswith("/lake-weu")


def test_the_lake_is_opened_without_a_key(moved):
    lake = moved.one("LinkedService").inputs["properties"]
    assert lake["type"] == "AzureBlobFS"
    assert lake["credential"]["referenceName"] == "factory"
    assert lake["connectVia"]["referenceName"] == "managed"
    assert not {"accountKey", "sasToken", "sasUri", "servicePrincipalKey"} & lake.keys()


def test_the_factory_reads_raw_writes_curated_and_starts_jobs(moved):
    assert held(moved, "principal-of-factory-identity-weu-factory") == {
        ("STORAGE_BLOB_DATA_READER", "/id/storage:BlobContainer/lake-weu-raw"),
        ("STORAGE_BLOB_DATA_CONTRIBUTOR", "/id/storage:BlobContainer/lake-weu-curated"),
        ("AZUREML_DATA_SCIENTIST", "/id/machinelearningservices:Workspace/workspace-weu"),
    }


def test_new_data_is_brought_in_and_starts_retraining(moved):
    pipelines = {p.inputs["pipelineName"]: p.inputs for p in moved.all("datafactory:Pipeline")}
    assert pipelines.keys() == {"ingest", "retrain"}
    (copy,) = pipelines["ingest"]["activities"]
    assert copy["type"] == "Copy"
    assert copy["inputs"][0]["parameters"]["zone"] == "raw"
    assert copy["outputs"][0]["parameters"]["zone"] == "curated"
    ingest, submit = pipelines["retrain"]["activities"]
    assert ingest["pipeline"]["referenceName"] == "ingest"
    assert submit["dependsOn"] == [{"activity": "ingest", "dependencyConditions": ["Succeeded"]}]
    assert submit["method"] == "POST"
    assert submit["url"].startswith("https://retrain-dev-")
    assert submit["url"].endswith(".westeurope.inference.ml.azure.com/jobs")
    assert submit["authentication"]["type"] == "UserAssignedManagedIdentity"
    assert submit["authentication"]["resource"] == "https://ml.azure.com"
    assert submit["connectVia"]["referenceName"] == "managed"
    assert json.loads(submit["body"])["properties"]["InputData"]["arrived"] == {
        "JobInputType": "UriFile",
        "Uri": (
            "azureml://datastores/lake_curated/paths/"
            "@{pipeline().parameters.folder}/@{pipeline().parameters.file}"
        ),
    }
    trigger = moved.one("datafactory:Trigger").inputs["properties"]
    assert trigger["type"] == "BlobEventsTrigger"
    assert trigger["scope"].endswith("/lake-weu")
    assert trigger["blobPathBeginsWith"] == "/raw/blobs/"
    assert trigger["pipelines"][0]["pipelineReference"]["referenceName"] == "retrain"


def test_without_the_batch_endpoint_data_is_brought_in_and_that_is_all():
    made = stack_with(data={"factory": True}, serving={"batch": []})
    assert [p.inputs["pipelineName"] for p in made.all("datafactory:Pipeline")] == ["ingest"]
    trigger = made.one("datafactory:Trigger").inputs["properties"]
    assert trigger["pipelines"][0]["pipelineReference"]["referenceName"] == "ingest"


def test_a_deployment_knows_what_to_start_and_where_events_are(moved):
    assert {"data_factory", "data_trigger", "event_queue"} <= moved.outputs.keys()


def test_without_factory_and_events_nothing_of_them_is_made():
    made = stack_with(data={"factory": False, "events": False})
    kinds = {r.type.split(":")[1] for r in made.azure}
    assert not {"datafactory", "eventgrid"} & kinds
    assert not any("factory" in r.name or "events" in r.name for r in made.resources)
    zones = {z.inputs["privateZoneName"] for z in made.all("PrivateZone")}
    assert not {"privatelink.adf.azure.com", "privatelink.datafactory.azure.net"} & zones


def test_a_factory_without_a_lake_is_refused():
    config = config_with(lake={"enabled": False}, data={"factory": True})
    with pytest.raises(SettingsError) as caught:
        parse(config, project=PROJECT, stack="dev")
    assert [p.key for p in caught.value.problems] == ["azure-mlops:data.factory"]


def test_the_stack_that_owns_the_catalogue_makes_it_private(recordings):
    made = stack_with(
        "prod", owns=["purview"], budget={"monthly_amount": 1}, data={"factory": True}
    )
    account = made.one("purview:Account").inputs
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["managedResourcesPublicNetworkAccess"] == "Disabled"
    assert made.one("purview:Account").protect
    groups = {
        connection["groupIds"][0]
        for endpoint in made.all("PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
        if "catalogue" in connection["privateLinkServiceId"]
    }
    assert groups == {"account", "portal", "blob", "queue"}
    for region in ("weu", "neu"):
        assert held(made, "principal-of-catalogue") >= {
            ("STORAGE_BLOB_DATA_READER", f"/id/storage:StorageAccount/lake-{region}"),
            ("READER", f"/id/storage:StorageAccount/lake-{region}"),
        }
    for factory in made.all("datafactory:Factory"):
        assert factory.inputs["purviewConfiguration"] == {
            "purviewResourceId": "/id/purview:Account/catalogue"
        }
    assert recordings["dev"].all("purview:Account") == []


def test_other_stacks_let_the_shared_catalogue_scan_their_lake():
    made = stack_with(
        data={"factory": True}, shared={"purview": PURVIEW, "purview_identity": SCANNER}
    )
    assert made.all("purview:Account") == []
    assert {role for role, _ in held(made, SCANNER)} == {"READER", "STORAGE_BLOB_DATA_READER"}
    reached = {e.inputs["properties"]["groupId"] for e in made.all("ManagedPrivateEndpoint")}
    assert "account" in reached


def test_a_pipeline_registers_the_lake_and_its_scan_by_identity():
    made = stack_with(
        data={"factory": True}, shared={"purview": PURVIEW, "purview_identity": SCANNER}
    )
    (pipeline,) = [
        p.inputs
        for p in made.all("datafactory:Pipeline")
        if p.inputs["pipelineName"] == "catalogue"
    ]
    source, scan, schedule = pipeline["activities"]
    assert source["url"].startswith("https://pview.purview.azure.com/scan/datasources/dlsmlopsdev")
    assert json.loads(source["body"])["kind"] == "AdlsGen2"
    assert json.loads(scan["body"])["kind"] == "AdlsGen2Msi"
    assert schedule["url"].endswith("/scans/weekly/triggers/default?api-version=2023-09-01")
    assert [a["dependsOn"][0]["activity"] for a in (scan, schedule)] == ["source", "scan"]
    for activity in pipeline["activities"]:
        assert activity["method"] == "PUT"
        assert activity["authentication"]["resource"] == "https://purview.azure.net"
        assert activity["authentication"]["credential"]["referenceName"] == "factory"


@pytest.mark.parametrize(
    ("shared", "missing"),
    [({"purview": PURVIEW}, "purview_identity"), ({"purview_identity": SCANNER}, "purview")],
)
def test_half_a_shared_catalogue_is_refused(shared, missing):
    with pytest.raises(SettingsError) as caught:
        parse(config_with(shared=shared), project=PROJECT, stack="dev")
    assert [p.key for p in caught.value.problems] == [f"azure-mlops:shared.{missing}"]
