"""Schedules through the unmodified client: made, listed, disabled, enabled, triggered, deleted."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]


def test_a_schedule_lives_its_life(ml, steps):
    from azure.ai.ml import Input, dsl  # noqa: PLC0415
    from azure.ai.ml.entities import CronTrigger, JobSchedule  # noqa: PLC0415
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError  # noqa: PLC0415

    @dsl.pipeline(None, name="nightly", default_compute="cpu")
    def pipeline(raw):
        steps["prepare"](source=raw)

    job = pipeline(raw=Input(type="uri_file", path="azureml:raw:1"))
    start = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    trigger = CronTrigger(expression="0 3 * * 1", start_time=start)
    made = ml.schedules.begin_create_or_update(
        JobSchedule(name="nightly", trigger=trigger, create_job=job)
    ).result()
    assert (made.is_enabled, made.trigger.expression) == (True, "0 3 * * 1")
    assert [one.name for one in ml.schedules.list()] == ["nightly"]
    started = ml.schedules.trigger("nightly")
    ml.jobs.stream(started.job_name)
    assert ml.jobs.get(started.job_name).status == "Completed"
    assert ml.jobs.get(started.job_name).display_name.startswith("nightly-")
    assert ml.schedules.begin_disable("nightly").result().is_enabled is False
    with pytest.raises(HttpResponseError, match="is disabled"):
        ml.schedules.trigger("nightly")
    assert ml.schedules.begin_enable("nightly").result().is_enabled is True
    made.trigger.expression = "nonsense"
    with pytest.raises(HttpResponseError, match="has 1 fields"):
        ml.schedules.begin_create_or_update(made).result()
    ml.schedules.begin_disable("nightly").result()
    ml.schedules.begin_delete("nightly").result()
    with pytest.raises(ResourceNotFoundError):
        ml.schedules.get("nightly")
