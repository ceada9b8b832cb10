"""The life of a resource: create, read, update, delete, through ARM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.pulumi_provider.answers import AzureError
from emulator.pulumi_provider.arm import ArmClient
from emulator.pulumi_provider.journal import Journal
from emulator.pulumi_provider.naming import logical_name
from emulator.pulumi_provider.state import (
    expected_outputs,
    imported_inputs,
    outputs_of,
    refreshed_inputs,
)
from emulator.pulumi_provider.values import Properties, Value, has_unknown, plain_properties
from shapes.catalog import ResourceShape
from shapes.convert import lookup, to_body


class AlreadyExistsError(Exception):
    """The resource is there and this program did not make it."""


class HalfMadeError(Exception):
    """Azure has the resource, but its creation or update failed."""

    def __init__(self, failure: AzureError, made: Made, inputs: Properties) -> None:
        super().__init__(str(failure))
        self.made, self.inputs = made, inputs


@dataclass(frozen=True)
class Made:
    """A resource as it is now."""

    id: str
    outputs: Properties


@dataclass(frozen=True)
class ReadBack:
    """A resource as it was found."""

    id: str
    outputs: Properties
    inputs: Properties


class Resources:
    """Makes what a program describes."""

    def __init__(
        self, client: ArmClient, journal: Journal, say: Callable[[str, str], None]
    ) -> None:
        self.client, self.journal, self.say = client, journal, say

    def arm_id(self, shape: ResourceShape, inputs: Mapping[str, Value]) -> str:
        """Return the id that a resource with these inputs has."""
        plain = plain_properties(inputs)
        try:
            return shape.path.fill({"subscriptionId": self.client.config.subscription_id, **plain})
        except KeyError as missing:
            name = str(missing.args[0])
            if name == "subscriptionId":
                text = "no subscription: set azure-native:subscriptionId or ARM_SUBSCRIPTION_ID"
            else:
                text = f"{name}: {shape.token} needs it to form its id, and it has no value"
            raise ValueError(text) from None

    def preview_create(self, shape: ResourceShape, inputs: Mapping[str, Value]) -> Properties:
        """Return what is known of a resource that is not made yet."""
        return expected_outputs(shape, inputs, {})

    def create(self, urn: str, shape: ResourceShape, inputs: Properties) -> Made:
        """Make a resource; never take over one that something else made."""
        _must_be_known(shape, inputs)
        arm_id = self.arm_id(shape, inputs)
        if not shape.singleton and shape.method == "PUT":
            self._must_be_ours(urn, arm_id, shape)
            self.journal.begin(arm_id, urn)
        body, query = to_body(plain_properties(inputs), shape.inputs, shape.module)
        try:
            answer = self.client.put(arm_id, shape.version, body, query, shape.method)
        except AzureError as failure:
            self._raise_half_made(failure, arm_id, shape, inputs)
            if 400 <= failure.status < 500:
                self.journal.settle(arm_id)  # refused: there is nothing of ours
            raise
        return Made(_id_of(answer, arm_id), outputs_of(answer, shape, inputs))

    def _must_be_ours(self, urn: str, arm_id: str, shape: ResourceShape) -> None:
        if self.client.get(arm_id, shape.version) is None:
            return
        if not self.journal.began(arm_id, urn):
            msg = (
                f"cannot create already existing resource '{arm_id}'; import it"
                f" (`pulumi import {shape.token} {logical_name(urn)} '{arm_id}'`)"
                " or choose another name"
            )
            raise AlreadyExistsError(msg)
        self.say(
            urn,
            f"an earlier update was interrupted after it began to make {arm_id}: going on with it",
        )

    def _raise_half_made(
        self, failure: AzureError, arm_id: str, shape: ResourceShape, inputs: Properties
    ) -> None:
        """Hand over a resource that exists although its operation failed: state must know it."""
        if failure.status == 0 or 400 <= failure.status < 500:
            return
        try:
            found = self.client.get(arm_id, shape.version)
        except AzureError:
            return  # the first failure says more
        if found is not None:
            made = Made(_id_of(found, arm_id), outputs_of(found, shape, inputs))
            raise HalfMadeError(failure, made, inputs) from failure

    def read(self, arm_id: str, shape: ResourceShape, inputs: Properties | None) -> ReadBack | None:
        """Return a resource as it is now; for an import, with all that a program could set."""
        found = self.client.get(arm_id, shape.version)
        if found is None:
            return None
        real_id = _id_of(found, arm_id)
        if inputs:
            self.journal.settle(arm_id)
            read = refreshed_inputs(inputs, real_id, found, shape)
        else:
            if shape.path.read(real_id) is None:
                msg = f"'{real_id}' is not the id of a {shape.token}, such as {shape.path.text}"
                raise ValueError(msg)
            read = imported_inputs(real_id, found, shape)
        return ReadBack(real_id, outputs_of(found, shape, read), read)

    def preview_update(
        self, shape: ResourceShape, inputs: Properties, old: Mapping[str, Value]
    ) -> Properties:
        """Return what is known of a resource that is about to change."""
        return expected_outputs(shape, inputs, old)

    def update(self, arm_id: str, shape: ResourceShape, inputs: Properties) -> Made:
        """Give a resource its new inputs; what has types of its own and is not set stays."""
        _must_be_known(shape, inputs)
        self.journal.settle(arm_id)
        body, query = to_body(plain_properties(inputs), shape.inputs, shape.module)
        self._keep_children(arm_id, shape, inputs, body)
        try:
            answer = self.client.put(arm_id, shape.version, body, query, shape.method)
        except AzureError as failure:
            self._raise_half_made(failure, arm_id, shape, inputs)
            raise
        return Made(_id_of(answer, arm_id), outputs_of(answer, shape, inputs))

    def _keep_children(
        self, arm_id: str, shape: ResourceShape, inputs: Properties, body: dict[str, Any]
    ) -> None:
        """Send back collections that other resources fill: a PUT without them would empty them."""
        unset = [
            (name, s) for name, s in shape.inputs.items() if s.children and inputs.get(name) is None
        ]
        current = self.client.get(arm_id, shape.version) if unset else None
        for name, known in unset if current else ():
            *path, last = known.wire or (name,)
            found = lookup(current or {}, (*path, last))
            if found:
                here = body
                for step in path:
                    here = here.setdefault(step, {})
                here[last] = found

    def delete(self, arm_id: str, shape: ResourceShape) -> None:
        """Delete a resource; one that always exists goes back to its defaults."""
        if not shape.singleton:
            self.client.delete(arm_id, shape.version)
            self.journal.settle(arm_id)
            return
        try:
            self.client.put(arm_id, shape.version, dict(shape.default_body))
        except AzureError as failure:
            if failure.status != 404:  # gone with its parent
                raise


def _must_be_known(shape: ResourceShape, inputs: Properties) -> None:
    unknown = [name for name, value in inputs.items() if has_unknown(value)]
    if unknown:
        names = ", ".join(sorted(unknown))
        msg = f"{shape.token}: {names} is still unknown when the resource should be made"
        raise ValueError(msg)


def _id_of(answer: Mapping[str, Any], fallback: str) -> str:
    found = answer.get("id")
    return found if isinstance(found, str) and found.startswith("/") else fallback
