"""Microsoft.DataFactory: factories, the network they work in, and what they are told to do."""

from emulator.providers.datafactory import (
    documents,
    factories,
    networks,
    pipelines,
    runtimes,
    triggers,
)

__all__ = ["documents", "factories", "networks", "pipelines", "runtimes", "triggers"]
