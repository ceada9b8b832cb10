"""A pipeline that shows a lake to the catalogue: ARM knows neither its sources nor its scans."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import datafactory

from infra.components.data_pipelines import credential, patience, runtime

CATALOGUE = "catalogue"
_AUDIENCE = "https://purview.azure.net"
_API_VERSION = "2023-09-01"
_SCAN = "weekly"
# A Sunday long ago: the first scan comes on the next one.
_START = "2026-01-04T03:00:00Z"


@dataclass(frozen=True, kw_only=True)
class DataScansArgs:
    """What `DataScans` take from the rest of the stamp."""

    factory_name: Input[str]
    resource_group_name: Input[str]
    account_name: Input[str]
    """The Purview account."""
    lake_id: Input[str]
    lake_name: Input[str]
    location: str
    after: Sequence[Resource]


class DataScans(ComponentResource):
    """Registers the lake and a weekly scan of it, as often as it is run.

    Its identity has to be a data source administrator of the account's root collection: rights
    inside an account are data that ARM does not grant.
    """

    pipeline_name: Output[str]

    def __init__(self, name: str, args: DataScansArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:data:DataScans", name, None, opts)
        source = Output.concat(
            "https://", args.account_name, ".purview.azure.com/scan/datasources/", args.lake_name
        )
        collection = Output.from_input(args.account_name).apply(_collection)
        known = Output.json_dumps(
            {
                "kind": "AdlsGen2",
                "properties": {
                    "endpoint": Output.concat("https://", args.lake_name, ".dfs.core.windows.net/"),
                    "resourceId": args.lake_id,
                    "resourceName": args.lake_name,
                    "location": args.location,
                    "collection": collection,
                },
            },
            sort_keys=True,
        )
        scan = Output.json_dumps(
            {
                "kind": "AdlsGen2Msi",  # as the account's own identity, which may read the lake
                "properties": {
                    "scanRulesetName": "AdlsGen2",
                    "scanRulesetType": "System",
                    "collection": collection,
                },
            },
            sort_keys=True,
        )
        recurrence = {"frequency": "Week", "interval": 1, "startTime": _START}
        weekly = json.dumps(
            {"properties": {"recurrence": recurrence, "scanLevel": "Incremental"}}, sort_keys=True
        )
        pipeline = datafactory.Pipeline(
            name,
            pipeline_name=CATALOGUE,
            factory_name=args.factory_name,
            resource_group_name=args.resource_group_name,
            description="Registers the lake and a weekly scan of it in the catalogue.",
            concurrency=1,
            activities=[
                _put("source", source, "", known),
                _put("scan", source, f"/scans/{_SCAN}", scan, after="source"),
                _put("schedule", source, f"/scans/{_SCAN}/triggers/default", weekly, after="scan"),
            ],
            opts=ResourceOptions(parent=self, depends_on=args.after),
        )
        self.pipeline_name = pipeline.name
        self.register_outputs({"pipeline_name": self.pipeline_name})


def _collection(account: str) -> Mapping[str, str]:
    # The root collection bears the account's name.
    return {"referenceName": account, "type": "CollectionReference"}


def _put(
    name: str, source: Input[str], path: str, body: Input[str], *, after: str | None = None
) -> datafactory.WebActivityArgs:
    before = [
        datafactory.ActivityDependencyArgs(
            activity=after, dependency_conditions=[datafactory.DependencyCondition.SUCCEEDED]
        )
        for after in ([after] if after else [])
    ]
    return datafactory.WebActivityArgs(
        type="WebActivity",
        name=name,
        depends_on=before,
        method=datafactory.WebActivityMethod.PUT,
        url=Output.concat(source, f"{path}?api-version={_API_VERSION}"),
        headers={"Content-Type": "application/json"},
        body=body,
        authentication=datafactory.WebActivityAuthenticationArgs(
            type="UserAssignedManagedIdentity", resource=_AUDIENCE, credential=credential()
        ),
        connect_via=runtime(),
        policy=patience(),
    )
