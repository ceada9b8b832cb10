"""Recordings of whole stacks: made once, read by many tests."""

import pytest

from infra.__main__ import main
from tests.infra.recorder import Recording, record
from tests.infra.stacks import STACKS, stack_config


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what reads the recordings in one process: others need not make them again."""
    for item in items:
        if "recordings" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("recordings"))


@pytest.fixture(scope="session")
def recordings() -> dict[str, Recording]:
    """What the program registers for each of the repository's stacks."""
    return {stack: record(main, stack=stack, config=stack_config(stack)) for stack in STACKS}


@pytest.fixture(scope="session")
def dev(recordings) -> Recording:
    return recordings["dev"]


@pytest.fixture(scope="session", params=STACKS)
def platform(request, recordings) -> Recording:
    """Each stack in turn."""
    return recordings[request.param]
