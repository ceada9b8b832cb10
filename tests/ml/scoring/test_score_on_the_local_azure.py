"""The scoring pipeline through the unmodified client, on the environment that steps run in."""

import csv
from contextlib import suppress

import pyarrow.parquet as pq
import pytest

from ml import environments
from ml.pipelines import score
from tests.emulator.azureml.conftest import _ml  # noqa: F401  the fixture `ml`
from tests.emulator.conftest import served  # noqa: F401  a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(590)]
KEPT = "azureml://datastores/workspaceblobstore/paths/scoring/flights/"
KEY = ("year", "month", "day", "carrier", "flight", "origin", "sched_dep_time")


@pytest.fixture(name="job", scope="module")
def _job(ml, world, flights):
    from azure.ai.ml import load_environment  # noqa: PLC0415  takes seconds
    from azure.ai.ml.entities import Data, Model  # noqa: PLC0415  as above

    ml.environments.create_or_update(load_environment(environments.DEFINITION))
    raw = world.raw.parent / "uploaded"
    raw.mkdir()
    for path in world.raw.iterdir():
        (raw / path.name).write_bytes(path.read_bytes())
    ml.data.create_or_update(Data(name="raw", version="1", path=str(raw), type="uri_folder"))
    model = Model(name="flights-late", version="7", path=str(world.model), type="mlflow_model")
    ml.models.create_or_update(model)

    def build(**more):
        return score.build(
            flights,
            data="azureml:raw:1",
            model=world.wanted.model_copy(update=more),
            compute="cpu",
            as_of=world.as_of,
            kept=KEPT,
            size=score.Size(nodes=1, processes=2, batch_rows=200),
        )

    return build


def log_of(ml, job, folder) -> list[str]:
    (step,) = [
        child for child in ml.jobs.list(parent_job_name=job.name) if child.display_name == "score"
    ]
    ml.jobs.download(step.name, output_name="log", download_path=folder)
    (made,) = [path for path in folder.rglob("*") if path.is_file()]
    return made.read_text().splitlines()


def ended(ml, job):
    from azure.ai.ml.exceptions import JobException  # noqa: PLC0415  takes seconds

    sent = ml.jobs.create_or_update(job)
    with suppress(JobException):  # says that it failed; the test asks for the state
        ml.jobs.stream(sent.name)
    return ml.jobs.get(sent.name)


def test_a_month_is_scored_in_the_order_of_its_rows(ml, job, world, tmp_path):
    done = ended(ml, job())
    assert done.status == "Completed"
    ml.jobs.download(done.name, output_name="merged", download_path=tmp_path / "merged")
    (made,) = (tmp_path / "merged").rglob("scores.parquet")
    found = pq.read_table(made)
    with (world.raw / "flights.csv").open(encoding="utf-8", newline="") as lines:
        wanted = [tuple(row[name] for name in KEY) for row in csv.DictReader(lines)]
    columns = [map(str, found[name].to_pylist()) for name in KEY]
    assert list(zip(*columns, strict=True)) == wanted
    assert set(found["model_digest"].to_pylist()) == {world.wanted.digest}
    log = [line.split() for line in log_of(ml, done, tmp_path / "log")]
    assert sum(int(rows) for _, rows, _ in log) == len(wanted)
    assert {state for *_, state in log} == {"scored"}


def test_a_job_that_asks_for_other_bytes_fails(ml, job):
    assert ended(ml, job(digest="0" * 64)).status == "Failed"
