"""What Azure ML's data collector is given of each request; it never makes a request fail."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

log = logging.getLogger("azmlinfsrv.collecting")
INPUTS, OUTPUTS = "model_inputs", "model_outputs"
# Set by Azure ML on deployments with a data collector; the first by today's, the second by older.
SWITCHES = ("AZUREML_MDC_CONFIG_PATH", "AZUREML_MDC_ENABLED")
Columns = Mapping[str, Sequence[object]]


class Collects(Protocol):
    """One collection, as `azureml.ai.monitoring.Collector` is one."""

    def collect(self, data: object, correlation_context: object = None) -> object:
        """Take a data frame."""
        ...


@dataclass(frozen=True)
class Collecting:
    """The collections of a deployment; those that are not on are not here."""

    collections: Mapping[str, Collects]
    frame: Callable[[Columns], object]
    context: Callable[[str], object]
    failed: Callable[[str], None]

    def take(self, name: str, columns: Columns, correlation: str) -> None:
        """Hand columns to a collection; what goes wrong is counted and said, and that is all."""
        collection = self.collections.get(name)
        if collection is None:
            return
        try:
            collection.collect(self.frame(columns), self.context(correlation))
        except Exception:
            self.failed(name)
            log.warning("%s of %s were not collected", name, correlation, exc_info=True)


def nothing() -> Collecting:
    """Return what collects nothing."""
    return Collecting({}, dict, str, lambda _name: None)


def start(environment: Mapping[str, str], failed: Callable[[str], None]) -> Collecting:
    """Start Microsoft's collector where the deployment has one."""
    found = [environment.get(name, "") for name in SWITCHES]
    if not any(value and value.lower() != "false" for value in found):
        return nothing()
    monitoring = import_module("azureml.ai.monitoring")
    contexts = import_module("azureml.ai.monitoring.context.context")
    pandas = import_module("pandas")
    collections: dict[str, Collects] = {}
    for name in (INPUTS, OUTPUTS):
        refusals: list[Exception] = []

        def on_error(
            error: Exception, name: str = name, refusals: list[Exception] = refusals
        ) -> None:
            refusals.append(error)
            failed(name)
            log.warning("%s: %s", name, error)

        # A collection that is not on says so to `on_error` when it is made.
        made = monitoring.Collector(name=name, on_error=on_error)
        if not refusals:
            collections[name] = made

    def context(correlation: str) -> object:
        return contexts.BasicCorrelationContext(id=correlation)

    return Collecting(collections, pandas.DataFrame, context, failed)
