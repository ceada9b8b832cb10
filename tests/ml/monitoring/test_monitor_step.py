"""The step writes findings, tags its run, and succeeds whatever it found."""

import json
import subprocess
import sys

import pytest

from ml import evidence, tracking
from ml.drift import policy
from ml.errors import TaskError
from ml.steps import monitor
from tests.ml.monitoring.conftest import DEPLOYMENT, ENDPOINT, drawn

HEAVY = {"xgboost", "mlflow", "azure", "sklearn", "pandas", "ibis", "pyarrow"}


@pytest.fixture
def run(container, reference, wanted, tmp_path, monkeypatch):
    """Return a function that lays out what a job mounts and runs the step."""
    monkeypatch.setattr(policy, "load", lambda _task: wanted)
    told = {}
    monkeypatch.setattr(
        tracking, "record", lambda numbers, _, tags: told.update(numbers=numbers, tags=tags)
    )

    def start(rows, *more, labels=True):
        container.collect(rows)
        container.label(rows)
        for name, content in container.blobs.items():
            path = tmp_path / "store" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        model = tmp_path / "model" / evidence.FOLDER
        model.mkdir(parents=True, exist_ok=True)
        (model / evidence.REFERENCE).write_text(reference.model_dump_json())
        words = ["--endpoint", ENDPOINT, "--deployments", f"{DEPLOYMENT}, ", "--model-name", "m:1"]
        words += ["--model", model.parent]
        words += ["--collected", tmp_path / "store" / "modelDataCollector" / ENDPOINT]
        words += ["--labels", tmp_path / "store" / "labels" / ENDPOINT] if labels else []
        for name in ("hours", "findings", "signal"):
            words += [f"--{name}", tmp_path / name]
        words += ["--first", "2013-04-01", "--last", "2013-04-30", *more]
        monitor.main([str(word) for word in words])
        return json.loads((tmp_path / "findings" / "summary.json").read_text()), told

    return start


def test_an_alarm_is_a_result_with_tags(run, tmp_path):
    rows = [row | {"label": 1 - row["label"]} for row in drawn(1500, seed=2)]
    summary, told = run(rows)
    assert summary["alarm"] == "page"
    assert told["tags"] == {"alarm": "page", "event": summary["event"], "endpoint": ENDPOINT}
    assert told["numbers"]["findings.page"] >= 1
    names = {
        path.name for folder in ("findings", "signal") for path in (tmp_path / folder).iterdir()
    }
    assert names == {"findings.json", "summary.json", "report.md", "report.html",
                     "MLTable", "signal.parquet"}  # fmt: skip


def test_the_next_run_reads_what_is_new_only(run, tmp_path):
    run(drawn(300, seed=2))
    summary, _ = run([], "--earlier", str(tmp_path / "hours"), "--hours", str(tmp_path / "again"))
    assert (summary["hours_read"], summary["hours_known"]) == (0, 1)


def test_without_labels_what_needs_them_is_unknown(run):
    summary, told = run(drawn(1500, seed=2), labels=False)
    assert summary["labelled"] == 0
    assert summary["levels"]["unknown"] >= 3
    assert told["tags"]["alarm"] == "none"


def test_days_in_the_wrong_order_are_refused(run):
    with pytest.raises(TaskError, match="the window ends on 2013-03-01, before 2013-04-01"):
        run(drawn(10), "--last", "2013-03-01")


def test_the_step_explains_itself_without_heavy_imports():
    code = (
        "import runpy, sys\n"
        "sys.argv = ['monitor', '--help']\n"
        "try:\n"
        "    runpy.run_module('ml.steps.monitor', run_name='__main__')\n"
        "finally:\n"
        f"    print('heavy:', sorted(set(sys.modules) & {HEAVY!r}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "heavy: []" in ran.stdout
