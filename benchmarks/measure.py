"""The measurements of the walking skeleton: one function each, on a local Azure of its own."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import httpx

from benchmarks.report import Report, Result

ROOT = Path(__file__).parents[1]
AZLOCAL = Path(sys.executable).with_name("azlocal")


class BenchmarkError(Exception):
    """A measured command failed: there is nothing to report."""


def run(
    command: list[str | Path], *, environment: Mapping[str, str] | None = None
) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed.

    Raises:
        BenchmarkError: it failed.
    """
    start = time.perf_counter()
    answer = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | dict(environment or {}),
    )
    seconds = time.perf_counter() - start
    if answer.returncode != 0:
        words = " ".join(str(word) for word in command)
        raise BenchmarkError(
            f"{words}: exit code {answer.returncode}\n{answer.stdout}{answer.stderr}"
        )
    return seconds, answer.stdout


@contextlib.contextmanager
def local_azure(home: Path) -> Generator[dict[str, str]]:
    """Start a local Azure of its own; yield the environment that points azlocal at it."""
    environment = {"AZLOCAL_HOME": str(home)}
    run([AZLOCAL, "start", "--port", "0"], environment=environment)
    try:
        yield environment
    finally:
        run([AZLOCAL, "stop"], environment=environment)


def start(report: Report, home: Path) -> None:
    """Measure `azlocal start` on a home that has its certificates."""
    environment = {"AZLOCAL_HOME": str(home)}
    times: list[float] = []
    for _ in range(4):
        seconds, _output = run([AZLOCAL, "start", "--port", "0"], environment=environment)
        run([AZLOCAL, "stop"], environment=environment)
        times.append(seconds)
    first, later = times[0], statistics.median(times[1:])
    report.add(
        Result(
            what="`azlocal start`",
            measured=f"{later:.2f} s",
            beside=f"first time: {first:.2f} s",
            budget="under 2 s",
            kept=later < 2,
        )
    )


def client(environment: Mapping[str, str]) -> httpx.Client:
    """Return an HTTP client that reaches the local Azure as the deploying principal."""
    _seconds, output = run([AZLOCAL, "env", "--json"], environment=environment)
    given: dict[str, str] = json.loads(output)
    http = httpx.Client(proxy=given["HTTPS_PROXY"], verify=given["SSL_CERT_FILE"], timeout=30)
    token = http.post(
        f"https://login.microsoftonline.com/{given['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": given["AZURE_CLIENT_ID"],
            "client_secret": given["AZURE_CLIENT_SECRET"],
            "scope": "https://management.azure.com/.default",
        },
    ).raise_for_status()
    http.headers["authorization"] = f"Bearer {token.json()['access_token']}"
    http.base_url = f"https://management.azure.com/subscriptions/{given['AZURE_SUBSCRIPTION_ID']}"
    return http


def median_milliseconds(call: Callable[[int], httpx.Response], count: int = 200) -> float:
    """Return the median time of `count` calls, each of which must succeed."""
    times: list[float] = []
    for number in range(count):
        start_ = time.perf_counter()
        call(number).raise_for_status()
        times.append((time.perf_counter() - start_) * 1e3)
    return statistics.median(times)


def arm(report: Report, environment: Mapping[str, str]) -> None:
    """Measure ARM's GET and PUT through the proxy and TLS."""
    version = {"api-version": "2024-03-01"}
    with contextlib.closing(client(environment)) as http:
        group = "/resourceGroups/rg-bench"
        body = {"location": "westeurope"}
        http.put(group, params=version, json=body).raise_for_status()
        get = median_milliseconds(lambda _: http.get(group, params=version))
        put = median_milliseconds(
            lambda number: http.put(f"{group}-{number}", params=version, json=body)
        )
        report.add(
            Result(
                what="ARM request through proxy and TLS, p50 of 200",
                measured=f"GET {get:.1f} ms, PUT {put:.1f} ms",
                beside="one client, one connection",
                budget="under 5 ms",
                kept=max(get, put) < 5,
            )
        )


def resources_in(preview: str) -> int:
    """Return how many resources a preview's summary says it would create."""
    found = re.search(r"\+ (\d+) to create", preview)
    return int(found[1]) if found else 0


def preview(report: Report, environment: Mapping[str, str], stack: str) -> None:
    """Measure preview with policies beside the same program on a stub provider without policies."""
    command = [AZLOCAL, "exec", "--", "pulumi", "preview", "--stack", stack]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub_provider"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as stub:
        port = stub.stdout.readline().strip() if stub.stdout else ""
        attached = {**environment, "PULUMI_DEBUG_PROVIDERS": f"azure-native:{port}"}
        ours, theirs = [], []
        count = 0
        for _ in range(3):  # in turns, so that a busy moment of the machine hits both
            theirs.append(run(command, environment=attached)[0])
            seconds, output = run([*command, "--policy-pack", "policies"], environment=environment)
            ours.append(seconds)
            count = resources_in(output)
        stub.terminate()
    mine, other = statistics.median(ours), statistics.median(theirs)
    report.add(
        Result(
            what=f"preview of {stack} with policies, {count} resources, median of 3",
            measured=f"{mine:.1f} s, ratio {mine / other:.2f}",
            beside=f"stub provider, no policies: {other:.1f} s",
            budget="ratio within 1.3",
            kept=mine / other <= 1.3,
        )
    )


def up_and_train(report: Report, environment: Mapping[str, str]) -> None:
    """Measure the demo's two halves: deploying dev, and its training pipeline."""
    up = [AZLOCAL, "exec", "--", "pulumi", "up", "--yes", "--stack", "dev"]
    up += ["--policy-pack", "policies"]
    seconds, _output = run(up, environment=environment)
    again, _output = run(up, environment=environment)
    report.add(
        Result(
            what="`pulumi up` of dev, empty subscription",
            measured=f"{seconds:.1f} s",
            beside=f"again, no change: {again:.1f} s",
            budget="none",
            kept=True,
        )
    )
    train = [
        AZLOCAL,
        "exec",
        "--",
        Path(sys.executable).with_name("mlops"),
        "train",
        "--stack",
        "dev",
    ]
    total, _output = run(train, environment=environment)
    report.add(
        Result(
            what="training pipeline, 336,776 rows, with the client's start and upload",
            measured=f"{total:.1f} s",
            beside="eleven steps, each its own process",
            budget="under 60 s",
            kept=total < 60,
        )
    )


def demo(report: Report, home: Path) -> None:
    """Measure `make demo` with everything installed, on an empty home."""
    environment = {"AZLOCAL_HOME": str(home)}
    seconds, _output = run(["make", "demo"], environment=environment)
    again, _output = run(["make", "demo"], environment=environment)
    run([AZLOCAL, "stop"], environment=environment)
    report.add(
        Result(
            what="`make demo`, all installed, empty state",
            measured=f"{seconds:.0f} s",
            beside=f"again: {again:.0f} s",
            budget="under 180 s",
            kept=seconds < 180,
        )
    )


def tests(report: Report) -> None:
    """Measure `make test` warm."""
    seconds, _output = run(["make", "test"])
    report.add(
        Result(
            what="`make test`, warm",
            measured=f"{seconds:.0f} s",
            beside="all but the slow ones, two processes",
            budget="under 600 s",
            kept=seconds < 600,
        )
    )
