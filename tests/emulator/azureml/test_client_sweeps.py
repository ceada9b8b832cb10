"""Sweeps and distributed jobs through the unmodified client."""

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]
# Logs as MLflow's client does, without its seconds of imports.
TRIAL = """
import json, os, pathlib, sys, urllib.request
rate, target = float(sys.argv[1]), pathlib.Path(sys.argv[2])
(target / "rate.txt").write_text(str(rate))
base = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://")
metric = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "auc", "value": rate, "timestamp": 1}
request = urllib.request.Request(
    base + "/api/2.0/mlflow/runs/log-metric",
    json.dumps(metric).encode(),
    {
        "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"],
        "Content-Type": "application/json",
    },
)
urllib.request.urlopen(request).read()
"""


@pytest.fixture(scope="module", name="trial")
def _trial(steps, tmp_path_factory):
    from azure.ai.ml.entities import CommandComponent  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("trial")
    (folder / "trial.py").write_text(TRIAL)
    return CommandComponent(
        name="trial",
        version="1",
        code=str(folder),
        environment="azureml:steps:1",
        command="python trial.py ${{inputs.rate}} ${{outputs.model}}",
        inputs={"rate": {"type": "number"}},
        outputs={"model": {"type": "custom_model"}},
    )


def test_a_sweep_job_finds_its_best_trial(ml, trial, tmp_path):
    from azure.ai.ml import Output, command  # noqa: PLC0415
    from azure.ai.ml.sweep import BanditPolicy, Uniform  # noqa: PLC0415

    job = command(
        code=trial.code,
        command=trial.command,
        environment="azureml:steps:1",
        compute="cpu",
        inputs={"rate": 0.5},
        outputs={"model": Output(type="custom_model")},
    )
    sweep = job(rate=Uniform(min_value=0.1, max_value=0.9)).sweep(
        compute="cpu", sampling_algorithm="random", primary_metric="auc", goal="Maximize"
    )
    sweep.set_limits(max_total_trials=3, max_concurrent_trials=2, timeout=120)
    sweep.early_termination = BanditPolicy(slack_factor=0.5, evaluation_interval=1)
    made = ml.jobs.create_or_update(sweep, experiment_name="sweeps")
    ml.jobs.stream(made.name)
    found = ml.jobs.get(made.name)
    assert found.status == "Completed"
    assert (found.objective.goal.lower(), found.limits.max_total_trials) == ("maximize", 3)
    trials = list(ml.jobs.list(parent_job_name=made.name))
    rates = {
        one.name: float(json.loads(ml.jobs.get(one.name).tags["hyperparameters"])["rate"])
        for one in trials
    }
    best = found.properties["best_child_run_id"]
    assert len(rates) == 3
    assert best == max(rates, key=lambda name: rates[name])
    ml.jobs.download(made.name, output_name="model", download_path=tmp_path)
    assert [float(f.read_text()) for f in tmp_path.rglob("rate.txt")] == [rates[best]]


def test_a_sweep_node_hands_its_best_model_on(ml, trial, steps):
    from azure.ai.ml import dsl  # noqa: PLC0415
    from azure.ai.ml.sweep import Choice, MedianStoppingPolicy  # noqa: PLC0415

    @dsl.pipeline(None, name="tuned", default_compute="cpu")
    def pipeline():
        tuned = trial(rate=Choice([0.2, 0.7, 0.4])).sweep(
            primary_metric="auc", goal="maximize", sampling_algorithm="grid"
        )
        tuned.set_limits(max_total_trials=3, max_concurrent_trials=2)
        tuned.early_termination = MedianStoppingPolicy(delay_evaluation=5)
        steps["evaluate"](source=tuned.outputs.model)
        return {"model": tuned.outputs.model}

    job = ml.jobs.create_or_update(pipeline())
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).status == "Completed"
    children = {c.display_name: c for c in ml.jobs.list(parent_job_name=job.name)}
    assert set(children) == {"tuned", "evaluate"}
    best = ml.jobs.get(children["tuned"].name).properties["best_child_run_id"]
    assert json.loads(ml.jobs.get(best).tags["hyperparameters"]) == {"rate": "0.7"}


def test_a_distributed_job_runs_on_two_nodes(ml, steps, tmp_path):
    from azure.ai.ml import PyTorchDistribution, command  # noqa: PLC0415

    job = ml.jobs.create_or_update(
        command(
            command='echo "$RANK of $WORLD_SIZE on $NODE_RANK"',
            environment="azureml:steps:1",
            compute="cpu",
            instance_count=2,
            distribution=PyTorchDistribution(process_count_per_instance=2),
        )
    )
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path)
    logs = sorted((tmp_path / "artifacts" / "user_logs").glob("std_log_process_*.txt"))
    assert [log.read_text() for log in logs] == [
        "0 of 4 on 0\n",
        "1 of 4 on 0\n",
        "2 of 4 on 1\n",
        "3 of 4 on 1\n",
    ]
