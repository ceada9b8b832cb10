"""Our findings as a custom signal of Azure ML's own monitors, where its network allows those."""

from typing import cast

from azure.ai.ml import Input
from azure.ai.ml.entities import (
    CustomMonitoringMetricThreshold,
    CustomMonitoringSignal,
    MonitorDefinition,
    MonitoringTarget,
    MonitorSchedule,
    RecurrencePattern,
    RecurrenceTrigger,
    ServerlessSparkCompute,
)

from ml.monitoring.writing import METRIC, THRESHOLD
from ml.pipelines.monitor import Champion, Found, inputs_of
from ml.task import Task

SIGNAL = "mlops"
# The smallest machine, and a runtime, that Azure ML's monitors take.
SIZE, RUNTIME = "standard_e4s_v3", "3.4"


def build(
    task: Task, *, name: str, endpoint: str, champion: Champion, component: str, found: Found
) -> MonitorSchedule:
    """Return the schedule of the monitor; nothing is sent.

    `component` is the id of the registered component `mlops_monitor`. A workspace whose managed
    network approves outbound traffic rule by rule cannot run these monitors: run the job of
    `ml.pipelines.monitor` on a schedule there.
    """
    # Literals go in as they are, though the client's own annotation knows of data only.
    inputs = cast("dict[str, Input]", inputs_of(task, endpoint, champion, found))
    signal = CustomMonitoringSignal(
        inputs=inputs,
        metric_thresholds=[
            CustomMonitoringMetricThreshold(metric_name=METRIC, threshold=THRESHOLD)
        ],
        component_id=component,
        alert_enabled=True,  # the client's default is off
    )
    return MonitorSchedule(
        name=name,
        trigger=RecurrenceTrigger(
            frequency="day", interval=1, schedule=RecurrencePattern(hours=6, minutes=0)
        ),
        create_monitor=MonitorDefinition(
            compute=ServerlessSparkCompute(instance_type=SIZE, runtime_version=RUNTIME),
            monitoring_target=MonitoringTarget(
                ml_task="classification",
                endpoint_deployment_id=f"azureml:{endpoint}:{champion.deployments[0]}",
            ),
            monitoring_signals={SIGNAL: signal},
            alert_notification="azmonitoring",
        ),
        tags={"task": task.settings.name},  # the client fails on a schedule without tags
    )
