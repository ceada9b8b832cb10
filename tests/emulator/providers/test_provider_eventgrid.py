"""Topics of resources, and who hears of their events."""

import copy
import json
from typing import Any

import pytest
from azure.mgmt.eventgrid import models

from emulator.providers.eventgrid.sources import BY_TOPIC
from tests.emulator.providers.world import GROUP, SUBSCRIPTION, located

TOPIC = "Microsoft.EventGrid/systemTopics/evgt-mlops"
TO_QUEUE = f"{TOPIC}/eventSubscriptions/to-queue"
KIND = "Microsoft.MachineLearningServices.Workspaces"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stmlops"
ALERT = {"severity": "Sev1", "actionGroups": [f"{GROUP}/providers/none"]}


@pytest.fixture
def source(azure):
    azure.store.put({"id": WORKSPACE, "location": "westeurope", "properties": {}})
    return WORKSPACE


def body(source: str, kind: str = KIND, location: str = "westeurope") -> dict[str, Any]:
    given = located(location, source=source, topicType=kind)
    return {**given, "identity": {"type": "SystemAssigned"}}


@pytest.fixture
def topic(azure, source):
    azure.account()
    azure.put(f"{ACCOUNT}/queueServices/default/queues/events", {})
    azure.put(f"{ACCOUNT}/blobServices/default/containers/dead-letters", {})
    return azure.put(TOPIC, body(source))


def queue(**changes: object) -> dict[str, Any]:
    inner = {"resourceId": ACCOUNT, "queueName": "events"}
    return {"endpointType": "StorageQueue", "properties": inner | changes}


def dead(**changes: object) -> dict[str, Any]:
    inner = {"resourceId": ACCOUNT, "blobContainerName": "dead-letters"}
    return {"endpointType": "StorageBlob", "properties": inner | changes}


def subscription(**changes: object) -> dict[str, Any]:
    own = {"type": "SystemAssigned"}
    given = {
        "deliveryWithResourceIdentity": {"identity": own, "destination": queue()},
        "deadLetterWithResourceIdentity": {"identity": own, "deadLetterDestination": dead()},
        "eventDeliverySchema": "CloudEventSchemaV1_0",
        "filter": {"includedEventTypes": ["Microsoft.MachineLearningServices.RunCompleted"]},
    }
    properties = {name: value for name, value in (given | changes).items() if value is not None}
    return {"properties": properties}


def test_topic_reads_back_through_the_official_models(azure, source):
    first = azure.put(TOPIC, body(source))
    assert azure.put(TOPIC, body(source)) == first
    assert azure.put(TOPIC, copy.deepcopy(first)) == first
    found = models.SystemTopic.deserialize(azure.get(TOPIC))
    assert (found.source, found.topic_type) == (source, KIND)
    assert found.identity.type == "SystemAssigned"
    assert azure.ctx.services.principals.by_object_id(found.identity.principal_id)
    assert found.metric_resource_id
    assert found.provisioning_state == "Succeeded"


def test_topic_fits_its_source(azure, source):
    account = azure.account()["id"]
    for given in (
        body(f"{source}x"),
        body(account),
        body(source, "Microsoft.Storage.StorageAccounts"),
        body(source, "Microsoft.Gossip"),
        body(source, location="northeurope"),
        body(GROUP, "Microsoft.Resources.ResourceGroups"),
        body("somewhere"),
    ):
        assert azure.refuses(TOPIC, given).status == 400
    azure.put(TOPIC, body(GROUP, "Microsoft.Resources.ResourceGroups", "global"))


def test_resource_has_one_topic_that_stays_its_own(azure, source):
    azure.put(TOPIC, body(source))
    second = azure.refuses("Microsoft.EventGrid/systemTopics/second", body(source))
    assert "Only one system topic" in second.message
    account = azure.account()["id"]
    other = body(account, "Microsoft.Storage.StorageAccounts")
    assert "cannot be modified" in azure.refuses(TOPIC, other).message


