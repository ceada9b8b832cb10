"""What a parallel step is to do, read from its node and component."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.runner.durations import PlanError

_PART = re.compile(r"^\$\{\{\s*(inputs|outputs)\.([\w\-]+)\s*\}\}$")
# https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-parallel
_RETRIES, _SECONDS = 2, 60
_FILES = ("uri_folder", "uri_file")


@dataclass(frozen=True, kw_only=True)
class ParallelPlan:
    """How the files of an input are cut into mini batches, and how much may go wrong."""

    entry_script: str
    arguments: str
    input: str
    append_to: str | None
    size: int
    concurrency: int
    retries: int
    timeout: float
    error_threshold: int
    batch_error_threshold: int


def read(name: str, node: Mapping, component: Mapping) -> ParallelPlan:
    """Read a parallel step; what the node says wins over what its component does.

    Raises:
        PlanError: something in it cannot be run.
    """
    given = {**component, **{key: value for key, value in node.items() if value is not None}}
    task = given.get("task") or {}
    if str(task.get("type") or "run_function") != "run_function":
        msg = f"step {name!r}: a task of type {task['type']!r} is not run here; give run_function"
        raise PlanError(msg)
    if given.get("partition_keys"):
        msg = f"step {name!r}: partition_keys are not run here; give mini_batch_size"
        raise PlanError(msg)
    source = _part(name, "input_data", given.get("input_data"), "inputs")
    kind = ((component.get("inputs") or {}).get(source) or {}).get("type")
    if kind not in _FILES:
        msg = (
            f"step {name!r}: input_data is the input {source!r} of type {kind}; files are cut into"
            f" mini batches here, so give one of {', '.join(_FILES)}"
        )
        raise PlanError(msg)
    append = task.get("append_row_to")
    target = None if append is None else _part(name, "append_row_to", append, "outputs")
    if target is not None and target not in (component.get("outputs") or {}):
        msg = f"step {name!r}: append_row_to names the output {target!r}, which there is not"
        raise PlanError(msg)
    retry = given.get("retry_settings") or {}
    return ParallelPlan(
        entry_script=str(task.get("entry_script") or ""),
        arguments=str(task.get("program_arguments") or ""),
        input=source,
        append_to=target,
        size=_number(name, "mini_batch_size", given.get("mini_batch_size"), 1, 1),
        concurrency=_number(
            name,
            "max_concurrency_per_instance",
            given.get("max_concurrency_per_instance"),
            os.cpu_count() or 1,
            1,
        ),
        retries=_number(name, "max_retries", retry.get("max_retries"), _RETRIES, 0),
        timeout=float(_number(name, "timeout", retry.get("timeout"), _SECONDS, 1)),
        error_threshold=_number(name, "error_threshold", given.get("error_threshold"), -1, -1),
        batch_error_threshold=_number(
            name, "mini_batch_error_threshold", given.get("mini_batch_error_threshold"), -1, -1
        ),
    )


def _part(name: str, key: str, given: object, kind: str) -> str:
    found = _PART.match(str(given))
    if found is None or found[1] != kind:
        msg = f"step {name!r}: {key} is {given!r}; give ${{{{{kind}.NAME}}}}"
        raise PlanError(msg)
    return found[2]


def _number(name: str, key: str, given: object, default: int, least: int) -> int:
    if given is None:
        return default
    text = str(given)
    if not re.fullmatch(r"-?\d+", text) or int(text) < least:
        msg = f"step {name!r}: {key} is {given!r}; give a whole number, {least} or more"
        raise PlanError(msg)
    return int(text)
