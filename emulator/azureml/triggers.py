"""When schedules fire: cron expressions and recurrences, from one moment to the next."""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from emulator.azureml.zones import zone

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(calendar.month_abbr[number].lower() for number in range(1, 13))
# Field by field: its name, its least and greatest number, and the words for them.
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, tuple(day[:3] for day in _DAYS)),
)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_LONG = ("day", "week", "month")
# 29 February comes again within eight years.
_HORIZON_DAYS = 8 * 366 + 1


class TriggerError(ValueError):
    """A trigger that makes no sense, with what is wanted."""


@dataclass(frozen=True)
class Cron:
    """Five fields, as sets of numbers; a moment fits when all of them have it."""

    fields: tuple[frozenset[int], ...]

    def times(self, start: datetime) -> Iterator[datetime]:
        """The moments at or after `start`, without end unless there is none."""
        minutes, hours, days, months, weekdays = self.fields
        for offset in range(_HORIZON_DAYS):
            day = (start + timedelta(days=offset)).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            if day.month not in months or day.day not in days:
                continue
            if (day.weekday() + 1) % 7 not in weekdays:
                continue
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    moment = day.replace(hour=hour, minute=minute)
                    if moment >= start:
                        yield moment


@dataclass(frozen=True)
class Recurrence:
    """Every so many minutes, hours, days, weeks or months, from an anchor on."""

    frequency: str
    interval: int
    anchor: datetime
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[str, ...] = ()
    month_days: tuple[int, ...] = ()

    def times(self, start: datetime) -> Iterator[datetime]:
        """The moments at or after `start`."""
        unit = _UNITS.get(self.frequency)
        if unit is not None:
            step = unit * self.interval
            passed = max(0, -((self.anchor - start) // step))
            while True:
                moment = self.anchor + passed * step
                if moment >= start:
                    yield moment
                passed += 1
        for offset in range(_HORIZON_DAYS):
            day = max(start, self.anchor) + timedelta(days=offset)
            if self._is_day(day):
                yield from (m for m in self._on(day) if m >= max(start, self.anchor))

    def _is_day(self, day: datetime) -> bool:
        first = self.anchor.date()
        match self.frequency:
            case "day":
                return (day.date() - first).days % self.interval == 0
            case "week":
                monday, then = (d - timedelta(days=d.weekday()) for d in (first, day.date()))
                wanted = self.week_days or (_word(self.anchor),)
                return (then - monday).days // 7 % self.interval == 0 and _word(day) in wanted
        apart = (day.year - first.year) * 12 + day.month - first.month
        # a month without the day is left out, as no day of it is meant
        return apart % self.interval == 0 and day.day in (self.month_days or (first.day,))

    def _on(self, day: datetime) -> Iterator[datetime]:
        for hour in self.hours or (self.anchor.hour,):
            for minute in self.minutes or (self.anchor.minute,):
                second = 0 if self.minutes else self.anchor.second
                yield day.replace(hour=hour, minute=minute, second=second, microsecond=0)


@dataclass(frozen=True)
class Trigger:
    """A trigger: its pattern in local time, and between which moments it holds."""

    pattern: Cron | Recurrence
    zone: ZoneInfo
    starts: datetime | None
    ends: datetime | None

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after this one, in UTC, as long as the trigger holds."""
        low = moment
        if self.starts is not None:
            low = max(low, self.starts - timedelta(microseconds=1))
        local = (low + timedelta(microseconds=1)).astimezone(self.zone).replace(tzinfo=None)
        for naive in self.pattern.times(local):
            found = naive.replace(tzinfo=self.zone).astimezone(UTC)
            if self.ends is not None and found > self.ends:
                return
            if found > low:
                yield found

    def between(self, moment: datetime, until: datetime) -> list[datetime]:
        """The moments after `moment`, up to and with `until`."""
        return list(takewhile(lambda found: found <= until, self.after(moment)))


def read(given: Mapping[str, Any], made: datetime) -> Trigger:
    """Read a trigger as ARM has it; one without a start counts from when it was `made`.

    Raises:
        TriggerError: something in it is not understood.
    """
    try:
        where = zone(given.get("timeZone"))
    except ValueError as error:
        raise TriggerError(str(error)) from error
    starts, ends = _moment(given, "startTime", where), _moment(given, "endTime", where)
    if starts is not None and ends is not None and ends <= starts:
        msg = f"endTime {given['endTime']} is not after startTime {given['startTime']}"
        raise TriggerError(msg)
    if str(given.get("triggerType")).lower() == "cron":
        return Trigger(cron(str(given.get("expression") or "")), where, starts, ends)
    if str(given.get("frequency")).lower() in _UNITS:
        # minutes and hours pass alike, whatever clocks are turned to
        where = ZoneInfo("Etc/UTC")
    anchor = (starts or made).astimezone(where).replace(tzinfo=None)
    return Trigger(_recurrence(given, anchor), where, starts, ends)


def cron(expression: str) -> Cron:
    """Read the five fields of an expression in NCronTab's form."""
    words = expression.split()
    if len(words) != len(_FIELDS):
        names = ", ".join(name for name, *_ in _FIELDS)
        msg = f"the expression {expression!r} has {len(words)} fields; give five: {names}"
        raise TriggerError(msg)
    read = (_field(word, field) for word, field in zip(words, _FIELDS, strict=True))
    return Cron(tuple(frozenset(numbers) for numbers in read))


def _field(word: str, field: tuple[str, int, int, tuple[str, ...]]) -> Iterable[int]:
    name, least, most, words = field
    for part in word.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first == "*" and not dash:
            low, high = least, most
        else:
            low = _number(first, least, words)
            high = _number(last, least, words) if dash else (most if step else low)
        every = int(step) if step.isdigit() else 1 if not step else 0
        if not least <= low <= high <= most or every < 1:
            msg = f"{part!r} is no {name}; give {least} to {most}, *, lists, ranges or steps"
            raise TriggerError(msg)
        yield from range(low, high + 1, every)


def _number(text: str, least: int, words: tuple[str, ...]) -> int:
    if text[:3].lower() in words and text.isalpha():
        return words.index(text[:3].lower()) + least
    return int(text) if text.isdigit() else -1


def _recurrence(given: Mapping[str, Any], anchor: datetime) -> Recurrence:
    frequency = str(given.get("frequency")).lower()
    if frequency not in (*_UNITS, *_LONG):
        msg = f"frequency is {given.get('frequency')!r}; give one of {(*_UNITS, *_LONG)}"
        raise TriggerError(msg)
    interval = given.get("interval")
    if not isinstance(interval, int) or isinstance(interval, bool) or interval < 1:
        msg = f"interval is {interval!r}; give a whole number, 1 or more"
        raise TriggerError(msg)
    pattern = given.get("schedule") or {}
    found = Recurrence(
        frequency=frequency,
        interval=interval,
        anchor=anchor.replace(microsecond=0),
        hours=_numbers(pattern, "hours", 0, 23),
        minutes=_numbers(pattern, "minutes", 0, 59),
        month_days=_numbers(pattern, "monthDays", 1, 31),
        week_days=tuple(str(day).lower() for day in pattern.get("weekDays") or ()),
    )
    unknown = sorted(set(found.week_days) - set(_DAYS))
    if unknown:
        msg = f"schedule.weekDays has {', '.join(unknown)}; give names of days such as monday"
        raise TriggerError(msg)
    if frequency in _UNITS and (found.hours or found.minutes or found.week_days):
        msg = f"schedule goes with a frequency of {', '.join(_LONG)}, found {frequency}"
        raise TriggerError(msg)
    return found


def _numbers(pattern: Mapping[str, Any], key: str, least: int, most: int) -> tuple[int, ...]:
    found = tuple(pattern.get(key) or ())
    if not all(isinstance(one, int) and least <= one <= most for one in found):
        msg = f"schedule.{key} is {list(found)}; give numbers from {least} to {most}"
        raise TriggerError(msg)
    return tuple(sorted(set(found)))


def _moment(given: Mapping[str, Any], key: str, where: ZoneInfo) -> datetime | None:
    """A moment; without an offset of its own it is in the trigger's zone."""
    text = given.get(key)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        msg = f"{key} is {text!r}; give a time such as 2026-01-31T03:00:00"
        raise TriggerError(msg) from error
    return (found if found.tzinfo else found.replace(tzinfo=where)).astimezone(UTC)


def _word(day: datetime) -> str:
    return _DAYS[(day.weekday() + 1) % 7]