@pytest.mark.usefixtures("topic")
def test_subscription_reads_back_through_the_official_models(azure):
    first = azure.put(TO_QUEUE, subscription())
    assert azure.put(TO_QUEUE, subscription()) == first
    found = models.EventSubscription.deserialize(azure.get(TO_QUEUE))
    delivery = found.delivery_with_resource_identity
    assert delivery.identity.type == "SystemAssigned"
    assert isinstance(delivery.destination, models.StorageQueueEventSubscriptionDestination)
    assert (delivery.destination.resource_id, delivery.destination.queue_name) == (
        ACCOUNT,
        "events",
    )
    letters = found.dead_letter_with_resource_identity.dead_letter_destination
    assert letters.blob_container_name == "dead-letters"
    retry = found.retry_policy
    assert (retry.max_delivery_attempts, retry.event_time_to_live_in_minutes) == (30, 1440)
    assert found.event_delivery_schema == "CloudEventSchemaV1_0"


@pytest.mark.usefixtures("topic")
@pytest.mark.parametrize(
    "changes",
    [
        {"deliveryWithResourceIdentity": None},
        {"destination": queue()},
        {"deliveryWithResourceIdentity": {"destination": queue()}},
        {"deliveryWithResourceIdentity": {"identity": {"type": "UserAssigned"}}},
        {"deadLetterDestination": dead()},
        {"retryPolicy": {"maxDeliveryAttempts": 31}},
        {"retryPolicy": {"maxDeliveryAttempts": 0}},
        {"retryPolicy": {"eventTimeToLiveInMinutes": 1441}},
        {"eventDeliverySchema": "Telegram"},
        {"filter": {"includedEventTypes": ["Microsoft.Storage.BlobCreated"]}},
        {"filter": {"includedEventTypes": []}},
        {"filter": {"advancedFilters": [{"key": "subject"}]}},
    ],
)
def test_bad_subscription_is_refused(azure, changes):
    assert azure.refuses(TO_QUEUE, subscription(**changes)).code == "InvalidRequest"


@pytest.mark.usefixtures("topic")
@pytest.mark.parametrize(
    "changes",
    [
        {"destination": queue(queueName="none")},
        {"destination": queue(resourceId=f"{ACCOUNT}x")},
        {"destination": {"endpointType": "EventHub", "properties": {"resourceId": ACCOUNT}}},
        {"destination": {"endpointType": "MonitorAlert", "properties": ALERT}},
        {"destination": queue(), "deadLetterDestination": dead(blobContainerName="none")},
        {"destination": queue(), "deadLetterDestination": dead(resourceId=f"{ACCOUNT}x")},
    ],
)
def test_events_go_where_something_is(azure, changes):
    plain = {"deliveryWithResourceIdentity": None, "deadLetterWithResourceIdentity": None}
    refusal = azure.refuses(TO_QUEUE, subscription(**plain | changes))
    assert refusal.code == "ResourceNotFound"


def test_identity_that_delivers_is_the_topic_s(azure, topic, source):
    azure.put(TOPIC, body(source) | {"identity": {"type": "None"}})
    assert "does not have" in azure.refuses(TO_QUEUE, subscription()).message
    assert topic["identity"]["principalId"]


def hook(url: str) -> dict[str, Any]:
    return {
        "properties": {
            "destination": {"endpointType": "WebHook", "properties": {"endpointUrl": url}}
        }
    }


def test_hook_is_shown_without_what_may_be_secret(azure):
    path = f"{azure.account()['id']}/providers/Microsoft.EventGrid/eventSubscriptions/hook"
    given = hook("https://hooks.example.org/events?code=hidden")
    first = azure.put(path, given)
    assert azure.put(path, given) == first
    found = models.EventSubscription.deserialize(azure.get(path)).destination
    assert found.endpoint_base_url == "https://hooks.example.org/events"
    assert found.endpoint_url is None
    assert "hidden" not in json.dumps(azure.store.get(path))
    storage = BY_TOPIC["microsoft.storage.storageaccounts"]
    shown = first["properties"]["filter"]["includedEventTypes"]
    assert shown == list(storage.events)
    azure.refuses(path, hook("http://hooks.example.org"))
    azure.refuses(path, hook(""))


def test_subscription_stands_at_what_raises_events(azure):
    network = azure.network()["id"]
    tail = "providers/Microsoft.EventGrid/eventSubscriptions/hook"
    given = hook("https://hooks.example.org")
    assert "raises no events" in azure.refuses(f"{network}/{tail}", given).message
    assert azure.put(f"{GROUP}/{tail}", given)["properties"]["topic"] == GROUP
    azure.put(f"/subscriptions/{SUBSCRIPTION}/{tail}", given)
