"""The monitor's job and its schedules are built offline, and agree with the component."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from ml import environments
from ml.pipelines import monitor, monitor_signal

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[3]
CHAMPION = monitor.Champion(name="flights-late", version="3", deployments=("v3-blue", "v3-green"))


def build(task, **given):
    return monitor.build(task, endpoint="late", champion=CHAMPION, compute="cpu", **given)


@pytest.fixture(scope="module")
def job(flights):
    return build(flights, days=(date(2013, 4, 1), date(2013, 4, 30)))


@pytest.fixture(scope="module")
def step(job):
    return yaml.safe_load(str(job))["jobs"]["monitor"]


def test_the_job_is_valid_before_it_is_sent(job):
    assert job._validate().passed
    assert job.name is None


def test_it_reads_what_the_endpoint_collected_and_the_champion(step):
    inputs = step["inputs"]
    store = "azureml://datastores/workspaceblobstore/paths"
    assert inputs["collected"]["path"] == f"{store}/modelDataCollector/late/"
    assert inputs["labels"]["path"] == f"{store}/labels/late/"
    assert inputs["model"] == {"type": "mlflow_model", "path": "azureml:flights-late:3"}
    assert inputs["deployments"] == "v3-blue,v3-green"
    assert (inputs["first"], inputs["last"]) == ("2013-04-01", "2013-04-30")
    assert "earlier" not in inputs


def test_counted_hours_stay_where_the_next_job_finds_them(flights, step):
    hours = step["outputs"]["hours"]
    assert hours["mode"] == "rw_mount"
    again = yaml.safe_load(str(build(flights, found=monitor.Found(earlier=True))))
    assert again["jobs"]["monitor"]["inputs"]["earlier"]["path"] == hours["path"]


def test_a_folder_that_is_not_there_yet_is_not_mounted(flights):
    found = monitor.Found(labels=False, earlier=False)
    inputs = yaml.safe_load(str(build(flights, found=found)))["jobs"]["monitor"]["inputs"]
    assert not {"labels", "earlier", "first", "last"} & set(inputs)


def test_the_component_passes_arguments_that_the_step_knows():
    component = yaml.safe_load(monitor.COMPONENT.read_text())
    words = component["command"].split()
    assert words[:3] == ["python", "run_step.py", "monitor"]
    code = "".join((ROOT / "ml" / "steps" / f"{n}.py").read_text() for n in ("monitor", "command"))
    options = [word.removeprefix("$[[") for word in words]
    assert all(f'"{word}"' in code for word in options if word.startswith("--"))
    named = set(re.findall(r"\$\{\{(?:inputs|outputs)\.(\w+)\}\}", component["command"]))
    assert named == {*component["inputs"], *component["outputs"]}
    assert component["environment"] == environments.reference()
    assert component["is_deterministic"] is False


def test_a_schedule_does_not_run_at_once(flights):
    made = monitor.on_schedule("late", build(flights), at=(6, 30), start=date(2026, 11, 25))
    trigger = made._to_rest_object().as_dict()["properties"]["trigger"]
    assert trigger["startTime"] == "2026-11-25T06:30:00"
    assert trigger["schedule"] == {"hours": [6], "minutes": [30]}


def test_azure_mls_own_monitor_takes_the_findings_as_a_signal(flights):
    made = monitor_signal.build(
        flights,
        name="late-monitor",
        endpoint="late",
        champion=CHAMPION,
        component="azureml:mlops_monitor:1",
        found=monitor.Found(),
    )
    action = made._to_rest_object().as_dict()["properties"]["action"]
    definition = action["monitorDefinition"]
    (signal,) = definition["signals"].values()
    assert signal["signalType"] == "Custom"
    assert signal["mode"] == "Enabled"
    assert signal["componentId"] == "azureml:mlops_monitor:1"
    assert signal["metricThresholds"] == [{"metric": "alarm_level", "threshold": {"value": 1.5}}]
    assert signal["inputs"]["endpoint"] == {"value": "late", "jobInputType": "literal"}
    assert signal["inputs"]["model"]["uri"] == "azureml:flights-late:3"
    assert definition["alertNotificationSetting"]["alertNotificationType"] == "AzureMonitor"


def test_the_signals_component_has_the_ports_that_azure_ml_asks_for():
    component = yaml.safe_load(monitor.COMPONENT.read_text())
    assert component["outputs"]["signal_metrics"] == {"type": "mltable"}
    assert component["inputs"]["alarm_level_threshold"]["default"] == 1.5
