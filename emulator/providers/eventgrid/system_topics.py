"""Topics of Azure's own resources."""

import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import SUBSCRIPTION_TYPE, parse
from emulator.arm.store import Resource
from emulator.providers.checks import GLOBAL, bad, carry, located, named, one_of, required
from emulator.providers.eventgrid.sources import BY_TOPIC, TOPIC_TYPES, Source

TYPE = "Microsoft.EventGrid/systemTopics"
_CODE = "InvalidRequest"


@behaviour
class SystemTopic(Behaviour):
    """The topic of a resource, which has one at most."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9-]{3,128}",
            _CODE,
            "The system topic name '{name}' is not valid: wanted are 3 to 128 letters, digits and "
            "hyphens.",
        )
        path = "properties.topicType"
        given = required(resource, path, ", ".join(TOPIC_TYPES), _CODE)
        kind = BY_TOPIC[one_of(given, TOPIC_TYPES, path, _CODE).lower()]
        properties = resource["properties"]
        properties["topicType"] = kind.topic_type
        id_ = str(required(resource, "properties.source", f"a {kind.resource_type}", _CODE))
        _check_source(ctx, resource, id_, kind)
        before = previous["properties"]["source"] if previous else id_
        if before.lower() != id_.lower():
            sentence = (
                f"System topic source cannot be modified: it is {before}, found {id_}; delete the "
                "topic and create another one."
            )
            raise ArmError(400, _CODE, sentence, "properties.source")
        for other in ctx.store.find(TYPE):
            same = other["properties"]["source"].lower() == id_.lower()
            if same and other["id"].lower() != resource["id"].lower():
                sentence = (
                    f"There is an existing tracked system topic for the given source {id_}: "
                    f"{other['id']}. Only one system topic is allowed per source."
                )
                raise ArmError(400, _CODE, sentence, "properties.source")
        carry(resource, previous, {"metricResourceId": str(uuid.uuid4())})


def _check_source(ctx: Context, resource: Resource, id_: str, kind: Source) -> None:
    path = "properties.source"
    try:
        type_ = parse(id_).type
    except ValueError as error:
        raise bad(path, f"'{path}' is {id_!r}; wanted: the id of a resource.", _CODE) from error
    if type_.lower() != kind.resource_type.lower():
        sentence = (
            f"'{path}' is a {type_}, but properties.topicType {kind.topic_type} is for "
            f"{kind.resource_type}."
        )
        raise bad(path, sentence, _CODE)
    source = ctx.store.get(id_)
    if source is None and type_ != SUBSCRIPTION_TYPE:
        sentence = f"The source {id_} was not found; create it first."
        raise bad(path, sentence, "ResourceNotFound")
    home = GLOBAL if kind.worldwide or source is None else source.get("location")
    if not kind.worldwide:
        located(resource)
    if resource.get("location") != home:
        sentence = (
            f"The topic is in '{resource.get('location')}', its source in '{home}'; wanted: the "
            "same location."
        )
        raise bad("location", sentence, _CODE)
