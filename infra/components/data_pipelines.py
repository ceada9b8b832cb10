"""The pipelines of a data factory: bring new data in, and have a model learned from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import datafactory

from infra.components.data_factory import CREDENTIAL, RUNTIME

INGEST, RETRAIN, TRIGGER = "ingest", "retrain", "new_data"
# Azure Machine Learning takes tokens for this audience, in every region.
_AUDIENCE = "https://ml.azure.com"
_STRING = datafactory.ParameterType.STRING
_ATTEMPTS, _PAUSE_S = 3, 60
# An event names container and folder in one: this leaves the folder.
_FOLDER = "@join(skip(split(triggerBody().folderPath, '/'), 1), '/')"
_FILE = "@triggerBody().fileName"


@dataclass(frozen=True, kw_only=True)
class DataPipelinesArgs:
    """What `DataPipelines` take from the rest of the stamp."""

    factory_name: Input[str]
    resource_group_name: Input[str]
    lake_id: Input[str]
    lake_name: Input[str]
    source: str
    """Container of the lake in which data arrives."""
    target: str
    """Container of the lake into which it is brought."""
    target_datastore: str
    """The workspace's name for the target."""
    jobs_url: Input[str] | None
    """Where a batch endpoint takes jobs; without one, data is brought in and that is all."""
    after: Sequence[Resource]


