"""What a look finds, what it is tagged with, and how that is written down."""

import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
import yaml

from ml.drift.findings import Findings, Level, Signal
from ml.monitoring import BlobSource, latest, look, window, writing
from ml.release.ports import UnavailableError
from tests.ml.monitoring.conftest import APRIL, DEPLOYMENT, ENDPOINT, drawn

ABOUT = {
    "endpoint": ENDPOINT,
    "deployments": DEPLOYMENT,
    "model": "flights-late:1",
    "false_alarms_per_month": 0.083,
}


@pytest.fixture
def looked(container, served):
    """Return a function that serves rows and looks at April."""

    def make(rows, **changes):
        container.collect(rows)
        container.label(rows)
        return look(served(**changes), *APRIL)

    return make


def reversed_labels(rows):
    return [row | {"label": 1 - row["label"]} for row in rows]


def test_rows_like_the_references_raise_nothing(looked):
    found = looked(drawn(1500, seed=2))
    assert found.findings.alarms == ()
    assert found.alarm == "none"


def test_drift_alone_is_a_note(looked):
    found = looked(drawn(1500, seed=2, shift=25.0))
    assert found.alarm == "note"
    assert {each.name for each in found.findings.alarms} == {"drift of temp"}


def test_a_model_that_errs_pages(looked):
    found = looked(reversed_labels(drawn(1500, seed=2)))
    assert found.alarm == "page"
    assert "performance of auc" in {each.name for each in found.findings.pages}


def test_the_same_data_are_the_same_event_and_others_another(looked, container):
    rows = drawn(300, seed=2)
    first = looked(rows)
    again = looked([])
    assert first.event == again.event
    assert looked(drawn(10, seed=3)).event != first.event


def test_too_few_rows_are_unknown_and_no_alarm(looked):
    found = looked(reversed_labels(drawn(50, seed=2)))
    assert {each.level for each in found.findings.findings} == {Level.UNKNOWN}
    assert found.alarm == "none"


def test_what_was_like_this_a_year_ago_is_no_drift(container, looked):
    from ml.drift.policy import Season  # noqa: PLC0415  beside its use

    before = datetime(2012, 4, 2, 12, tzinfo=UTC)
    container.collect(drawn(1500, seed=4, shift=25.0, start=before), hour="2025/11/24/09")
    season = Season(days_before=364)
    assert looked(drawn(1500, seed=2, shift=25.0), season=season).alarm == "none"


def test_a_window_ends_yesterday_unless_days_are_given(wanted):
    first, last = latest(wanted, datetime(2013, 5, 1, tzinfo=UTC).date())
    assert (first.isoformat(), last.isoformat()) == ("2013-03-31", "2013-04-30")


def test_a_window_can_be_had_alone(container, reference):
    rows = drawn(40)
    container.collect(rows)
    found = window(
        reference,
        container,
        task="flights",
        endpoint=ENDPOINT,
        deployments=[DEPLOYMENT],
        first=APRIL[0],
        last=APRIL[1],
    )
    assert int(found.profile.rows.sum()) == 40


def test_findings_are_read_as_they_were_written(looked, tmp_path):
    found = looked(reversed_labels(drawn(1500, seed=2, shift=25.0)))
    summary = writing.write(found, ABOUT, tmp_path)
    text = (tmp_path / writing.FINDINGS).read_text()
    assert Findings.model_validate_json(text) == found.findings
    assert json.loads((tmp_path / writing.SUMMARY).read_text()) == summary
    assert (summary["alarm"], summary["event"]) == ("page", found.event)
    assert (summary["answers"], summary["labelled"]) == (1500, 1500)
    report = (tmp_path / writing.HTML).read_text()
    assert "performance of auc" in report
    assert "http" not in report  # it stands alone


def test_the_ranking_puts_first_what_costs_most(looked):
    found = looked(drawn(1500, seed=2, shift=25.0))
    ranked = writing.ranked(found.findings)
    assert {each.subject for each in ranked} == {"temp", "carrier", "origin"}
    assert [each.impact for each in ranked] == sorted(
        (each.impact for each in ranked), reverse=True
    )
    weights = {each.subject: each.importance for each in ranked}
    assert weights == pytest.approx({"temp": 0.6, "carrier": 0.3, "origin": 0.1})


def test_names_from_the_data_break_no_report(container, served, tmp_path):
    rows = drawn(400, seed=2)
    for row in rows[:200]:
        row["carrier"] = "<b>|x"
    container.collect(rows)
    found = look(served(), *APRIL)
    (unseen,) = (each for each in found.findings.findings if each.signal is Signal.UNSEEN
                 and each.subject == "carrier")  # fmt: skip
    assert unseen.examples == {"<b>|x": 200}
    renamed = found.findings.model_copy(
        update={"findings": (unseen.model_copy(update={"subject": "<b>|x"}),)}
    )
    writing.write(type(found)(renamed, found.window, found.seen), ABOUT, tmp_path)
    assert "<b>|x" not in (tmp_path / writing.HTML).read_text()
    rows_of_table = [
        line for line in (tmp_path / writing.MARKDOWN).read_text().splitlines() if "<b>" in line
    ]
    assert rows_of_table
    assert all("\\|x" in line for line in rows_of_table)


def test_azure_mls_own_monitor_gets_the_columns_that_it_reads(looked, tmp_path):
    found = looked(reversed_labels(drawn(1500, seed=2))).findings
    writing.signal(found, tmp_path)
    table = yaml.safe_load((tmp_path / "MLTable").read_text())
    assert table["transformations"] == ["read_parquet"]
    rows = pq.read_table(tmp_path / "signal.parquet").to_pylist()
    assert set(rows[0]) == {"group", "metric_name", "metric_value", "threshold_value"}
    breached = {row["group"] for row in rows if row["metric_value"] > row["threshold_value"]}
    assert breached == {each.name for each in found.pages}


def test_mlflow_takes_every_name_of_a_metric(looked):
    import re  # noqa: PLC0415  beside its use

    names = writing.metrics(looked(drawn(1500, seed=2)))
    assert names["rows"] == 1500
    assert names["findings.page"] == 0
    assert "performance.auc.window" in names
    assert all(re.fullmatch(r"[\w.\- /:]+", name) for name in names)


class Blobs:
    """The part of Azure's client that is asked, over a container in memory."""

    def __init__(self, container):
        self.container = container

    def list_blobs(self, name_starts_with):
        for name, tag in self.container.files(name_starts_with):
            yield type("Blob", (), {"name": name, "etag": tag})()

    def download_blob(self, name):
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  beside its use

        if name not in self.container.blobs:
            raise ResourceNotFoundError
        content = self.container.content(name)
        return type("Stream", (), {"readall": lambda _self: content})()


def test_blobs_are_read_as_files_are(container, served):
    rows = drawn(40)
    container.collect(rows)
    container.label(rows)
    source = BlobSource(Blobs(container))
    found = [served(source=each).seen(APRIL)[0] for each in (container, source)]
    assert found[0].window.profile.digest == found[1].window.profile.digest
    assert source.content("gone") == b""


def test_storage_that_does_not_answer_is_said():
    from azure.core.exceptions import ServiceRequestError  # noqa: PLC0415  beside its use

    class Silent:
        def list_blobs(self, name_starts_with):
            raise ServiceRequestError("no route")

    with pytest.raises(UnavailableError):
        list(BlobSource(Silent()).files("x/"))
