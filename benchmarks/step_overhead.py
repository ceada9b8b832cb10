"""`python -m benchmarks.step_overhead`: what the local Azure adds to each step of a pipeline.

A chain of steps that import what ours import and do nothing. Each notes when it is ready to work
and when it is done; from one's end to the next one's work is what the platform takes.
"""

import contextlib
import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import AZLOCAL, run
from benchmarks.report import Report, Result

STEPS = 12
SCRIPT = """
import sys, time
from pathlib import Path
import ibis, numpy, pyarrow.parquet, xgboost
ready = time.time()
after, *before = (Path(word) / "times.txt" for word in sys.argv[1:])
said = "".join(path.read_text() for path in before)
after.write_text(f"{said}{ready} {time.time()}\\n")
"""
# Where a step finds no fork server, it starts an interpreter of its own.
ALONE = {"AZLOCAL_WARM": ""}


def overhead(report: Report, environment: Mapping[str, str]) -> None:
    """Measure a chain of steps on dev, which is deployed and has trained before."""
    command = [AZLOCAL, "exec", "--", sys.executable, "-m", "benchmarks.step_overhead", "--json"]
    _seconds, output = run(command, environment=environment)
    found: dict[str, list[float]] = json.loads(output.splitlines()[-1])
    warm, cold = (statistics.median(found[name]) for name in ("forked", "alone"))
    report.add(
        Result(
            what=f"step overhead from one step's end to the next one's work, median of {STEPS}",
            measured=f"{warm * 1e3:.0f} ms",
            beside=f"each with an interpreter of its own: {cold * 1e3:.0f} ms",
            budget="under 200 ms",
            kept=warm < 0.2,
        )
    )


def gaps(stack: str = "dev") -> dict[str, list[float]]:
    """Run both chains; the seconds between steps, the first gap left out of each."""
    return {"forked": _chain(stack, {}), "alone": _chain(stack, ALONE)}


def _chain(stack: str, variables: Mapping[str, str]) -> list[float]:
    from azure.ai.ml import Input, Output, command, dsl  # noqa: PLC0415  takes seconds

    from ml import environments  # noqa: PLC0415  as above
    from ml.cli.stack import Chosen, find  # noqa: PLC0415  as above
    from ml.workspace import Workspace  # noqa: PLC0415  as above

    target = find(Chosen(stack))
    client = Workspace(target.place).client
    with tempfile.TemporaryDirectory(prefix="azlocal-steps-") as scratch:
        code, results = Path(scratch) / "code", Path(scratch) / "results"
        code.mkdir()
        (code / "step.py").write_text(SCRIPT)
        step = command(
            code=str(code),
            command="python step.py ${{outputs.after}} $[[${{inputs.before}}]]",
            environment=environments.reference(),
            environment_variables=dict(variables),
            inputs={"before": Input(type="uri_folder", optional=True)},
            outputs={"after": Output(type="uri_folder")},
            is_deterministic=False,
        )

        @dsl.pipeline(None, name="overhead", default_compute=target.compute)
        def chain() -> dict[str, object]:
            after = step().outputs["after"]
            for _ in range(STEPS + 1):
                after = step(before=after).outputs["after"]
            return {"after": after}

        with contextlib.redirect_stdout(sys.stderr):
            job = client.jobs.create_or_update(chain(), experiment_name="overhead")
            client.jobs.stream(str(job.name))
            client.jobs.download(str(job.name), output_name="after", download_path=results)
        (times,) = results.rglob("times.txt")
        moments = [tuple(map(float, line.split())) for line in times.read_text().splitlines()]
    return [later[0] - earlier[1] for earlier, later in itertools.pairwise(moments[1:])]


if __name__ == "__main__":
    if "--json" in sys.argv:
        print(json.dumps(gaps()))
    else:
        from benchmarks.measure import local_azure

        collected = Report()
        with (
            tempfile.TemporaryDirectory(prefix="azlocal-bench-") as home,
            local_azure(Path(home)) as variables,
        ):
            run(
                [AZLOCAL, "exec", "--", "pulumi", "up", "--yes", "-s", "dev"], environment=variables
            )
            overhead(collected, variables)
        collected.merge()