class DataPipelines(ComponentResource):
    """Pipelines that a new file starts, once somebody has started the trigger."""

    trigger_name: Output[str]

    def __init__(
        self, name: str, args: DataPipelinesArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:data:DataPipelines", name, None, opts)
        lake = datafactory.LinkedService(
            f"{name}-lake",
            linked_service_name="lake",
            factory_name=args.factory_name,
            resource_group_name=args.resource_group_name,
            # Classes here and below: there are many kinds of each, which the SDK cannot tell apart
            # in plain dictionaries.
            properties=datafactory.AzureBlobFSLinkedServiceArgs(
                type="AzureBlobFS",
                url=Output.concat("https://", args.lake_name, ".dfs.core.windows.net"),
                credential=credential(),
                connect_via=runtime(),
            ),
            opts=ResourceOptions(parent=self, depends_on=args.after),
        )
        file = datafactory.Dataset(
            f"{name}-file",
            dataset_name="lake_file",
            factory_name=args.factory_name,
            resource_group_name=args.resource_group_name,
            properties=_any_file(lake.name),
            opts=ResourceOptions(parent=self),
        )
        ingest = self._pipeline(
            name, INGEST, args, "Brings one file to where jobs read it.", [_copy(file.name, args)]
        )
        started = ingest
        if args.jobs_url is not None:
            steps = [_run(ingest.name), _submit(args.jobs_url, args.target_datastore)]
            words = "Brings one file in and has a model learned from it."
            started = self._pipeline(name, RETRAIN, args, words, steps)
        trigger = datafactory.Trigger(
            name,
            trigger_name=TRIGGER,
            factory_name=args.factory_name,
            resource_group_name=args.resource_group_name,
            # Made stopped, as Azure does it: deploying must not start a training by itself.
            properties=datafactory.BlobEventsTriggerArgs(
                type="BlobEventsTrigger",
                description="A file arrived in the lake.",
                scope=args.lake_id,
                events=[datafactory.BlobEventTypes.MICROSOFT_STORAGE_BLOB_CREATED],
                blob_path_begins_with=f"/{args.source}/blobs/",
                ignore_empty_blobs=True,
                pipelines=[
                    datafactory.TriggerPipelineReferenceArgs(
                        pipeline_reference=_pipeline_reference(started.name),
                        parameters={"folder": _FOLDER, "file": _FILE},
                    )
                ],
            ),
            opts=ResourceOptions(parent=self),
        )
        self.trigger_name = trigger.name
        self.register_outputs({"trigger_name": self.trigger_name})

    def _pipeline(
        self,
        name: str,
        pipeline: str,
        args: DataPipelinesArgs,
        description: str,
        activities: list[datafactory.CopyActivityArgs]
        | list[datafactory.ExecutePipelineActivityArgs | datafactory.WebActivityArgs],
    ) -> datafactory.Pipeline:
        return datafactory.Pipeline(
            f"{name}-{pipeline}",
            pipeline_name=pipeline,
            factory_name=args.factory_name,
            resource_group_name=args.resource_group_name,
            description=description,
            # A second file waits for the first: two trainings at once would race each other.
            concurrency=1,
            parameters={"folder": {"type": _STRING}, "file": {"type": _STRING}},
            activities=activities,
            opts=ResourceOptions(parent=self),
        )


def _any_file(lake: Input[str]) -> datafactory.BinaryDatasetArgs:
    """One file of any zone of the lake, named when it is used."""
    names = ("zone", "folder", "file")
    return datafactory.BinaryDatasetArgs(
        type="Binary",
        linked_service_name=datafactory.LinkedServiceReferenceArgs(
            reference_name=lake, type=datafactory.Type.LINKED_SERVICE_REFERENCE
        ),
        parameters={name: datafactory.ParameterSpecificationArgs(type=_STRING) for name in names},
        location=datafactory.AzureBlobFSLocationArgs(
            type="AzureBlobFSLocation",
            file_system=_expression("@dataset().zone"),
            folder_path=_expression("@dataset().folder"),
            file_name=_expression("@dataset().file"),
        ),
    )


def _copy(file: Input[str], args: DataPipelinesArgs) -> datafactory.CopyActivityArgs:
    return datafactory.CopyActivityArgs(
        type="Copy",
        name="copy",
        inputs=[_file(file, args.source)],
        outputs=[_file(file, args.target)],
        source=datafactory.BinarySourceArgs(
            type="BinarySource",
            store_settings=datafactory.AzureBlobFSReadSettingsArgs(type="AzureBlobFSReadSettings"),
        ),
        sink=datafactory.BinarySinkArgs(
            type="BinarySink",
            store_settings=datafactory.AzureBlobFSWriteSettingsArgs(
                type="AzureBlobFSWriteSettings"
            ),
        ),
        # What arrives broken must not be learned from.
        validate_data_consistency=True,
        policy=patience(),
    )


def _run(pipeline: Input[str]) -> datafactory.ExecutePipelineActivityArgs:
    return datafactory.ExecutePipelineActivityArgs(
        type="ExecutePipeline",
        name=INGEST,
        pipeline=_pipeline_reference(pipeline),
        wait_on_completion=True,
        parameters={name: f"@pipeline().parameters.{name}" for name in ("folder", "file")},
    )


def _submit(jobs_url: Input[str], datastore: str) -> datafactory.WebActivityArgs:
    """Ask the batch endpoint for a run over the new file.

    https://learn.microsoft.com/azure/machine-learning/how-to-use-batch-azure-data-factory
    """
    path = "@{pipeline().parameters.folder}/@{pipeline().parameters.file}"
    arrived = f'"JobInputType": "UriFile", "Uri": "azureml://datastores/{datastore}/paths/{path}"'
    return datafactory.WebActivityArgs(
        type="WebActivity",
        name="submit",
        depends_on=[
            datafactory.ActivityDependencyArgs(
                activity=INGEST,
                dependency_conditions=[datafactory.DependencyCondition.SUCCEEDED],
            )
        ],
        method=datafactory.WebActivityMethod.POST,
        url=jobs_url,
        headers={"Content-Type": "application/json"},
        body='{"properties": {"InputData": {"arrived": {' + arrived + "}}}}",
        authentication=datafactory.WebActivityAuthenticationArgs(
            type="UserAssignedManagedIdentity", resource=_AUDIENCE, credential=credential()
        ),
        connect_via=runtime(),
        policy=patience(),
    )


def _file(dataset: Input[str], zone: str) -> datafactory.DatasetReferenceArgs:
    parameters: dict[str, object] = {"zone": zone}
    parameters |= {
        name: _expression(f"@pipeline().parameters.{name}") for name in ("folder", "file")
    }
    return datafactory.DatasetReferenceArgs(
        reference_name=dataset,
        type=datafactory.DatasetReferenceType.DATASET_REFERENCE,
        parameters=parameters,
    )


def patience() -> datafactory.ActivityPolicyArgs:
    """How often an activity tries again."""
    return datafactory.ActivityPolicyArgs(retry=_ATTEMPTS, retry_interval_in_seconds=_PAUSE_S)


def _expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}


def _pipeline_reference(pipeline: Input[str]) -> datafactory.PipelineReferenceArgs:
    return datafactory.PipelineReferenceArgs(
        reference_name=pipeline, type=datafactory.PipelineReferenceType.PIPELINE_REFERENCE
    )


def runtime() -> datafactory.IntegrationRuntimeReferenceArgs:
    """Where activities run: in the factory's managed network."""
    kind = datafactory.IntegrationRuntimeReferenceType.INTEGRATION_RUNTIME_REFERENCE
    return datafactory.IntegrationRuntimeReferenceArgs(reference_name=RUNTIME, type=kind)


def credential() -> datafactory.CredentialReferenceArgs:
    """As whom activities ask: the factory's own identity."""
    kind = datafactory.CredentialReferenceType.CREDENTIAL_REFERENCE
    return datafactory.CredentialReferenceArgs(reference_name=CREDENTIAL, type=kind)
