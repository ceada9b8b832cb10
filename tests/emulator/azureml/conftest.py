"""A workspace in this process, without a server."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from emulator.azureml import attach
from tests.emulator.azureml_world import World


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    attach(world.services)
    world.build()
    yield world
    for stop in reversed(world.services.at_stop):
        stop()
    world.store.close()


@pytest.fixture(name="anyio_run")
def _anyio_run():
    """Run a coroutine function to its end."""

    def run(function, *arguments, **named):
        return anyio.run(partial(function, *arguments, **named))

    return run
