"""Completes a program's inputs before they are checked: the name and the location."""

from __future__ import annotations

from collections.abc import Callable

from emulator.pulumi_provider.check import Failure
from emulator.pulumi_provider.naming import can_be_named, invent, logical_name
from emulator.pulumi_provider.protocol import provider_pb2
from emulator.pulumi_provider.values import UNKNOWN, Properties, decode, has_unknown, plain
from shapes.catalog import ResourceShape

# Found once: a resource group never moves, and a new update comes with a new process.
_group_locations: dict[str, str] = {}


class Intake:
    """Fills in what azure-native fills in for one resource."""

    def __init__(
        self, shape: ResourceShape, location: str, group_location: Callable[[str], str]
    ) -> None:
        self.shape, self.location, self.group_location = shape, location, group_location

    def complete(self, request: provider_pb2.CheckRequest, inputs: Properties) -> list[Failure]:
        """Complete the inputs in place; return what makes that impossible."""
        if not self.shape.arm:
            reason = "the official plugin makes this without ARM; the local provider cannot"
            return [Failure(self.shape.token, reason)]
        old = decode(request.olds)
        self._locate(old, inputs)
        return self._name(request, old, inputs)

    def _name(
        self, request: provider_pb2.CheckRequest, old: Properties, inputs: Properties
    ) -> list[Failure]:
        for name, value in self.shape.path.inputs.items():
            known = self.shape.inputs.get(name)
            if value and known and known.required:
                inputs.setdefault(name, value)
        own = self.shape.path.last_input
        if not can_be_named(self.shape) or inputs.get(own) is not None:
            return []
        modes = provider_pb2.CheckRequest.AutonamingOptions.Mode
        wanted = request.autonaming if request.HasField("autonaming") else None
        if old.get(own) is not None:
            inputs[own] = old[own]
        elif wanted and wanted.mode == modes.DISABLE:
            return [Failure(own, "has no value and automatic naming is disabled; set it")]
        elif wanted and wanted.proposed_name:
            inputs[own] = wanted.proposed_name
        else:
            inputs[own] = invent(self.shape, logical_name(request.urn), request.randomSeed)
        return []

    def _locate(self, old: Properties, inputs: Properties) -> None:
        """Give a resource a place: as before, as configured, or where its group is."""
        known = self.shape.inputs.get("location")
        if known is None or known.in_path or inputs.get("location") is not None:
            return
        group = plain(inputs.get("resourceGroupName"))
        if old.get("location") is not None:
            inputs["location"] = old["location"]
        elif self.location:
            inputs["location"] = self.location
        elif has_unknown(group):
            inputs["location"] = UNKNOWN
        elif isinstance(group, str) and self.shape.path.last_input != "resourceGroupName":
            if group not in _group_locations and (found := self.group_location(group)):
                _group_locations[group] = found
            # A group that this same update will make has no location yet. An unknown would not do:
            # the engine takes none from a check, except in a preview.
            if group in _group_locations:
                inputs["location"] = _group_locations[group]
