"""The engine under the ibis expressions: DuckDB with bounded memory that spills to disk."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

MEMORY = "MLOPS_DATA_MEMORY"


@contextmanager
def engine() -> Generator["Backend", None, None]:
    """Yield a connection; what does not fit into memory goes to a folder that is removed after."""
    import ibis  # noqa: PLC0415  a second of start-up that --help does not need

    ibis.options.interactive = False
    with tempfile.TemporaryDirectory(prefix="mlops-spill-") as spill:
        connection = ibis.duckdb.connect(
            memory_limit=os.environ.get(MEMORY, "2GB"),
            threads=os.cpu_count() or 1,
            temp_directory=spill,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )
        try:
            yield connection
        finally:
            connection.disconnect()


def quoted(value: str | Path) -> str:
    """Return an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def named(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
