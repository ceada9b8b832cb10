"""What infra lays out for a factory, recorded from its components and turned into ARM's bodies."""

from infra.components.data_factory import DataFactory, DataFactoryArgs
from infra.components.data_pipelines import DataPipelines, DataPipelinesArgs
from shapes import catalog
from shapes.convert import to_body
from tests.emulator.azureml_world import SUBSCRIPTION, WORKSPACE
from tests.infra.recorder import record

_JOBS = "https://retrain.westeurope.inference.ml.azure.com/jobs"


def identity_of(group: str) -> str:
    """The identity of the factory in a group."""
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-factory"


def laid_out(group: str, name: str, *, jobs: bool) -> list[tuple[str, dict]]:
    """Id and body of each resource of a factory, as the Pulumi program registers them."""
    lake = f"{group}/providers/Microsoft.Storage/storageAccounts/stlake{name}"
    targets = {"lake-dfs": (lake, "dfs"), "lake-blob": (lake, "blob")}
    if jobs:
        targets["workspace"] = (WORKSPACE, "amlworkspace")

    def program() -> None:
        factory = DataFactory(
            "factory",
            DataFactoryArgs(
                factory_name=f"adf-{name}",
                location="westeurope",
                resource_group_name=group.rpartition("/")[2],
                identity_id=identity_of(group),
                private_targets=targets,
                catalogue_id=None,
            ),
        )
        DataPipelines(
            "pipelines",
            DataPipelinesArgs(
                factory_name=f"adf-{name}",
                resource_group_name=group.rpartition("/")[2],
                lake_id=lake,
                lake_name=f"stlake{name}",
                source="raw",
                target="curated",
                target_datastore="lake_curated",
                jobs_url=_JOBS if jobs else None,
                after=factory.ready,
            ),
        )

    found = []
    for one in record(program).azure:
        shape = catalog.resource(one.type)
        body, _query = to_body(_whole(one.inputs), shape.inputs, shape.module)
        found.append((shape.path.fill({"subscriptionId": SUBSCRIPTION, **one.inputs}), body))
    # references name what has to be there: the order in which the engine would make them
    kinds = ("factories", "deployments", "managedprivateendpoints", "credentials")
    kinds += ("integrationruntimes", "linkedservices", "datasets", "pipelines", "triggers")
    rank = {kind: number for number, kind in enumerate(kinds)}
    return sorted(found, key=lambda one: rank[one[0].lower().split("/")[-2]])


def _whole(value):
    """Numbers as the provider reads them: the engine's protocol has no whole ones."""
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
