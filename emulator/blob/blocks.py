"""Blobs in parts: staged blocks that a list makes a blob, and append blobs."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from emulator.blob.contents import Content, Contents, Part
from emulator.blob.index import Index, Key, Staged, new_etag, new_info
from emulator.blob.model import BlobInfo, Blocks, Guard

Swap = Callable[[BlobInfo, Guard | None], BlobInfo]
_STRIPES = 64
_ATTEMPTS = 5
APPENDED = "appended"


class UnknownBlockError(Exception):
    """A block list names a block that is neither staged nor in the blob."""


class LostRaceError(Exception):
    """Somebody else replaced the blob each time while this was being written."""


class BlockWriter:
    """Stages blocks and makes blobs of them.

    Two writers of one blob wait for each other here, before the lock of the store, never while
    that is held.
    """

    def __init__(self, index: Index, contents: Contents, swap: Swap) -> None:
        self._index = index
        self._contents = contents
        self._swap = swap
        self._locks = [threading.RLock() for _ in range(_STRIPES)]

    def _lock(self, key: Key) -> threading.RLock:
        return self._locks[hash(key) % _STRIPES]

    def stage(self, key: Key, block: str, content: Content, guard: Guard | None = None) -> None:
        """Keep a block until a block list names it."""
        try:
            with self._index.store.transaction():
                if guard is not None:
                    guard(self._index.blob(key))
                before = self._index.staged(key).get(block)
                self._index.stage(key, block, (content.name, content.size))
        except BaseException:
            self._contents.discard(content.name)
            raise
        if before is not None:
            self._contents.discard(before[0])

    def staged(self, key: Key) -> Blocks:
        """Return id and size of each block that waits for a block list."""
        return [(block, size) for block, (_object, size) in self._index.staged(key).items()]

    def commit(
        self,
        key: Key,
        wanted: Iterable[tuple[str, str]],
        *,
        metadata: Mapping[str, str],
        headers: Mapping[str, str],
        guard: Guard | None = None,
    ) -> BlobInfo:
        """Make the blob of blocks, in this order, each named by where it is and its id.

        Where is `Committed`, `Uncommitted`, or `Latest` (staged, else committed).

        Raises:
            UnknownBlockError: one of them is not there.
        """
        blocks = list(wanted)
        with self._lock(key):
            for _ in range(_ATTEMPTS):
                staged = self._index.staged(key)
                parts, layout = self._parts(self._index.blob(key), staged, blocks)
                try:
                    content = self._contents.write(parts)
                except FileNotFoundError:
                    continue  # the blob was replaced or deleted after its row was read
                info = replace(
                    new_info(key, content),
                    metadata=dict(metadata),
                    headers=dict(headers),
                    blocks=layout,
                )
                return self._swap(info, guard)
        raise LostRaceError(key[2])

    def _parts(
        self, info: BlobInfo | None, staged: Mapping[str, Staged], blocks: list[tuple[str, str]]
    ) -> tuple[list[Part], Blocks]:
        committed: dict[str, Part] = {}
        start = 0
        for block, size in info.blocks if info else ():
            if info is not None:
                committed[block] = Part(self._contents.path(info.object), start, size)
            start += size
        waiting = {
            block: Part(self._contents.path(name), 0, size)
            for block, (name, size) in staged.items()
        }
        places = {
            "Committed": committed,
            "Uncommitted": waiting,
            "Latest": committed | waiting,
        }
        parts: list[Part] = []
        for where, block in blocks:
            part = places[where].get(block)
            if part is None:
                raise UnknownBlockError(block)
            parts.append(part)
        layout = [(block, part.size) for (_, block), part in zip(blocks, parts, strict=True)]
        return parts, layout

    def append(self, key: Key, chunk: bytes, guard: Guard) -> tuple[BlobInfo, int]:
        """Add content at the end of an append blob; return it and where the content begins.

        Raises:
            LostRaceError: the blob was replaced meanwhile, several times.
        """
        with self._lock(key):
            for _ in range(_ATTEMPTS):
                before = self._index.blob(key)
                guard(before)
                if before is None:
                    break
                try:
                    self._contents.extend(before.object, before.size, chunk)
                except FileNotFoundError:
                    continue
                with self._index.store.transaction():
                    current = self._index.blob(key)
                    if current is None or current.object != before.object:
                        continue
                    guard(current)
                    count = current.blocks[0][1] if current.blocks else 0
                    after = replace(
                        current,
                        size=before.size + len(chunk),
                        blocks=[(APPENDED, count + 1)],
                        etag=new_etag(),
                        modified=time.time(),
                    )
                    self._index.put_blob(after)
                return after, before.size
        raise LostRaceError(key[2])
