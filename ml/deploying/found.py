"""What is deployed: only what carries our tag, as nothing else is anybody's to change here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from ml.deploying.plan import CONTENT, MADE_BY, OURS, TASK, Change, Item, Kind, Step
from ml.deploying.wanted import Deployable, defaults_of
from ml.refusals import explained

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


def items(deployable: Deployable) -> list[Item]:
    """Return what there is of a task.

    Raises:
        PlatformError: Azure refuses, or there is no batch endpoint.
    """
    client, place = deployable.client, deployable.place
    with explained(deployable.workspace.place, f"batch endpoint {place.batch}"):
        endpoint = client.batch_endpoints.get(place.batch)
        default = defaults_of(endpoint).deployment_name
        return [
            *_environments(client, deployable),
            *_components(client, deployable),
            *_deployments(client, place.batch, deployable.name),
            *([Item(Kind.DEFAULT, place.batch, default)] if default else []),
            *_schedules(client, deployable.name),
        ]


def remove(deployable: Deployable, step: Step) -> None:
    """Take one thing away; a component is archived, as past jobs name it.

    Raises:
        PlatformError: Azure refuses.
    """
    if step.change is not Change.PRUNE:
        raise ValueError(f"{step.change} {step.item} prunes nothing")
    item, client = step.item, deployable.client
    with explained(deployable.workspace.place, str(item)):
        if item.kind is Kind.COMPONENT:
            client.components.archive(item.name, item.version)
        elif item.kind is Kind.DEPLOYMENT:
            endpoint, _, name = item.name.partition("/")
            client.batch_deployments.begin_delete(name, endpoint).result()
        elif item.kind is Kind.SCHEDULE:
            client.schedules.begin_disable(item.name).result()
            client.schedules.begin_delete(item.name).result()


def _environments(client: "MLClient", deployable: Deployable) -> Iterator[Item]:
    """Yield those that are wanted; older ones stay, as past jobs and models name them."""
    for item in deployable.items:
        if item.kind is Kind.ENVIRONMENT:
            try:
                client.environments.get(item.name, version=item.version)
            except ResourceNotFoundError:
                continue
            yield item


def _components(client: "MLClient", deployable: Deployable) -> Iterator[Item]:
    names = {item.name for item in deployable.items if item.kind is Kind.COMPONENT}
    for name in sorted(names):
        try:
            versions = list(client.components.list(name))
        except ResourceNotFoundError:
            continue
        for each in versions:
            found = client.components.get(name, str(each.version))
            if (content := _ours(found.tags)) is not None:
                yield Item(Kind.COMPONENT, name, content, str(each.version))


def _deployments(client: "MLClient", endpoint: str, task: str) -> Iterator[Item]:
    for each in client.batch_deployments.list(endpoint):
        if (each.tags or {}).get(TASK) != task:
            continue  # tasks share an endpoint: another's are not this one's to prune
        if (content := _ours(each.tags)) is not None:
            yield Item(Kind.DEPLOYMENT, f"{endpoint}/{each.name}", content)


def _schedules(client: "MLClient", task: str) -> Iterator[Item]:
    for each in client.schedules.list():
        if (content := _ours(each.tags)) is not None and str(each.name).endswith(f"-{task}"):
            yield Item(Kind.SCHEDULE, str(each.name), content)


def _ours(tags: dict[str, str] | None) -> str | None:
    """Return the digest that our tag tells, nothing where it is another's."""
    known = tags or {}
    return str(known[CONTENT]) if known.get(MADE_BY) == OURS and CONTENT in known else None
