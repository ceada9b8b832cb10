"""The record of a replayed year says exactly what was put into it."""

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml.loop.record import Decision, Loop, LoopError, Month, read, save

AT = dt.datetime(2013, 5, 1, 6, tzinfo=dt.UTC)


def decision(**numbers) -> Decision:
    return Decision(
        at=AT, kind="gate", subject="flights:4", verdict="pass", reason="r", numbers=numbers
    )


def record(**parts) -> Loop:
    return Loop(
        title="The year",
        task="flights",
        stack="dev",
        began=AT,
        ended=AT + dt.timedelta(minutes=4),
        first=dt.date(2013, 1, 1),
        last=dt.date(2013, 12, 31),
        **parts,
    )


def test_a_record_reads_back_as_it_was_written(tmp_path: Path):
    path = tmp_path / "deep" / "loop.json"
    written = record(
        decisions=(decision(gain=0.5, days=31, whole=2.0, sure=True, model="a", none=None),)
    )

    save(written, path)

    assert read(path) == written
    numbers = read(path).decisions[0].numbers
    assert [type(value) for value in numbers.values()] == [
        float,
        int,
        float,
        bool,
        str,
        type(None),
    ]


def test_numbers_that_json_does_not_know_are_spelled(tmp_path: Path):
    path = tmp_path / "loop.json"
    written = record(decisions=(decision(odds=float("inf"), auc=float("nan")),))

    save(written, path)

    assert read(path).decisions[0].numbers == {"odds": "inf", "auc": "nan"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "guess"},
        {"at": dt.datetime(2013, 5, 1)},  # noqa: DTZ001  a time without zone is the mistake
        {"verdict": ""},
        {"colour": "red"},
    ],
)
def test_a_decision_refuses_what_it_does_not_know(wrong: dict[str, object]):
    given = {"at": AT, "kind": "gate", "subject": "s", "verdict": "pass", "reason": "r"}

    with pytest.raises(ValidationError):
        Decision.model_validate(given | wrong)


def test_a_month_is_named_by_year_and_number():
    with pytest.raises(ValidationError):
        Month(month="April", rows=1, labelled=1, champion=None)


def test_a_part_of_a_record_cannot_be_changed():
    with pytest.raises(ValidationError):
        decision().reason = "another"  # ty: ignore[invalid-assignment]  that is the test


def test_a_missing_record_says_who_writes_it(tmp_path: Path):
    with pytest.raises(LoopError, match="`mlops loop` writes it"):
        read(tmp_path / "loop.json")


def test_a_wrong_record_names_every_mistake(tmp_path: Path):
    path = tmp_path / "loop.json"
    path.write_text('{"title": 3, "task": "flights"}')

    with pytest.raises(LoopError, match=r"(?s)loop\.json is no record.*title.*stack.*began"):
        read(path)
