"""The data steps over flights many times over: rows a second within bounded memory."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.measure import ROOT, BenchmarkError
from benchmarks.report import Report, Result
from ml import task as tasks
from ml.cli import raw_data
from ml.data.engine import MEMORY, engine, quoted
from ml.steps.ingest import ingest

LIMIT_MB = 1024
OVERHEAD_MB = 1024  # the interpreter, its libraries and what DuckDB holds outside of its own limit
STEP = 10_000  # flight numbers have four digits: each copy gets numbers of its own


@dataclass(frozen=True)
class Measured:
    """One step as a process of its own."""

    seconds: float
    megabytes: float


def data_steps(report: Report, folder: Path) -> None:
    """Measure ingest, validate and prepare over 10 and 100 copies of the year."""
    base = folder / "base"
    base.mkdir(parents=True)
    task = tasks.load("flights")
    rows = ingest(task, raw_data.folder(task.settings.data, None), base).tables["flights"].rows
    wide = _task(folder)
    for copies in (10, 100):
        work = folder / f"copies-{copies}"
        _replicate(base, work / "raw", copies)
        found = _run(wide, work / "raw", work)
        shutil.rmtree(work)  # gigabytes
        total = rows * copies
        for name, step in found.items():
            report.add(
                Result(
                    what=f"{name} of {total / 1e6:.1f} M flights ({copies} x), "
                    f"DuckDB limited to {LIMIT_MB} MB",
                    measured=f"{total / step.seconds / 1e3:.0f} k rows/s, "
                    f"peak {step.megabytes:.0f} MB",
                    beside=f"{step.seconds:.1f} s",
                    budget=f"peak under {LIMIT_MB + OVERHEAD_MB} MB",
                    kept=step.megabytes < LIMIT_MB + OVERHEAD_MB,
                )
            )


def _task(folder: Path) -> Path:
    """Copy the task with room for the flight numbers of all copies."""
    made = folder / "flights"
    made.mkdir()
    schema = yaml.safe_load((tasks.TASKS / "flights" / "schema.yaml").read_text())
    schema["tables"]["flights"]["columns"]["flight"]["max"] = 1000 * STEP
    (made / "schema.yaml").write_text(yaml.safe_dump(schema))
    (made / "task.yaml").write_text((tasks.TASKS / "flights" / "task.yaml").read_text())
    return made


def _replicate(base: Path, raw: Path, copies: int) -> None:
    """Write a window for each copy of the flights; the other tables are there once."""
    raw.mkdir(parents=True)
    with engine() as connection:
        for path in base.glob("*/*.parquet"):
            table, source = path.parent.name, quoted(path)
            if table != "flights":
                connection.raw_sql(
                    f"COPY (FROM read_parquet({source})) TO {quoted(raw / f'{table}.parquet')}"
                )
                continue
            for copy in range(copies):
                window = raw / f"copy-{copy:03d}"
                window.mkdir()
                connection.raw_sql(
                    f"COPY (SELECT * REPLACE (flight + {copy * STEP} AS flight) "  # noqa: S608  numbers and a quoted path
                    f"FROM read_parquet({source})) TO {quoted(window / 'flights.parquet')} "
                    "(FORMAT parquet)"
                )


def _run(task: Path, raw: Path, made: Path) -> dict[str, Measured]:
    tables, report = f"--tables={made / 'tables'}", f"--report={made / 'report'}"
    parts = (f"--train={made / 'train'}", f"--holdout={made / 'holdout'}")
    return {
        "ingest": _step(["ingest", f"--task={task}", f"--raw={raw}", tables]),
        "validate": _step(["validate", f"--task={task}", tables, report]),
        "prepare": _step(["prepare", f"--task={task}", tables, report, *parts]),
    }


def _step(words: list[str]) -> Measured:
    """Run one step and return its seconds and the peak of its memory.

    Raises:
        BenchmarkError: it failed.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", f"ml.steps.{words[0]}", *words[1:]],
        cwd=ROOT,
        env={**os.environ, MEMORY: f"{LIMIT_MB}MB"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BenchmarkError(f"{' '.join(words)}: exit code {process.returncode}\n{output}")
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return Measured(time.perf_counter() - start, usage.ru_maxrss * unit / 2**20)
