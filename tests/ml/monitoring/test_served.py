"""What was served is joined by id, counted on its own day, and read once."""

import itertools
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.drift import build
from ml.drift.findings import Level, Signal
from ml.drift.profile import NoRowsError
from ml.monitoring import FolderSource, Served, Store, look
from tests.ml.monitoring.conftest import (
    APRIL,
    DEPLOYMENT,
    ENDPOINT,
    START,
    Container,
    batch,
    drawn,
    layout_of,
)


def counted(found):
    (seen,) = found.seen(APRIL)
    return seen


def test_collected_rows_give_the_profile_of_the_same_rows(container, served, reference, wanted):
    rows = drawn(300)
    container.collect(rows)
    container.label(rows)
    seen = counted(served())
    layout = layout_of(wanted)
    assert seen.window.profile.digest == build.profile([batch(rows)], reference.bins, layout).digest
    expected = build.segments([batch(rows)], reference.bins, layout, ["origin"])
    assert {name: each.digest for name, each in seen.window.segments.items()} == {
        name: each.digest for name, each in expected.items()
    }
    assert (seen.answers, seen.lost) == (300, 0)


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 59), max_size=4, unique=True), shuffle=st.randoms())
def test_any_split_into_hours_and_files_counts_the_same(cuts, shuffle, wanted, reference):
    from ml import task as tasks  # noqa: PLC0415  beside its use

    rows = drawn(60)
    whole, split = Container(), Container()
    whole.collect(rows)
    edges = [0, *sorted(cuts), 60]
    shuffle.shuffle(rows)
    for place, (first, last) in enumerate(itertools.pairwise(edges)):
        part = rows[first:last]
        split.collect(part, hour=f"2026/11/24/{place // 2:02d}", file=str(place % 2))
    for each in (whole, split):
        each.label(rows)
    task = tasks.load("flights")
    found = [
        counted(Served(task, wanted, reference, each, ENDPOINT, (DEPLOYMENT,)))
        for each in (whole, split)
    ]
    assert found[0].window.profile.digest == found[1].window.profile.digest


def test_a_row_is_of_the_day_that_it_is_about_not_of_the_one_it_was_answered(container, served):
    rows = drawn(40, days=4)
    container.collect(rows)
    found = served().seen((date(2013, 4, 1), date(2013, 4, 2)), (date(2026, 1, 1), date.max))
    assert found[0].window.profile.blocks == ("2013-04-01", "2013-04-02")
    assert found[1].window is None


def test_a_day_starts_where_the_policy_says(container, served):
    early = [row | {"time_hour": "2013-04-02T04:00:00+00:00"} for row in drawn(2)]
    container.collect(early)
    assert counted(served()).window.profile.blocks == ("2013-04-01",)  # midnight in New York
    assert counted(served(day_starts=4)).window.profile.blocks == ("2013-04-02",)


def test_known_hours_are_not_read_again(container, served, tmp_path):
    rows = drawn(40)
    container.collect(rows[:20])
    container.collect(rows[20:], hour="2026/11/24/10")
    container.label(rows)
    first = counted(served(Store(tmp_path)))
    assert (first.read, first.known) == (2, 0)
    container.reads.clear()
    again = counted(served(Store(None, earlier=tmp_path)))
    assert (again.read, again.known) == (0, 2)
    assert container.reads == []
    assert again.window.profile.digest == first.window.profile.digest


def test_an_hour_that_grew_is_read_again_and_no_other(container, served, tmp_path):
    rows = drawn(60)
    container.collect(rows[:20])
    container.collect(rows[20:40], hour="2026/11/24/10")
    counted(served(Store(tmp_path)))
    container.collect(rows[40:], hour="2026/11/24/10", file="b")
    seen = counted(served(Store(tmp_path)))
    assert (seen.read, seen.known, seen.answers) == (1, 1, 60)


def test_labels_that_come_later_are_counted(container, served, tmp_path):
    rows = drawn(60)
    container.collect(rows)
    before = counted(served(Store(tmp_path))).window.profile.outcomes
    assert int(before.rows.sum()) == 0
    container.label(rows[:50])
    after = counted(served(Store(tmp_path))).window.profile.outcomes
    assert int(after.rows.sum()) == 50
    assert int(after.positives.sum()) == sum(row["label"] for row in rows[:50])


def test_another_policy_counts_anew(container, served, tmp_path):
    container.collect(drawn(20))
    counted(served(Store(tmp_path)))
    assert counted(served(Store(tmp_path), day_starts=0)).read == 1


