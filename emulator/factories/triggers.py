"""What starts pipelines: a file that arrives where a started trigger looks."""

import logging
import queue
import threading
import time
import uuid
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import iso, last
from emulator.blob.model import BlobInfo
from emulator.factories.engine import Engine
from emulator.factories.expressions import ExpressionError, Scope, evaluate
from emulator.factories.records import TRIGGER

log = logging.getLogger(__name__)
Json = dict[str, Any]
_TYPE = "Microsoft.DataFactory/factories/triggers"
_CREATED = "Microsoft.Storage.BlobCreated"


class Triggers:
    """Matches what happens to blobs with the triggers that were started."""

    def __init__(self, services: Services, engine: Engine) -> None:
        self._services, self._engine = services, engine
        self._events: queue.Queue[tuple[Resource, BlobInfo] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._watch, name="factory triggers", daemon=True)
        self._thread.start()

    def created(self, blob: BlobInfo) -> None:
        """Hear of a blob that was written; what it starts is started by another thread.

        As with Event Grid, who has not subscribed by now never hears of it.
        """
        for trigger in self._services.store.find(_TYPE):
            if matches(trigger, blob):
                self._events.put((trigger, blob))

    def stop(self) -> None:
        """Hear no more."""
        self._events.put(None)
        self._thread.join()

    def _watch(self) -> None:
        while (heard := self._events.get()) is not None:
            self._fire(*heard)

    def _fire(self, trigger: Resource, blob: BlobInfo) -> None:
        folder, _, file = f"{blob.container}/{blob.name}".rpartition("/")
        event = {"folderPath": folder, "fileName": file}
        factory = self._services.store.get(trigger["id"].rpartition("/triggers/")[0])
        if factory is None:
            return
        id_ = str(uuid.uuid4())
        by = {
            "id": id_,
            "name": trigger["name"],
            "invokedByType": trigger["properties"]["type"],
        }
        body: Json = {
            "triggerRunId": id_,
            "triggerName": trigger["name"],
            "triggerType": trigger["properties"]["type"],
            "triggerRunTimestamp": iso(time.time()),
            "status": "Succeeded",
            "message": None,
            "properties": {"EventType": _CREATED, "FileName": file, "FolderPath": folder},
            "triggeredPipelines": {},
        }
        scope = Scope({"triggerBody": event, "trigger": {"outputs": {"body": event}}})
        for one in trigger["properties"].get("pipelines") or []:
            name = str(one["pipelineReference"]["referenceName"])
            try:
                body["triggeredPipelines"][name] = self._start(factory, name, one, by, scope)
            except (ArmError, ExpressionError) as error:
                # nobody waits for an answer: the run of the trigger is where it is told
                body |= {"status": "Failed", "message": str(error)}
                log.warning("trigger %s started nothing: %s", trigger["id"], error)
        self._engine.records.put(factory["id"], TRIGGER, id_, body)

    def _start(self, factory: Resource, name: str, one: Json, by: Json, scope: Scope) -> str:
        pipeline = self._services.store.get(f"{factory['id']}/pipelines/{name}")
        if pipeline is None:
            raise ArmError(404, "PipelineNotFound", f"There is no pipeline {name!r}.")
        given = evaluate(one.get("parameters") or {}, scope)
        return self._engine.start(factory, pipeline, given, by)


def matches(trigger: Resource, blob: BlobInfo) -> bool:
    """Whether a trigger was started and waits for a blob such as this."""
    properties = trigger["properties"]
    if properties["type"] != "BlobEventsTrigger" or properties.get("runtimeState") != "Started":
        return False
    inner = properties["typeProperties"]
    if last(str(inner["scope"])).lower() != blob.account or _CREATED not in inner["events"]:
        return False
    if inner.get("ignoreEmptyBlobs") and blob.size == 0:
        return False
    path = f"/{blob.container}/blobs/{blob.name}"
    return path.startswith(str(inner.get("blobPathBeginsWith") or "")) and path.endswith(
        str(inner.get("blobPathEndsWith") or "")
    )
