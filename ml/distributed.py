"""Training by several processes: they join by what the launcher sets, and share XGBoost's sums.

The variables are those of PyTorch's launcher, which Azure ML sets for a distributed job:
https://learn.microsoft.com/azure/machine-learning/how-to-train-distributed-gpu
"""

import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ml.errors import TaskError

_JOIN_SECONDS = 300


@dataclass(frozen=True)
class Group:
    """The processes that train one model, and which of them this one is."""

    rank: int = 0
    size: int = 1
    address: str = "127.0.0.1"
    port: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes the model."""
        return self.rank == 0

    def part_of(self, rows: int) -> slice:
        """Return this process's rows: consecutive, every row in exactly one process."""
        return slice(rows * self.rank // self.size, rows * (self.rank + 1) // self.size)


def from_environment(environment: Mapping[str, str] | None = None) -> Group:
    """Return the group that the launcher describes; a group of one where there is no launcher.

    Raises:
        TaskError: a variable is missing, is no number, or does not fit the others.
    """
    values = os.environ if environment is None else environment
    size = _number(values, "WORLD_SIZE") if "WORLD_SIZE" in values else 1
    if size < 1:
        raise TaskError(f"WORLD_SIZE is {size}; wanted the number of processes, 1 or more")
    if size == 1:
        return Group()
    rank = _number(values, "RANK")
    if not 0 <= rank < size:
        raise TaskError(f"RANK is {rank} while WORLD_SIZE is {size}; wanted 0 to {size - 1}")
    address = values.get("MASTER_ADDR", "")
    if not address:
        raise TaskError("MASTER_ADDR is not set; wanted the host of the process of rank 0")
    return Group(rank, size, address, _number(values, "MASTER_PORT"))


@contextmanager
def joined(group: Group) -> Generator[None, None, None]:
    """Let XGBoost's sums run over all processes inside; nothing for a group of one."""
    if group.size == 1:
        yield
        return
    from xgboost import collective, tracker  # noqa: PLC0415  seconds that --help does not need

    host = socket.gethostbyname(group.address)
    meeting = None
    if group.leads:
        meeting = tracker.RabitTracker(
            n_workers=group.size,
            host_ip=host,
            port=group.port,
            sortby="task",
            timeout=_JOIN_SECONDS,
        )
        meeting.start()
    # The longest of them waits for the slowest to read its rows.
    with collective.CommunicatorContext(
        dmlc_communicator="rabit",
        dmlc_tracker_uri=host,
        dmlc_tracker_port=group.port,
        dmlc_task_id=f"{group.rank:08d}",
        dmlc_retry=_JOIN_SECONDS,
        dmlc_timeout=_JOIN_SECONDS,
    ):
        yield
    if meeting is not None:
        meeting.wait_for(timeout=_JOIN_SECONDS)


def _number(values: Mapping[str, str], name: str) -> int:
    found = values.get(name, "")
    try:
        return int(found)
    except ValueError as error:
        raise TaskError(
            f"{name} is {found!r}; wanted a number, as a launcher of distributed jobs sets it"
        ) from error
