"""What Azure ML hangs on the shared services when the server starts."""

from emulator.arm.behaviours import Services
from emulator.azureml.runs import Runs
from emulator.azureml.scheduler import Clock, Scheduler
from emulator.runner.service import Runner


class AzureML:
    """The running part of Azure ML: its jobs, and the clock that starts some of them."""

    scheduler: Scheduler

    def __init__(self, services: Services) -> None:
        self.runs = Runs(services.store)
        self.runner = Runner(services)
        self.clock = Clock(services.home / "clock.json")


def attach(services: Services) -> None:
    """Start the service and clear up after one that died."""
    service = AzureML(services)
    services.azureml = service
    services.at_stop.append(service.runner.stop)
    service.runner.recover()
    service.scheduler = Scheduler(services, service.clock)
    services.at_stop.append(service.scheduler.stop)
