"""The collector beside a deployment: takes what scorers hand over, and writes it as Azure does."""

import json
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emulator.arm.store import Resource
from emulator.azureml.places import Place, PlaceError, Places
from emulator.blob.storage import BlobStorage

log = logging.getLogger(__name__)
_FLUSH_SECONDS = 0.5
# A file is written anew when it grows, so a long one is closed and the next begun.
_MOST_BYTES = 1 << 20
_TYPE_PREFIX = "azureml.inference."
# How deep folders go, by the deployment's rolling rate.
_ROLLING = {
    "Year": "%Y",
    "Month": "%Y/%m",
    "Day": "%Y/%m/%d",
    "Hour": "%Y/%m/%d/%H",
    "Minute": "%Y/%m/%d/%H/%M",
}


@dataclass
class _File:
    name: str
    lines: list[bytes] = field(default_factory=list)
    size: int = 0


@dataclass
class Collector:
    """Listens on a port of its own; `count` hears of each payload, and why one was lost."""

    deployment: Resource
    places: Places
    blobs: BlobStorage
    now: Callable[[], float]
    full: Callable[[], bool]
    count: Callable[[str, str | None], None]
    _open: dict[tuple[str, str], _File] = field(default_factory=dict)
    _waiting: list[tuple[str, bytes]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                status = collector.take(dict(self.headers.items()), self.rfile.read(size))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                log.debug(format, *args)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    @property
    def variables(self) -> dict[str, str]:
        """Where Microsoft's package finds this collector."""
        return {
            "AZUREML_MDC_HOST": "127.0.0.1",
            "AZUREML_MDC_PORT": str(self._server.server_address[1]),
        }

    def close(self) -> None:
        """Write what waits, and listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._ended.set()
        self._writer.join()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Take one payload; gives the status of the answer."""
        given = {name.lower(): value for name, value in headers.items()}
        collection = given.get("ce-type", "").removeprefix(_TYPE_PREFIX) or "unknown"
        try:
            data = json.loads(body)
        except ValueError:
            self.count(collection, "InvalidPayload")
            return 400
        if self.full():
            self.count(collection, "DiskFull")
            return 507
        line = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self.deployment["id"],
            "type": f"{_TYPE_PREFIX}{collection}",
            "datacontenttype": "application/json",
            "time": datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": data,
            "correlationid": given.get("ce-x-request-id", ""),
            "xrequestid": given.get("ce-x-request-id", ""),
            "modelversion": given.get("ce-model-version", "default"),
            "collectdatatype": given.get("ce-collect-data-type", ""),
            "agent": given.get("ce-agent", ""),
            "contentrange": f"bytes 0-{max(0, len(body) - 1)}/{len(body)}",
        }
        with self._lock:
            self._waiting.append((collection, json.dumps(line).encode() + b"\n"))
        self.count(collection, None)
        return 200

    def _write(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(_FLUSH_SECONDS)
            with self._lock:
                waiting, self._waiting = self._waiting, []
            by_collection: dict[str, list[bytes]] = {}
            for collection, line in waiting:
                by_collection.setdefault(collection, []).append(line)
            for collection, lines in by_collection.items():
                try:
                    self._append(collection, lines)
                except (PlaceError, OSError, LookupError) as error:
                    log.warning("%s of %s is lost: %s", collection, self.deployment["id"], error)
                    for _ in lines:
                        self.count(collection, "StorageError")

    def _append(self, collection: str, lines: list[bytes]) -> None:
        place = self._place(collection)
        rate = _ROLLING[self.deployment["properties"]["dataCollector"]["rollingRate"]]
        folder = datetime.fromtimestamp(self.now(), UTC).strftime(rate)
        file = self._open.get((collection, folder))
        if file is None or file.size > _MOST_BYTES:
            file = self._open[collection, folder] = _File(f"{uuid.uuid4()}.jsonl")
            for old in [key for key in self._open if key[0] == collection and key[1] != folder]:
                del self._open[old]
        file.lines += lines
        file.size += sum(map(len, lines))
        name = f"{place.path.strip('/')}/{folder}/{file.name}"
        self.blobs.put(place.account, place.container, name, b"".join(file.lines))

    def _place(self, collection: str) -> Place:
        """The folder of the collection's data asset, or where Azure puts it without one."""
        collections = self.deployment["properties"]["dataCollector"].get("collections") or {}
        named = (collections.get(collection) or {}).get("dataId")
        endpoint, _, name = self.deployment["id"].rpartition("/deployments/")
        path = f"modelDataCollector/{endpoint.rpartition('/')[2]}/{name}/{collection}"
        return self.places.locate(
            str(named or f"azureml://datastores/workspaceblobstore/paths/{path}")
        )
