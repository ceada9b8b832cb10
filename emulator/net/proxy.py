"""The CONNECT proxy: Azure's hosts go to the local server, every other host is refused and logged.

The user part of the proxy's address says where the caller stands (`http://internet@127.0.0.1:7480`).
The server finds it again by the local port of the proxy's own connection.
"""

import asyncio
import base64
import binascii
import contextlib
import datetime as dt
import json
import socket
from pathlib import Path
from urllib.parse import unquote

from emulator.login.callers import PRIVATE
from emulator.net.names import is_routed

CHUNK = 65536


class Proxy:
    """Listens on loopback; `places` maps the port of each connection to the caller's place."""

    def __init__(self, upstream_port: int, refused_log: Path) -> None:
        self._upstream_port = upstream_port
        self._log = refused_log
        self.places: dict[int, str] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, listener: socket.socket) -> None:
        """Serve on a bound socket."""
        self._server = await asyncio.start_server(self._serve, sock=listener)

    async def close(self) -> None:
        """Stop taking connections."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError
        ):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=30)
            method, host, place = parse_head(head)
            if method != "CONNECT" or not is_routed(host):
                self._refuse(method, host)
                reason = f"azlocal: {host} is not a host of the local Azure\n".encode()
                writer.write(
                    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(reason), reason)
                )
                await writer.drain()
            else:
                await self._tunnel(reader, writer, place)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def _tunnel(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: str
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        port = up_writer.get_extra_info("sockname")[1]
        self.places[port] = place
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await asyncio.gather(
                _pipe(reader, up_writer, acknowledge=writer), _pipe(up_reader, writer)
            )
        finally:
            self.places.pop(port, None)
            up_writer.close()

    def _refuse(self, method: str, host: str) -> None:
        line = {"time": dt.datetime.now(dt.UTC).isoformat(), "method": method, "host": host}
        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")


def parse_head(head: bytes) -> tuple[str, str, str]:
    """Return method, host and place of a proxy request's head; empty where it makes no sense."""
    first, *headers = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        return "", "", PRIVATE
    method, target, _version = words
    host = target.split("://", 1)[-1].split("/", 1)[0].rpartition(":")[0] or target
    place = PRIVATE
    for line in headers:
        name, _, value = line.partition(":")
        if name.strip().lower() == "proxy-authorization":
            place = _place(value.strip()) or PRIVATE
    return method, host.lower(), place


def _place(value: str) -> str:
    kind, _, encoded = value.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        user = base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return unquote(user)


async def _pipe(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    acknowledge: asyncio.StreamWriter | None = None,
) -> None:
    try:
        _acknowledge_at_once(acknowledge)
        while data := await reader.read(CHUNK):
            _acknowledge_at_once(acknowledge)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        with contextlib.suppress(ConnectionError, OSError, RuntimeError):
            writer.write_eof() if writer.can_write_eof() else writer.close()


def _acknowledge_at_once(writer: asyncio.StreamWriter | None) -> None:
    # urllib3 leaves Nagle on towards proxies: a request with a body then waits 40 ms for our
    # delayed acknowledgement. The option resets itself, so it is set again for each chunk.
    if writer is None or not hasattr(socket, "TCP_QUICKACK"):
        return
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
