"""Data factories at work: what a new file starts, from the trigger to the batch endpoint."""

from emulator.arm.behaviours import Services
from emulator.factories import queries as queries
from emulator.factories.engine import Engine
from emulator.factories.triggers import Triggers


def attach(services: Services) -> None:
    """Run the pipelines of this local Azure, and hear of its blobs."""
    engine = Engine(services)
    triggers = Triggers(services, engine)
    services.factories = engine
    services.blobs.on_created.append(triggers.created)
    services.at_stop += [engine.stop, triggers.stop]
