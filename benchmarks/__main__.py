"""`python -m benchmarks`: measure everything, print it as it comes, write results.md."""

import sys
import tempfile
from pathlib import Path

from benchmarks import (
    drift,
    false_alarms,
    measure,
    policy_pack,
    prepare,
    replays,
    rollouts,
    router,
    step_overhead,
)
from benchmarks.report import Report


def main() -> int:
    """Return 0 when all was measured, 1 when a measured command failed."""
    report = Report()
    try:
        with tempfile.TemporaryDirectory(prefix="azlocal-bench-") as folder:
            homes = Path(folder)
            report.say("azlocal start ...")
            measure.start(report, homes / "start")
            with measure.local_azure(homes / "platform") as environment:
                report.say("ARM requests ...")
                measure.arm(report, environment)
                report.say("previews ...")
                measure.preview(report, environment, "dev")
                measure.preview(report, environment, "prod")
                report.say("deploy and train ...")
                measure.up_and_train(report, environment)
                report.say("way through an endpoint ...")
                router.router(report, environment)
                report.say("steps that do nothing ...")
                step_overhead.overhead(report, environment)
            with measure.local_azure(homes / "prod") as environment:
                report.say("policy pack over prod, and Checkov ...")
                policy_pack.prod(report, environment, homes)
            report.say("data steps over copies of the flights ...")
            prepare.data_steps(report, homes / "data")
            report.say("the year 2013, month by month ...")
            replays.year(report)
            report.say("monitoring, and Evidently ...")
            drift.drift(report)
            report.say("simulated rollouts and false alarms ...")
            rollouts.rollouts(report)
            false_alarms.false_alarms(report)
            report.say("make demo ...")
            measure.demo(report, homes / "demo")
            report.say("make test ...")
            measure.tests(report)
    except measure.BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    report.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
