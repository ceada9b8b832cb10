"""Online endpoints at work: scorers as real processes, a router before them, and what is measured.

Importing it registers its resource types and its requests on ARM.
"""

from emulator.arm.behaviours import Services
from emulator.serving import control as control
from emulator.serving import deployments as deployments
from emulator.serving import endpoints as endpoints
from emulator.serving import faults as faults
from emulator.serving import metrics as metrics
from emulator.serving.service import Serving


def attach(services: Services) -> None:
    """Start the service, and what served before it stopped."""
    service = Serving(services)
    services.azureml.serving = service
    services.at_stop.append(service.stop)
    service.recover()
