"""Bringing inputs to a step and taking its outputs away, with the rights of the step's identity."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.arm.store import Store
from emulator.azureml.places import Place, PlaceError, Places
from emulator.blob.storage import BlobStorage
from emulator.login.callers import Caller, Principal
from emulator.runner import permission
from emulator.runner.errors import StepError
from emulator.runner.model import Data, Literal, OutputSpec, Value


@dataclass(frozen=True)
class Carrier:
    """Moves data for one step."""

    store: Store
    blobs: BlobStorage
    workspace: str
    principal: Principal | None

    @property
    def caller(self) -> Caller:
        return Caller(f"workspace:{self.workspace}", self.principal)

    def fetch(
        self, inputs: Mapping[str, Value], folder: Path
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Literals as they are, and the local path of each data input."""
        literals = {k: v.text for k, v in inputs.items() if isinstance(v, Literal)}
        paths = {
            k: str(self._fetch(k, v, folder)) for k, v in inputs.items() if isinstance(v, Data)
        }
        return literals, paths

    def _fetch(self, name: str, data: Data, folder: Path) -> Path:
        place = self._locate(data.uri, f"input {name!r}")
        self._allowed(place, "read", f"input {name!r}")
        target = folder / name
        count = self._copy(place, target)
        if count == 0:
            msg = f"input {name!r}: nothing was found at {data.uri}"
            raise StepError(msg)
        # a single file keeps its name: scripts look at the ending
        only = target / Path(place.path).name
        return only if place.path and not place.path.endswith("/") and only.is_file() else target

    def _copy(self, place: Place, target: Path) -> int:
        """Copy what lies at a place; a link would let a step change the stored blob."""
        target.mkdir(parents=True, exist_ok=True)
        prefix = place.path.rstrip("/")
        one = self.blobs.info(place.account, place.container, prefix) if prefix else None
        if one is not None and not place.path.endswith("/"):
            _copy(self.blobs.content(one), target / Path(prefix).name)
            return 1
        base = f"{prefix}/" if prefix else ""
        found = self.blobs.list(place.account, place.container, base)
        for blob in found:
            relative = blob.name[len(base) :]
            if ".." in relative.split("/"):
                msg = f"the blob {blob.name!r} has a name that leads out of its folder"
                raise StepError(msg)
            if relative and not relative.endswith("/"):
                _copy(self.blobs.content(blob), target / relative)
        return len(found)

    def copy(self, what: str, source: str, uri: str) -> int:
        """Copy a file or folder from one address to another; gives how many files it had."""
        start, target = self._locate(source, what), self._locate(uri, what)
        self._allowed(target, "write", what)
        one = self.blobs.info(start.account, start.container, start.path.rstrip("/"))
        if one is not None and not start.path.endswith("/"):
            name = target.path.rstrip("/")
            self.blobs.put(target.account, target.container, name, self.blobs.content(one))
            return 1
        base, into = (f"{place.path.rstrip('/')}/" for place in (start, target))
        found = self.blobs.list(start.account, start.container, base)
        for blob in found:
            name = into + blob.name[len(base) :]
            self.blobs.put(target.account, target.container, name, self.blobs.content(blob))
        return len(found)

    def code(self, uri: str, folder: Path) -> None:
        """Put the code of a step into its folder: the service's work, not the identity's."""
        place = self._locate(uri, "the code")
        self._copy(place, folder)

    def prepare(self, name: str, uri: str, spec: OutputSpec, folder: Path) -> tuple[Place, Path]:
        """Check that an output may be written before the step runs, and give its local path."""
        place = self._locate(uri, f"output {name!r}")
        self._allowed(place, "write", f"output {name!r}")
        local = folder / name
        if spec.type == "uri_file":
            local.mkdir(parents=True, exist_ok=True)
            return place, local / (Path(place.path.rstrip("/")).name or name)
        local.mkdir(parents=True, exist_ok=True)
        return place, local

    def store_output(self, name: str, place: Place, local: Path) -> int:
        """Take an output away; gives how many files it had."""
        if local.is_file():
            self.blobs.put(place.account, place.container, place.path.rstrip("/"), local)
            return 1
        if local.is_dir():
            prefix = f"{place.path.rstrip('/')}/"
            return self.blobs.upload_tree(place.account, place.container, prefix, local)
        msg = f"output {name!r} was not written: the step left nothing at the path it was given"
        raise StepError(msg)

    def _locate(self, uri: str, what: str) -> Place:
        try:
            return Places(self.store, self.workspace).locate(uri)
        except PlaceError as error:
            msg = f"{what}: {error}"
            raise StepError(msg) from error

    def _allowed(self, place: Place, verb: str, what: str) -> None:
        refusal = permission.refusal(self.store, self.caller, place, verb)
        if refusal is not None:
            who = (
                f"the compute's identity {self.principal.name!r}"
                if self.principal
                else "a compute without an identity"
            )
            msg = f"{what}: {who} may not {verb} {place.account}/{place.container} ({refusal})"
            raise StepError(msg)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
