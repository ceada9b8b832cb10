"""An endpoint, a store and a source that can be killed, lose replies and refuse, at any call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ml.release.evidence import Assigned, Evidence, Observed, Readiness, Served
from ml.release.policy import Shadow
from ml.release.ports import BusyError, ChangedError, Stored, UnavailableError
from ml.release.state import Phase, State, read
from ml.release.traffic import EndpointKind, Traffic
from tests.ml.release.building import BLUE, GREEN, START, gains


class KilledError(BaseException):
    """The controller's process ended here."""


@dataclass
class World:
    """Everything that outlives a controller.

    `plan` says what happens at which call, `refusals` how often calls of a name are refused.
    """

    traffic: Traffic = field(default_factory=lambda: Traffic.all_to(BLUE))
    there: dict[str, Readiness] = field(
        default_factory=lambda: {BLUE: Readiness.READY, GREEN: Readiness.READY}
    )
    kind: EndpointKind = EndpointKind.MANAGED
    clock: datetime = START
    gain: float = 0.02
    errors: int = 1
    kept: bytes | None = None
    tag: int = 0
    old: dict[str, bytes] = field(default_factory=dict)
    leased: bool = False
    plan: dict[int, str] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    written: list[Traffic] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += timedelta(seconds=seconds)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Let a call fail before or after it took effect, if that is planned."""
        fault = self.plan.get(len(self.calls), "")
        self.calls.append(name)
        if self.refusals.get(name, 0):
            self.refusals[name] -= 1
            fault = "lost before"
        _raise(fault, "before")
        yield
        _raise(fault, "after")


def _raise(fault: str, moment: str) -> None:
    if fault == f"killed {moment}":
        raise KilledError
    if fault == f"lost {moment}":
        raise UnavailableError(f"no reply, {moment} it was done")


@dataclass
class FakeEndpoint:
    """An endpoint that holds what it is given."""

    world: World

    def read(self) -> Observed:
        with self.world.call("read"):
            world = self.world
            return Observed(kind=world.kind, traffic=world.traffic, deployments=dict(world.there))

    def apply(self, wanted: Traffic, seen: Traffic) -> None:
        with self.world.call("apply"):
            if self.world.traffic == wanted:
                return
            if self.world.traffic != seen:
                raise ChangedError(f"it has {self.world.traffic}")
            self.world.traffic = wanted
            self.world.written.append(wanted)

    def retire(self, deployment: str) -> None:
        with self.world.call("retire"):
            assert deployment not in self.world.traffic.deployments
            self.world.there.pop(deployment, None)


@dataclass
class FakeSource:
    """Figures that grow with the time that a stage has lasted."""

    world: World

    def measure(self, state: State, observed: Observed) -> Evidence:
        with self.world.call("measure"):
            world, since = self.world, state.confirmed or self.world.clock
            share = 10
            if state.phase is Phase.STAGE:
                stage = state.policy.stages[state.stage]
                share = stage.mirror if isinstance(stage, Shadow) else stage.share
            hours = (world.clock - since).total_seconds() / 3600
            requests = int(10_000 * hours / 24)
            to_green = requests * share // 100
            return Evidence(
                release=state.request.release, turn=state.turn, until=world.clock,
                observed=observed,
                champion=Served(requests=requests, errors=requests // 1000),
                challenger=Served(requests=to_green, errors=min(to_green, world.errors)),
                assigned=Assigned(champion=requests - to_green, challenger=to_green),
                pairs=tuple(gains(int(hours / 24), world.gain, first=since.date())),
            )  # fmt: skip


@dataclass
class FakeLease:
    """A lease that is lost when the world says so."""

    world: World

    def renew(self) -> None:
        with self.world.call("renew"):
            if not self.world.leased:
                raise BusyError("the lease ran out")


@dataclass
class FakeStore:
    """A state in one blob with a tag."""

    world: World

    @contextmanager
    def lease(self) -> Iterator[FakeLease]:
        if self.world.leased:
            raise BusyError("another controller holds the lease of flights")
        self.world.leased = True
        try:
            yield FakeLease(self.world)
        except KilledError:
            raise  # a killed process gives nothing back; the lease has to run out
        except BaseException:
            self.world.leased = False
            raise
        self.world.leased = False

    def load(self) -> Stored | None:
        with self.world.call("load"):
            kept = self.world.kept
            return Stored(read(kept), str(self.world.tag)) if kept is not None else None

    def save(self, state: State, tag: str | None) -> str:
        with self.world.call("save"):
            if tag != (None if self.world.kept is None else str(self.world.tag)):
                raise ChangedError("another state is there")
            self.world.kept, self.world.tag = state.content, self.world.tag + 1
            return str(self.world.tag)

    def archive(self, state: State) -> None:
        with self.world.call("archive"):
            self.world.old[state.request.release] = state.content

    def archived(self, release: str) -> State | None:
        with self.world.call("archived"):
            found = self.world.old.get(release)
            return read(found) if found else None
