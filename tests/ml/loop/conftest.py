"""What the tests of the report share."""

import importlib.util
from pathlib import Path

import pytest

from ml.loop.record import Loop


@pytest.fixture(scope="session")
def year() -> Loop:
    """Return the sample year; the tests' folders are no packages, so its file is loaded by path."""
    found = importlib.util.spec_from_file_location("sample", Path(__file__).with_name("sample.py"))
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.year()
