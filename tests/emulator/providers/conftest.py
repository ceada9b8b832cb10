"""The local Azure that the tests of resource providers write to."""

import pytest

from tests.emulator.providers.world import build


@pytest.fixture
def azure(tmp_path):
    found = build(tmp_path)
    yield found
    found.store.close()
