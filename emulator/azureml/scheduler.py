"""What fires schedules: a thread that looks at the clock, and the clock, which can be put on."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Context, Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import schedules
from emulator.login.callers import PRIVATE, Caller, Principal
from emulator.runner.durations import PlanError, seconds
from emulator.server.plain import plain_route

log = logging.getLogger(__name__)
PATH = "/clock"
_EVERY_SECONDS = 1.0
# A clock put on by a month would else start a job for each minute of it.
_MOST_AT_ONCE = 24


class Clock:
    """The time of schedules: the machine's, put on by what tests and demonstrations ask for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = float(json.loads(file.read_text())["ahead"]) if file.is_file() else 0.0
        self.changed = threading.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def advance(self, by: float) -> datetime:
        """Put the clock on by so many seconds; it stays so, and never goes back."""
        if by < 0:
            msg = f"the clock cannot go back by {-by:g} s; give a duration that is not negative"
            raise ValueError(msg)
        self._ahead += by
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps({"ahead": self._ahead}))
        partial.replace(self._file)
        self.changed.set()
        return self.now()


class Scheduler:
    """Starts the jobs of schedules when they are due.

    What was due while no server ran is not made up for: a stopped local Azure has no past.
    """

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services, self._clock = services, clock
        self._seen = clock.now()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing any more."""
        self._ended.set()
        self._clock.changed.set()
        self._thread.join()

    def look(self) -> int:
        """Start all that has become due since the last look; gives how many jobs that were."""
        with self._lock:
            before, now = self._seen, self._clock.now()
            self._seen = now
            return sum(
                self._fire(schedule, before, now)
                for schedule in self._services.store.find(schedules.TYPE)
                if schedule["properties"]["isEnabled"] and schedules.fires(schedule)
            )

    def _watch(self) -> None:
        while not self._ended.is_set():
            self._clock.changed.wait(_EVERY_SECONDS)
            self._clock.changed.clear()
            if not self._ended.is_set():
                self.look()

    def _fire(self, schedule: Resource, before: datetime, now: datetime) -> int:
        trigger = schedules.trigger(schedule, schedules.made_at(schedule))
        due = trigger.between(max(before, schedules.made_at(schedule)), now)
        if len(due) > _MOST_AT_ONCE:
            left = len(due) - _MOST_AT_ONCE
            log.warning("schedule %s: %d runs due at once are left out", schedule["id"], left)
        ctx = Context(self._services.store, self._caller(schedule), self._services)
        started = 0
        for moment in due[-_MOST_AT_ONCE:]:
            try:
                run = schedules.fire(ctx, schedule, moment)
            except ArmError as error:
                # nobody waits for an answer: the log is where it is told
                log.warning("schedule %s started no job: %s", schedule["id"], error.message)
            else:
                started += 1
                log.info("schedule %s started %s", schedule["id"], run.name)
        return started

    def _caller(self, schedule: Resource) -> Caller:
        author = str((schedule.get("systemData") or {}).get("createdBy") or "")
        who: Principal | None = self._services.principals.resolve(author) if author else None
        return Caller(PRIVATE, who)


@plain_route(PATH)
async def handle(request: Request, services: Services) -> Response:
    """Show the clock of schedules; POST `{"advance": "P1D"}` puts it on."""
    clock: Clock = services.azureml.clock
    if request.method == "POST":
        try:
            clock.advance(seconds((await request.json())["advance"]) or 0.0)
        except (PlanError, ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f'{error}; give {{"advance": "P1D"}}'}, 400)
    return JSONResponse({"now": clock.now().isoformat()})
