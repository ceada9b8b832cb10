"""Metrics and traces of a scorer in OpenTelemetry, sent to Application Insights where it is set."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import metrics, propagate, trace

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_NAME = "mlops.serving"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Telemetry:
    """The instruments of one scorer; `labels` say which deployment and model it is."""

    labels: Labels
    requests: metrics.Counter
    rows: metrics.Counter
    unknown: metrics.Counter
    uncollected: metrics.Counter
    duration: metrics.Histogram
    tracer: trace.Tracer

    @contextmanager
    def span(self, headers: Mapping[str, str]) -> Generator[trace.Span]:
        """Trace what happens inside as part of the caller's trace."""
        carrier = {name.lower(): value for name, value in headers.items()}
        parent = propagate.extract(carrier)
        with self.tracer.start_as_current_span(
            "score", context=parent, attributes=dict(self.labels)
        ) as span:
            yield span

    def lost(self, collection: str) -> None:
        """Count a payload that was not collected."""
        self.uncollected.add(1, {**self.labels, "collection": collection})

    def count(self, outcome: str, milliseconds: float, rows: int = 0) -> None:
        """Count a request by how it ended."""
        labels = {**self.labels, "outcome": outcome}
        self.requests.add(1, labels)
        self.duration.record(milliseconds, labels)
        if rows:
            self.rows.add(rows, dict(self.labels))


def start(labels: Labels, connection: str | None) -> Telemetry:
    """Return instruments that send to Application Insights, or to nobody without a connection.

    The providers are this scorer's own: the inference server sets up the global ones for itself.
    """
    meters: metrics.MeterProvider = metrics.NoOpMeterProvider()
    tracers: trace.TracerProvider = trace.NoOpTracerProvider()
    if connection:
        meters, tracers = _sending(connection)
    meter = meters.get_meter(_NAME)
    return Telemetry(
        labels=labels,
        requests=meter.create_counter("mlops.serving.requests", description="by outcome"),
        rows=meter.create_counter("mlops.serving.rows", description="rows scored"),
        unknown=meter.create_counter(
            "mlops.serving.unknown_categories", description="cells the model was not fitted on"
        ),
        uncollected=meter.create_counter(
            "mlops.serving.uncollected", description="payloads that were not collected"
        ),
        duration=meter.create_histogram("mlops.serving.duration", unit="ms"),
        tracer=tracers.get_tracer(_NAME),
    )


def _sending(connection: str) -> tuple[metrics.MeterProvider, trace.TracerProvider]:
    # Seconds that a scorer without a connection string need not spend.
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    sent = AzureMonitorMetricExporter(connection_string=connection)
    tracers = TracerProvider()
    exporter = AzureMonitorTraceExporter(connection_string=connection)
    tracers.add_span_processor(BatchSpanProcessor(exporter))
    return MeterProvider([PeriodicExportingMetricReader(sent)]), tracers
