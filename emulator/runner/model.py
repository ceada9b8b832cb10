"""What a step is: its command, what goes in and comes out, and how its processes are started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.runner.parallel_plan import ParallelPlan
from emulator.runner.sweep_plan import SweepPlan

DATA_TYPES = frozenset(
    {"uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model"}
)


@dataclass(frozen=True)
class Literal:
    """A number, text or truth value, as the text that goes into the command."""

    text: str


@dataclass(frozen=True)
class Data:
    """A file or folder in the workspace's storage."""

    uri: str
    type: str


Value = Literal | Data


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """What a component says of one of its inputs."""

    type: str
    optional: bool = False
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """What is known of an output: its type, and where and as what it is to be kept."""

    type: str
    uri: str | None = None
    asset_name: str | None = None
    asset_version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How the processes of a step are started: on how many nodes, how many on each."""

    instances: int = 1
    processes: int = 1
    distributed: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One node of a pipeline: a command to run, or a pipeline of its own."""

    name: str
    command: str
    environment: str
    code: str | None = None
    component: str | None = None
    compute: str | None = None
    inputs: Mapping[str, InputSpec] = field(default_factory=dict)
    outputs: Mapping[str, OutputSpec] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    deterministic: bool = False
    datastore: str = "workspaceblobstore"
    launch: Launch = Launch()
    sweep: SweepPlan | None = None
    """What is tried, if the step is the trial of a sweep."""
    parallel: ParallelPlan | None = None
    """How the input is cut into mini batches, if the step is a parallel one."""
    nested: Mapping[str, Any] | None = None
    """The specification of the pipeline component that the step is, if it is one."""
