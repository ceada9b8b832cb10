"""The data factory of a stamp: how data comes in, and what new data starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input, Output

from infra.assembly.base import Base
from infra.assembly.catalogue import Catalogue
from infra.assembly.serving import Serving
from infra.components.data_factory import DataFactory, DataFactoryArgs
from infra.components.data_pipelines import RETRAIN, DataPipelines, DataPipelinesArgs
from infra.components.data_scans import DataScans, DataScansArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.lake import CURATED, RAW, Lake
from infra.components.workspace import Workspace
from infra.data_roles import FACTORY_IDENTITY, factory_grants
from infra.roles import Scope
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Factory:
    """What the rest of the stamp has to know of the factory."""

    factory_id: Input[str]
    outputs: Mapping[str, Input[str]]


def build_factory(
    site: Site,
    base: Base,
    *,
    lake: Lake,
    workspace: Workspace,
    serving: Serving,
    catalogue: Catalogue | None,
) -> Factory:
    """Build the factory with all that it needs to bring data in."""
    identities = Identities(
        site.named("factory-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[FACTORY_IDENTITY],
        ),
        site.child,
    )
    scopes = {
        Scope.LAKE_RAW: lake.containers[RAW].id,
        Scope.LAKE_CURATED: lake.containers[CURATED].id,
        Scope.WORKSPACE: workspace.workspace_id,
    }
    granted = site.grant("factory", factory_grants(), identities.principal_ids, scopes)
    targets: dict[str, tuple[Input[str], str]] = {
        "lake-dfs": (lake.account_id, "dfs"),
        "lake-blob": (lake.account_id, "blob"),
        "workspace": (workspace.workspace_id, "amlworkspace"),
    }
    if catalogue is not None:
        targets["catalogue"] = (catalogue.account_id, "account")
    factory = DataFactory(
        site.named("factory"),
        DataFactoryArgs(
            factory_name=site.names.data_factory,
            location=site.region,
            resource_group_name=site.group_name,
            identity_id=identities.ids[FACTORY_IDENTITY],
            private_targets=targets,
            catalogue_id=None if catalogue is None else catalogue.account_id,
        ),
        site.child,
    )
    site.link(base.network, "factory", factory.factory_id, "dataFactory", "portal")
    site.send_logs(base.monitoring, "factory", factory.factory_id)
    pipelines = DataPipelines(
        site.named("pipelines"),
        DataPipelinesArgs(
            factory_name=factory.factory_name,
            resource_group_name=site.group_name,
            lake_id=lake.account_id,
            lake_name=lake.account_name,
            source=RAW,
            target=CURATED,
            target_datastore=f"lake_{CURATED}",
            jobs_url=_jobs_url(site, serving),
            after=[*factory.ready, *granted.assignments],
        ),
        site.child,
    )
    if catalogue is not None:
        scans = DataScansArgs(
            factory_name=factory.factory_name,
            resource_group_name=site.group_name,
            account_name=catalogue.account_name,
            lake_id=lake.account_id,
            lake_name=lake.account_name,
            location=site.region,
            after=factory.ready,
        )
        DataScans(site.named("scans"), scans, site.child)
    return Factory(
        factory_id=factory.factory_id,
        outputs={
            "data_factory": factory.factory_name,
            "data_trigger": pipelines.trigger_name,
        },
    )


def _jobs_url(site: Site, serving: Serving) -> Output[str] | None:
    """Where the batch endpoint that retrains takes jobs, None where there is none."""
    endpoint = serving.batch.get(RETRAIN)
    if endpoint is None:
        return None
    host = f".{site.region}.inference.ml.azure.com/jobs"
    return Output.concat("https://", endpoint.endpoint_name, host)
