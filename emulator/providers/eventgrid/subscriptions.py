"""Who hears of events: subscriptions to a system topic, and to what raises events itself."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, named, one_of
from emulator.providers.eventgrid import destinations, system_topics
from emulator.providers.eventgrid.sources import BY_RESOURCE, BY_TOPIC, Source

_CODE = "InvalidRequest"
_SCHEMAS = ("EventGridSchema", "CustomInputSchema", "CloudEventSchemaV1_0")
# Topics of one's own: anybody's events, of any type.
_OWN_TOPICS = ("microsoft.eventgrid/topics", "microsoft.eventgrid/domains")
_MOST_FILTERS = 25
_ATTEMPTS, _MINUTES = 30, 1440


class _Subscription(Behaviour):
    """What both kinds of subscriptions have in common."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9-]{3,64}",
            _CODE,
            "The event subscription name '{name}' is not valid: wanted are 3 to 64 letters, digits "
            "and hyphens.",
        )
        topic, source = _topic_of(ctx, resource)
        properties = resource["properties"]
        properties["topic"] = topic["id"]
        before = (previous or {}).get("properties", {}).get("eventDeliverySchema", _SCHEMAS[0])
        schema = default(properties, "eventDeliverySchema", before)
        where = "properties.eventDeliverySchema"
        properties["eventDeliverySchema"] = one_of(schema, _SCHEMAS, where, _CODE)
        if previous is not None and properties["eventDeliverySchema"] != before:
            sentence = f"The schema of events cannot change from {before}; create another one."
            raise bad(where, sentence, _CODE)
        destinations.check(ctx, resource, topic)
        retry = default(properties, "retryPolicy", {})
        path = "properties.retryPolicy"
        tries = default(retry, "maxDeliveryAttempts", _ATTEMPTS)
        between(tries, 1, _ATTEMPTS, f"{path}.maxDeliveryAttempts", _CODE)
        minutes = default(retry, "eventTimeToLiveInMinutes", _MINUTES)
        between(minutes, 1, _MINUTES, f"{path}.eventTimeToLiveInMinutes", _CODE)
        _complete_filter(properties, source)
        default(properties, "labels", [])

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return destinations.shown(resource)


@behaviour
class TopicSubscription(_Subscription):
    """A subscription to a system topic."""

    type: ClassVar[str] = f"{system_topics.TYPE}/eventSubscriptions"


@behaviour
class ScopeSubscription(_Subscription):
    """A subscription that stands at what raises the events."""

    type: ClassVar[str] = "Microsoft.EventGrid/eventSubscriptions"


def _topic_of(ctx: Context, resource: Resource) -> tuple[Resource, Source | None]:
    parent = parse(resource["id"]).parent
    topic = ctx.store.get(parent.text) if parent else None
    if parent is None or topic is None:
        # A subscription raises events without being a stored resource.
        if parent is not None and parent.type.lower() in BY_RESOURCE:
            return {"id": parent.text}, BY_RESOURCE[parent.type.lower()]
        raise bad("id", f"What '{resource['id']}' stands at was not found.", "ResourceNotFound")
    if topic["type"] == system_topics.TYPE:
        return topic, BY_TOPIC[topic["properties"]["topicType"].lower()]
    source = BY_RESOURCE.get(parent.type.lower())
    if source is None and parent.type.lower() not in _OWN_TOPICS:
        sentence = f"{topic['id']} is a {parent.type}, which raises no events."
        raise bad("id", sentence, _CODE)
    return topic, source


def _complete_filter(properties: dict[str, Any], source: Source | None) -> None:
    path = "properties.filter"
    filter_ = default(properties, "filter", {})
    if source is not None:
        chosen = default(filter_, "includedEventTypes", list(source.events))
        where = f"{path}.includedEventTypes"
        chosen = [one_of(one, source.events, where, _CODE) for one in chosen]
        filter_["includedEventTypes"] = chosen
        if not chosen:
            raise bad(where, f"'{where}' is empty; wanted: at least one event type.", _CODE)
    more = filter_.get("advancedFilters") or []
    if len(more) > _MOST_FILTERS:
        sentence = f"'{path}.advancedFilters' has {len(more)}; at most {_MOST_FILTERS} fit."
        raise bad(f"{path}.advancedFilters", sentence, _CODE)
    for index, one in enumerate(more):
        if not one.get("operatorType") or not one.get("key"):
            where = f"{path}.advancedFilters[{index}]"
            raise bad(where, f"'{where}' has no operatorType or no key; wanted: both.", _CODE)
