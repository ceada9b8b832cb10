"""The tests of a deployment as a job of the gate, whose identity alone signs."""

from dataclasses import dataclass
from pathlib import Path

from azure.ai.ml import Input, dsl, load_component
from azure.ai.ml.entities import PipelineJob

COMPONENTS = Path(__file__).parents[1] / "components"
STEPS = ("accept",)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A registered version with the digest of its bytes, and the deployment that serves it."""

    task: str
    name: str
    version: str
    digest: str
    endpoint: str
    deployment: str


def build(
    subject: Subject, *, key: str, compute: str, environment: str, code_version: str
) -> PipelineJob:
    """Return the job; nothing is sent.

    `compute` is the gate's cluster: its identity may sign with `key` and call the endpoint.
    """
    step = load_component(COMPONENTS / "accept.yaml")

    @dsl.pipeline(None, name=f"accept_{subject.task}", default_compute=compute)
    def pipeline(
        model: Input, model_digest: str, endpoint: str, deployment: str, code_version: str
    ) -> dict[str, object]:
        accept = step(
            task=subject.task,
            model=model,
            model_name=subject.name,
            model_version=subject.version,
            model_digest=model_digest,
            endpoint=endpoint,
            deployment=deployment,
            key=key,
            environment=environment,
            code_version=code_version,
        )
        return {"result": accept.outputs.result}

    return pipeline(
        model=Input(type="mlflow_model", path=f"azureml:{subject.name}:{subject.version}"),
        model_digest=subject.digest,
        endpoint=subject.endpoint,
        deployment=subject.deployment,
        code_version=code_version,
    )
