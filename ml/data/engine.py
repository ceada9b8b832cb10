"""The engines under the ibis expressions: DuckDB on one machine, Spark where data outgrow it."""

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ml.errors import TaskError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import Table as Rows

MEMORY = "MLOPS_DATA_MEMORY"
NAMES = ("duckdb", "spark")


class Engine(Protocol):
    """What the steps ask of an engine; the expressions are the same on each."""

    def read(self, files: Sequence[Path]) -> "Rows":
        """Return the rows of Parquet files that have the same columns."""
        ...

    def write(self, rows: "Rows", target: Path) -> None:
        """Write rows in their order as Parquet: one file, or a folder of parts."""
        ...

    def table(self, rows: "Rows") -> "pa.Table":
        """Compute a small result."""
        ...

    def records(self, rows: "Rows") -> list[dict[str, object]]:
        """Compute a small result, row by row."""
        ...


@dataclass(frozen=True)
class DuckDB:
    """One process with bounded memory that spills to disk."""

    connection: "Backend"

    def read(self, files: Sequence[Path]) -> "Rows":
        """See `Engine`."""
        return self.connection.read_parquet([str(file) for file in files])

    def write(self, rows: "Rows", target: Path) -> None:
        """See `Engine`."""
        self.connection.to_parquet(rows, target, compression="zstd")

    def table(self, rows: "Rows") -> "pa.Table":
        """See `Engine`."""
        return self.connection.to_pyarrow(rows)

    def records(self, rows: "Rows") -> list[dict[str, object]]:
        """See `Engine`."""
        return self.table(rows).to_pylist()


def opened(name: str) -> AbstractContextManager[Engine]:
    """Open an engine by its name."""
    if name == "duckdb":
        return _duckdb()
    if name == "spark":
        from ml.data import spark  # noqa: PLC0415  Spark is installed where it is used, only

        return spark.engine()
    raise TaskError(f"there is no engine {name!r}; give one of {', '.join(NAMES)}")


@contextmanager
def _duckdb() -> Generator[Engine, None, None]:
    with engine() as connection:
        yield DuckDB(connection)


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
