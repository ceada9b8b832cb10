"""Events of a workspace (runs, models), kept in a queue until somebody takes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceHookBinding, ResourceOptions
from pulumi_azure_native import eventgrid, storage

_TOPIC_TYPE = "Microsoft.MachineLearningServices.Workspaces"
# Failed deployments raise no event: alerts tell of them. Drift raises one of our own.
# https://learn.microsoft.com/azure/machine-learning/how-to-use-event-grid
EVENT_TYPES = (
    "Microsoft.MachineLearningServices.ModelRegistered",
    "Microsoft.MachineLearningServices.ModelDeployed",
    "Microsoft.MachineLearningServices.RunCompleted",
    "Microsoft.MachineLearningServices.RunStatusChanged",
)
_WEEK_S = 7 * 24 * 60 * 60
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True)
class EventSourceArgs:
    """What an `EventSource` takes from the rest of the stamp."""

    topic_name: str
    location: str
    resource_group_name: Input[str]
    workspace_id: Input[str]
    account_name: Input[str]


class EventSource(ComponentResource):
    """The workspace's topic, and where its events go: a queue, or a container of dead letters."""

    topic_id: Output[str]
    topic_name: Output[str]
    principal_id: Output[str]
    queue_id: Output[str]
    queue_name: Output[str]
    dead_letters_id: Output[str]
    dead_letters_name: Output[str]

    def __init__(
        self, name: str, args: EventSourceArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:data:EventSource", name, None, opts)
        queue = storage.Queue(
            name,
            queue_name="workspace-events",
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            opts=ResourceOptions(parent=self),
        )
        dead_letters = storage.BlobContainer(
            f"{name}-dead-letters",
            container_name="dead-letters",
            account_name=args.account_name,
            resource_group_name=args.resource_group_name,
            public_access=storage.PublicAccess.NONE,
            opts=ResourceOptions(parent=self),
        )
        topic = eventgrid.SystemTopic(
            name,
            system_topic_name=args.topic_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            source=args.workspace_id,
            topic_type=_TOPIC_TYPE,
            # Behind a storage firewall only the topic's own identity delivers, as a trusted
            # service. https://learn.microsoft.com/azure/event-grid/handler-storage-queues
            identity={"type": eventgrid.IdentityType.SYSTEM_ASSIGNED},
            opts=ResourceOptions(parent=self),
        )
        self.topic_id = topic.id
        self.topic_name = topic.name
        self.principal_id = topic.identity.apply(_principal)
        self.queue_id = queue.id
        self.queue_name = queue.name
        self.dead_letters_id = dead_letters.id
        self.dead_letters_name = dead_letters.name
        self.register_outputs({"topic_id": self.topic_id})


@dataclass(frozen=True, kw_only=True)
class EventDeliveryArgs:
    """What an `EventDelivery` takes from the rest of the stamp."""

    resource_group_name: Input[str]
    topic_name: Input[str]
    account_id: Input[str]
    queue_name: Input[str]
    dead_letters_name: Input[str]
    after: Sequence[Resource]
    """Grants without which nothing is delivered."""
    hooks: ResourceHookBinding


class EventDelivery(ComponentResource):
    """Delivers by the topic's identity; what cannot be delivered for a day is kept."""

    def __init__(
        self, name: str, args: EventDeliveryArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:data:EventDelivery", name, None, opts)
        own = eventgrid.EventSubscriptionIdentityArgs(
            type=eventgrid.EventSubscriptionIdentityType.SYSTEM_ASSIGNED
        )
        eventgrid.SystemTopicEventSubscription(
            name,
            event_subscription_name="to-queue",
            system_topic_name=args.topic_name,
            resource_group_name=args.resource_group_name,
            event_delivery_schema=eventgrid.EventDeliverySchema.CLOUD_EVENT_SCHEMA_V1_0,
            filter=eventgrid.EventSubscriptionFilterArgs(included_event_types=list(EVENT_TYPES)),
            # Classes: there are several kinds of destinations, which the SDK cannot tell apart in
            # plain dictionaries.
            delivery_with_resource_identity=eventgrid.DeliveryWithResourceIdentityArgs(
                identity=own,
                destination=eventgrid.StorageQueueEventSubscriptionDestinationArgs(
                    endpoint_type="StorageQueue",
                    resource_id=args.account_id,
                    queue_name=args.queue_name,
                    queue_message_time_to_live_in_seconds=_WEEK_S,
                ),
            ),
            dead_letter_with_resource_identity=eventgrid.DeadLetterWithResourceIdentityArgs(
                identity=own,
                dead_letter_destination=eventgrid.StorageBlobDeadLetterDestinationArgs(
                    endpoint_type="StorageBlob",
                    resource_id=args.account_id,
                    blob_container_name=args.dead_letters_name,
                ),
            ),
            retry_policy=eventgrid.RetryPolicyArgs(
                event_time_to_live_in_minutes=_DAY_MINUTES, max_delivery_attempts=30
            ),
            opts=ResourceOptions(parent=self, depends_on=args.after, hooks=args.hooks),
        )
        self.register_outputs({})


def _principal(identity: eventgrid.outputs.IdentityInfoResponse | None) -> str:
    if identity is None or identity.principal_id is None:
        message = "the event topic has no identity; wanted: its own, to which roles are granted"
        raise ValueError(message)
    return identity.principal_id
