"""What the way through an endpoint costs a request, beside asking its scorer directly.

`python -m benchmarks.router` measures this alone, on a platform of its own, and writes its row.
"""

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from benchmarks.measure import AZLOCAL, ROOT, BenchmarkError, local_azure, run
from benchmarks.report import Report, Result

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

ENDPOINT, DEPLOYMENT, STACK = "bench-router", "only", "dev"
WARM, REQUESTS = 100, 1_000
BUDGET_MS = 2.0
# It does nothing: what is left is the way. It runs on Microsoft's inference server as models do.
SCRIPT = 'def init():\n    pass\n\n\ndef run(raw):\n    return {"predictions": [0.5]}\n'
BODY = {"input_data": {"columns": [f"x{number}" for number in range(20)], "data": [[0.5] * 20]}}
BIND = re.compile(r"127\.0\.0\.1:(\d+)")
SEEN = "SEEN "


def router(report: Report, environment: Mapping[str, str]) -> None:
    """Measure on a platform that is up; the endpoint goes when it was measured."""
    words = [AZLOCAL, "exec", "--"]
    _seconds, shown = run(
        [*words, "pulumi", "stack", "output", "--json", "--stack", STACK], environment=environment
    )
    outputs = json.loads(shown)
    place = [str(outputs[name]) for name in ("subscription_id", "resource_group", "workspace")]
    _seconds, printed = run(
        [*words, sys.executable, "-m", "benchmarks.router", "--inside", *place],
        environment=environment,
    )
    line = next(line for line in printed.splitlines() if line.startswith(SEEN))
    found: dict[str, float] = json.loads(line.removeprefix(SEEN))
    report.add(
        Result(
            what=f"way through an online endpoint, p50 of {REQUESTS:,} pairs of requests",
            measured=f"{found['more']:.1f} ms more: {found['through']:.1f} ms with proxy, TLS, "
            "key and routing",
            beside=f"the scorer asked directly: {found['direct']:.1f} ms; p95 "
            f"{found['through p95']:.1f} and {found['direct p95']:.1f} ms; load "
            f"{os.getloadavg()[0]:.1f}",
            budget=f"under {BUDGET_MS:.0f} ms",
            kept=found["more"] < BUDGET_MS,
        )
    )


def inside(subscription: str, group: str, workspace: str) -> None:
    """Deploy, measure in turns and print; runs where the local Azure is Azure."""
    from azure.ai.ml import MLClient  # noqa: PLC0415  seconds that the other side does not need
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415  as above

    client = MLClient(DefaultAzureCredential(), subscription, group, workspace)
    try:
        uri, key = _deployed(client)
        direct = f"http://127.0.0.1:{_port(Path(os.environ['AZLOCAL_HOME']))}/score"
        through = httpx.Client(
            proxy=os.environ["HTTPS_PROXY"],
            verify=os.environ["SSL_CERT_FILE"],
            headers={"authorization": f"Bearer {key}"},
        )
        with through, httpx.Client(trust_env=False) as bare:
            times: dict[str, list[float]] = {"through": [], "direct": []}
            for number in range(WARM + REQUESTS):
                # In turns, so that a busy moment of the machine hits both.
                pair = _time(through, uri), _time(bare, direct)
                if number >= WARM:
                    times["through"].append(pair[0])
                    times["direct"].append(pair[1])
    finally:
        client.online_endpoints.begin_delete(ENDPOINT).result()
    found = {name: statistics.median(taken) for name, taken in times.items()}
    found |= {f"{name} p95": statistics.quantiles(taken, n=20)[-1] for name, taken in times.items()}
    pairs = zip(times["through"], times["direct"], strict=True)
    found["more"] = statistics.median(through - direct for through, direct in pairs)
    print(f"\n{SEEN}{json.dumps(found)}")  # the client leaves dots on the line before


def _deployed(client: "MLClient") -> tuple[str, str]:
    """Return the address and the key of an endpoint with one deployment that has all traffic."""
    from azure.ai.ml import load_environment  # noqa: PLC0415  as above
    from azure.ai.ml.entities import (  # noqa: PLC0415  as above
        CodeConfiguration,
        EndpointAuthKeys,
        ManagedOnlineDeployment,
        ManagedOnlineEndpoint,
    )

    asked = ManagedOnlineEndpoint(name=ENDPOINT, auth_mode="key", public_network_access="enabled")
    endpoint = client.online_endpoints.begin_create_or_update(asked).result()
    wanted = load_environment(ROOT / "ml" / "environments" / "serve.yaml")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "score.py").write_text(SCRIPT, "utf-8")
        deployment = ManagedOnlineDeployment(
            name=DEPLOYMENT,
            endpoint_name=ENDPOINT,
            environment=client.environments.create_or_update(wanted).id,
            code_configuration=CodeConfiguration(code=folder, scoring_script="score.py"),
            instance_type="Standard_DS3_v2",
            instance_count=1,
        )
        client.online_deployments.begin_create_or_update(deployment).result()
    endpoint.traffic = {DEPLOYMENT: 100}
    endpoint = client.online_endpoints.begin_create_or_update(endpoint).result()
    keys = client.online_endpoints.get_keys(ENDPOINT)
    if not isinstance(keys, EndpointAuthKeys):
        raise BenchmarkError(f"endpoint {ENDPOINT} has no keys")
    return str(endpoint.scoring_uri), str(keys.primary_key)


def _port(home: Path) -> int:
    """Return where the deployment's scorer listens."""
    place = str(home / "serving" / ENDPOINT / DEPLOYMENT)
    for process in psutil.process_iter():
        try:
            bound = BIND.search(" ".join(process.cmdline()))
            if bound and process.cwd().startswith(place):
                return int(bound[1])
        except psutil.Error:
            continue  # it ended, or is somebody else's
    raise BenchmarkError(f"no scorer runs under {place}")


def _time(client: httpx.Client, uri: str) -> float:
    start = time.perf_counter()
    client.post(uri, json=BODY).raise_for_status()
    return (time.perf_counter() - start) * 1e3


def main() -> int:
    """Measure this alone; return 1 when a measured command failed."""
    if sys.argv[1:2] == ["--inside"]:
        inside(*sys.argv[2:])
        return 0
    report = Report()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="azlocal-bench-") as folder,
            local_azure(Path(folder) / "router") as environment,
        ):
            up = [AZLOCAL, "exec", "--", "pulumi", "up", "--yes", "--skip-preview"]
            run([*up, "--stack", STACK], environment=environment)
            router(report, environment)
    except BenchmarkError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    report.merge()
    return 0


if __name__ == "__main__":
    sys.exit(main())
