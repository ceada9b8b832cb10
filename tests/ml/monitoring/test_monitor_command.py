"""What `mlops monitor` says, and what it refuses."""

import io
import json
from datetime import date

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ml.cli import app, console, monitors
from ml.errors import PlatformError
from ml.monitoring import look, writing
from ml.place import Place
from ml.target import Target
from ml.workspace import Run, Workspace
from tests.ml.monitoring.conftest import APRIL, DEPLOYMENT, ENDPOINT, drawn

ABOUT = {
    "endpoint": ENDPOINT,
    "deployments": DEPLOYMENT,
    "model": "flights-late:1",
    "false_alarms_per_month": 0.083,
}


@pytest.fixture
def found(container, served, tmp_path):
    container.collect(drawn(1500, seed=2, shift=25.0))
    looked = look(served(), *APRIL)
    return monitors.Look(writing.write(looked, ABOUT, tmp_path), looked.findings)


@pytest.fixture
def output(monkeypatch):
    made = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=made, width=console.WIDE))
    return made


def test_help_says_that_an_alarm_is_a_result():
    answer = CliRunner().invoke(app, ["monitor", "--help"])
    assert answer.exit_code == 0
    assert "An alarm is a result" in answer.output


def test_the_table_has_what_is_not_fine_and_the_verdict(found, output):
    monitors.show(found, every=False)
    lines = output.getvalue().splitlines()
    assert lines[0].startswith("late, 2013-04-01 to 2013-04-15: 1500 rows of 15 days")
    assert lines[1].split() == ["level", "signal", "subject", "value", "threshold", "reason"]
    assert any(line.split()[:3] == ["note", "drift", "temp"] for line in lines)
    assert not any(line.startswith("fine") for line in lines)
    assert lines[-1].endswith(f"alarm note, event {found.summary['event']}")


def test_all_findings_are_shown_where_that_is_wished(found, output):
    monitors.show(found, every=True)
    shown = [line for line in output.getvalue().splitlines() if line.startswith("fine")]
    assert len(shown) == found.summary["levels"]["fine"]


def test_programs_get_every_test(found):
    run = Run("job", "monitor_flights", "Completed")
    document = json.loads(json.dumps(monitors.Monitored(run, 1.0, found).document))
    assert document["summary"]["alarm"] == "note"
    assert len(document["findings"]) == len(found.findings.findings)
    assert monitors.Monitored(run, 1.0, None).document["findings"] is None


def test_a_schedule_takes_no_days():
    place = Place("s", "rg", "mlw")
    wish = monitors.Wish("flights", None, None, (date(2013, 4, 1), None), None)
    with pytest.raises(PlatformError, match="leave out --from and --to"):
        monitors.schedule(Target(place, "cpu"), Workspace(place), wish)
