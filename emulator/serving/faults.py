"""Faults on demand: what goes wrong where, how often, and what is left of it."""

import json
import threading
import uuid
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Services
from emulator.server.plain import plain_route

PATH = "/faults"


class Kind(StrEnum):
    """What can go wrong."""

    LOST_REPLY = "lost-reply"
    THROTTLE = "throttle"
    NEVER_READY = "never-ready"
    DIES = "dies-under-load"
    DISK_FULL = "collector-disk-full"


@dataclass(frozen=True)
class Fault:
    """One fault; `target` is part of the id of what it hits, `times` is None for always."""

    id: str
    kind: str
    target: str
    times: int | None = None


class Faults:
    """The faults that are set; they stay over a restart until they are used up or taken away."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        given = json.loads(file.read_text()) if file.is_file() else []
        self._set = [Fault(**one) for one in given]

    def all(self) -> list[Fault]:
        return list(self._set)

    def add(self, kind: str, target: str, times: int | None = None) -> Fault:
        """Set a fault.

        Raises:
            ValueError: there is no such kind, or the number makes no sense.
        """
        if times is not None and times < 1:
            msg = f"times is {times}; give 1 or more, or leave it out for always"
            raise ValueError(msg)
        made = Fault(uuid.uuid4().hex[:8], Kind(kind).value, target.lower(), times)
        with self._lock:
            self._keep([*self._set, made])
        return made

    def clear(self, id_: str | None = None) -> int:
        """Take away one fault or all; gives how many those were."""
        with self._lock:
            left = [one for one in self._set if id_ is not None and one.id != id_]
            gone = len(self._set) - len(left)
            self._keep(left)
        return gone

    def active(self, kind: str, resource: str) -> bool:
        """Whether a fault is set for a resource; it is not used up by asking."""
        return any(one.kind == kind and one.target in resource.lower() for one in self._set)

    def take(self, kind: str, resource: str) -> bool:
        """Whether a fault hits a resource now; it is used up by one."""
        if not self._set:
            return False
        with self._lock:
            for index, one in enumerate(self._set):
                if one.kind != kind or one.target not in resource.lower():
                    continue
                if one.times is not None:
                    rest = replace(one, times=one.times - 1)
                    after = [rest] if rest.times else []
                    self._keep([*self._set[:index], *after, *self._set[index + 1 :]])
                return True
        return False

    def _keep(self, faults: list[Fault]) -> None:
        self._set = faults
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(one) for one in faults]))
        partial.replace(self._file)


@plain_route(PATH)
async def handle(request: Request, services: Services) -> Response:
    """Show the faults; POST `{"kind": ..., "target": ..., "times": 3}` sets one, DELETE clears."""
    faults: Faults = services.azureml.serving.faults
    if request.method == "DELETE":
        return JSONResponse({"cleared": faults.clear(request.query_params.get("id"))})
    if request.method == "POST":
        try:
            body = await request.json()
            times = body.get("times")
            made = faults.add(
                str(body["kind"]), str(body["target"]), None if times is None else int(times)
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            known = ", ".join(Kind)
            told = f'{error}; give {{"kind": one of {known}, "target": part of an id, "times": n}}'
            return JSONResponse({"error": told}, 400)
        return JSONResponse(asdict(made), 201)
    return JSONResponse({"faults": [asdict(one) for one in faults.all()]})
