"""What holds for all tests."""

from hypothesis import settings

# No test asserts on the clock: a loaded machine is no defect.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