def test_inputs_on_the_other_side_of_a_full_hour_are_found(container, served, tmp_path):
    rows = drawn(20)
    container.collect(rows[:10])
    container.collect(rows[10:], outputs=False)
    container.collect(rows[10:], hour="2026/11/24/10", inputs=False)
    seen = counted(served(Store(tmp_path)))
    assert (seen.answers, seen.lost) == (20, 0)
    assert int(seen.window.profile.rows.sum()) == 20


def test_answers_without_inputs_are_told_and_looked_for_again(container, served, tmp_path):
    rows = drawn(20)
    container.collect(rows[:10])
    container.collect(rows[10:], inputs=False)
    seen = counted(served(Store(tmp_path)))
    assert (seen.answers, seen.lost) == (20, 10)
    assert int(seen.window.profile.rows.sum()) == 10
    container.collect(rows[10:], hour="2026/11/24/10", outputs=False)  # it was late, not lost
    assert counted(served(Store(tmp_path))).lost == 0


def test_a_row_that_came_twice_counts_once(container, served):
    rows = drawn(10)
    container.collect(rows)
    container.collect(rows, file="b")
    assert int(counted(served()).window.profile.rows.sum()) == 10


def test_a_document_that_a_full_disk_cut_off_is_left_out(container, served):
    container.collect(drawn(10))
    for name in container.blobs:
        container.blobs[name] += b'{"data": [{"request_id": "cut'
    assert int(counted(served()).window.profile.rows.sum()) == 10


def test_a_mounted_folder_gives_what_the_container_gives(container, served, tmp_path):
    rows = drawn(50)
    container.collect(rows)
    container.label(rows)
    for name, content in container.blobs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    mounted = FolderSource(
        {
            f"{name}/{ENDPOINT}/": tmp_path / name / ENDPOINT
            for name in ("modelDataCollector", "labels")
        }
    )
    found = [counted(served(source=source)) for source in (container, mounted)]
    assert found[0].window.profile.digest == found[1].window.profile.digest


def test_numbers_meet_the_edges_as_the_model_sees_them(container, served, reference):
    value = 59.37  # 59.369998931884766 in 32 bits, which is what a hold-out holds
    rows = [row | {"temp": value} for row in drawn(10)]
    container.collect(rows)
    cells = counted(served()).window.profile.columns["temp"].total
    (place,) = cells.nonzero()[0]
    assert place == reference.bins.number("temp").count(batch(rows).column("temp").to_numpy())[0]


def test_a_column_that_went_missing_pages(container, served):
    rows = drawn(400)
    for row in rows:
        del row["carrier"]
    container.collect(rows)
    found = look(served(), *APRIL).findings
    (schema,) = (each for each in found.findings if each.signal is Signal.SCHEMA)
    assert (schema.subject, schema.level) == ("carrier", Level.PAGE)
    assert schema.reason == "column carrier is missing"


def test_a_column_of_another_kind_pages(container, served):
    container.collect([row | {"temp": "warm"} for row in drawn(400)])
    (schema,) = (
        each for each in look(served(), *APRIL).findings.findings if each.signal is Signal.SCHEMA
    )
    assert schema.reason == "column temp holds string, wanted a number"


def test_a_segment_without_its_column_is_left_out(container, served):
    rows = drawn(10)
    for row in rows:
        del row["origin"]
    container.collect(rows)
    assert counted(served()).window.segments == {}


def test_nothing_served_is_said_and_is_no_quiet_month(container, served):
    container.collect(drawn(10))
    with pytest.raises(NoRowsError, match=r"late \(blue\) answered nothing about 2014-04-01"):
        look(served(), date(2014, 4, 1), date(2014, 4, 30))


def test_labels_in_the_folder_of_another_zones_day_are_found(container, served):
    rows = drawn(10, days=1)
    container.collect(rows)
    day = START.date() - timedelta(days=1)
    lines = [json.dumps({"request_id": row["request_id"], "label": 1}) for row in rows]
    container.blobs[f"labels/{ENDPOINT}/{day:%Y/%m/%d}/x.jsonl"] = "\n".join(lines).encode()
    assert int(counted(served()).window.profile.outcomes.positives.sum()) == 10


def test_inputs_of_other_days_are_not_read_where_nothing_is_kept(container, served, tmp_path):
    rows = drawn(20)
    container.collect(rows)
    other = (date(2014, 1, 1), date(2014, 1, 31))
    assert served().seen(other)[0].window is None
    assert not [name for name in container.reads if "model_inputs" in name]
    assert served(Store(tmp_path)).seen(other)[0].window is None  # it is counted, for later looks
    container.reads.clear()
    assert counted(served(Store(tmp_path))).answers == 20
    assert container.reads == []
