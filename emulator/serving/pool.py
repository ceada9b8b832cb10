"""Plain HTTP to scorers over connections that stay open: making one costs more than routing."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_MOST_IDLE = 32
_HEAD_LIMIT = 1 << 20


@dataclass(frozen=True)
class Reply:
    """The whole answer of a scorer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LostError(ConnectionError):
    """A scorer closed the connection before it answered."""


class Pool:
    """The connections to one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Send one request.

        A kept connection that turns out to be closed is tried again on a new one: the scorer has
        taken nothing from it.

        Raises:
            ConnectionError: nobody listens, or the scorer died over it.
        """
        lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"content-length: {len(body)}", "", ""]
        message = "\r\n".join(lines).encode("latin-1") + body
        while self._idle:
            kept = self._idle.pop()
            if kept[0].at_eof() or kept[1].is_closing():
                kept[1].close()
                continue
            try:
                return await self._over(kept, message, method)
            except _StaleError:
                continue
        fresh = await asyncio.open_connection("127.0.0.1", self._port, limit=_HEAD_LIMIT)
        try:
            return await self._over(fresh, message, method)
        except _StaleError as error:
            msg = "the scorer closed the connection without an answer"
            raise LostError(msg) from error

    def close(self) -> None:
        """Close what is not in use."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _over(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        message: bytes,
        method: str,
    ) -> Reply:
        reader, writer = connection
        done = False
        try:
            writer.write(message)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                    msg = "the scorer closed the connection within its answer"
                    raise LostError(msg) from error
                raise _StaleError from error
            status, headers = _parsed(head)
            try:
                body = b"" if method == "HEAD" else await _body(reader, headers)
            except asyncio.IncompleteReadError as error:
                msg = "the scorer closed the connection within its answer"
                raise LostError(msg) from error
            done = headers.get("connection", "").lower() != "close"
            return Reply(status, headers, body)
        finally:
            if done and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                writer.close()


class _StaleError(ConnectionError):
    """The connection gave nothing at all."""


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(first.split(" ", 2)[1]), headers


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
