"""A parallel step through the unmodified client: the files of a folder, in mini batches."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]
SCRIPT = """
import argparse, pathlib
def init():
    global factor
    parser = argparse.ArgumentParser()
    parser.add_argument("--factor", type=int)
    factor = parser.parse_known_args()[0].factor
def run(mini_batch):
    assert len(mini_batch) <= 2
    return [int(pathlib.Path(f).read_text()) * factor for f in mini_batch]
"""


def test_a_parallel_step_scores_every_file_once(ml, steps, tmp_path):
    from azure.ai.ml import Input, Output, dsl  # noqa: PLC0415
    from azure.ai.ml.entities import RetrySettings  # noqa: PLC0415
    from azure.ai.ml.parallel import RunFunction, parallel_run_function  # noqa: PLC0415

    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(SCRIPT)
    (tmp_path / "in").mkdir()
    for number in range(7):
        (tmp_path / "in" / f"{number}.txt").write_text(str(number))
    score = parallel_run_function(
        name="score",
        inputs={"data": Input(type="uri_folder"), "factor": Input(type="integer", default=10)},
        outputs={"rows": Output(type="uri_file")},
        input_data="${{inputs.data}}",
        instance_count=2,
        max_concurrency_per_instance=1,
        mini_batch_size="2",
        mini_batch_error_threshold=0,
        retry_settings=RetrySettings(max_retries=1, timeout=30),
        task=RunFunction(
            code=str(tmp_path / "src"),
            entry_script="score.py",
            program_arguments="--factor ${{inputs.factor}}",
            environment="azureml:steps:1",
            append_row_to="${{outputs.rows}}",
        ),
    )

    @dsl.pipeline(None, name="scoring", default_compute="cpu")
    def pipeline(files):
        scored = score(data=files)
        return {"rows": scored.outputs.rows}

    files = Input(type="uri_folder", path=str(tmp_path / "in"))
    job = ml.jobs.create_or_update(pipeline(files=files))
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).status == "Completed"
    ml.jobs.download(job.name, output_name="rows", download_path=tmp_path / "out")
    (made,) = [f for f in (tmp_path / "out").rglob("*") if f.is_file()]
    assert made.read_text().split() == [str(10 * number) for number in range(7)]
    (child,) = ml.jobs.list(parent_job_name=job.name)
    assert (child.display_name, ml.jobs.get(child.name).status) == ("score", "Completed")
