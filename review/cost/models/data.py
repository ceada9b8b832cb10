"""Data Factory by its runs, Purview by its capacity."""

from collections.abc import Iterator

from review.cost.case import ANY, Case, Service
from review.cost.lines import Line


def factory(case: Case) -> Iterator[Line]:
    """By operations on its definitions and by its runs."""
    operations = "50k operations"
    yield case.usage("reads and writes", "data-factory-read-write", ANY, operations)
    yield case.usage("monitoring", "data-factory-monitoring", ANY, operations)
    yield case.usage("activity runs and data moved", "data-factory-runs", ANY, "1k runs, DIU hour")


def runtime(case: Case) -> Iterator[Line]:
    """A runtime is billed while activities run."""
    yield case.usage("integration runtime", "data-factory-runtime", ANY, "hour of activity")


def purview(case: Case) -> Iterator[Line]:
    """Capacity units all month and scans by the hour."""
    yield case.amount("data map", "purview-capacity", ANY)
    yield case.usage("scans", "purview-scan", ANY, "vCPU hour")


SERVICE = Service(
    "Data",
    {
        "datafactory:Factory": factory,
        "datafactory:IntegrationRuntime": runtime,
        "purview:Account": purview,
    },
)
