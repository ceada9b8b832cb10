"""What moves data may do: the rows of the table of grants for events, the factory and scans."""

from infra.builtin_roles import Role
from infra.roles import Grant, Scope

EVENTS_IDENTITY = "events"
FACTORY_IDENTITY = "factory"
CATALOGUE_IDENTITY = "catalogue"


def events_grants() -> list[Grant]:
    """What the topic of the workspace's events needs."""
    return [
        Grant(
            EVENTS_IDENTITY,
            Role.STORAGE_QUEUE_DATA_MESSAGE_SENDER,
            Scope.EVENT_QUEUE,
            "puts events into the queue; cannot read or take any out",
        ),
        Grant(
            EVENTS_IDENTITY,
            Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
            Scope.DEAD_LETTERS,
            "keeps events that could not be delivered",
        ),
    ]


def factory_grants() -> list[Grant]:
    """What the data factory needs."""
    return [
        Grant(
            FACTORY_IDENTITY,
            Role.STORAGE_BLOB_DATA_READER,
            Scope.LAKE_RAW,
            "reads what arrived, and leaves it be",
        ),
        Grant(
            FACTORY_IDENTITY,
            Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
            Scope.LAKE_CURATED,
            "brings what arrived to where jobs read it",
        ),
        Grant(
            FACTORY_IDENTITY,
            Role.AZUREML_DATA_SCIENTIST,
            Scope.WORKSPACE,
            "starts retraining through the batch endpoint; cannot change the workspace",
        ),
    ]


def catalogue_grants() -> list[Grant]:
    """What the identity of the Purview account needs on a lake."""
    reason = "scans what is there and of what kind; cannot change it"
    roles = (Role.READER, Role.STORAGE_BLOB_DATA_READER)
    return [Grant(CATALOGUE_IDENTITY, role, Scope.LAKE, reason) for role in roles]
