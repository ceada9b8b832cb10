"""What `mlops release`, `mlops status` and `mlops rollback` print for people."""

from collections.abc import Mapping

from rich.markup import escape

from ml.cli import console
from ml.cli.releases import Begun, Status
from ml.release.state import Decision, State

LATEST = 12  # decisions that a terminal shows


def begun(found: Begun) -> None:
    """Say what was begun, or would be."""
    plan = found.plan
    model = f"{found.model.name}:{found.model.version}"
    if not found.done:
        against = f"against {plan.champion}" if plan.champion else "as its first model"
        console.out.print(
            f"would release {model} at {plan.endpoint} as {plan.challenger} {against}"
        )
    elif found.state is None:
        console.out.print(f"{model} is the first model of {plan.endpoint}: {found.traffic}")
    else:
        state(found.state)


def status(found: Status) -> None:
    """Show an endpoint and its release."""
    console.out.print(f"{found.endpoint}: {found.traffic}")
    rows = [(name, health) for name, health in sorted(found.deployments.items())]
    console.as_table(("deployment", "health"), rows)
    if found.state is None:
        console.out.print("no release yet; `mlops release MODEL` begins one")
    else:
        state(found.state)


def state(found: State) -> None:
    """Show a release and its latest decisions."""
    request = found.request
    ending = f", {found.ending}" if found.ending else ""
    console.out.print(
        f"release {request.release}: {request.champion} to {request.challenger}, "
        f"{found.during}{ending}"
    )
    console.as_table(
        ("when", "during", "decision", "why"), [_row(each) for each in found.history[-LATEST:]]
    )


def rolled_back(found: Mapping[str, object]) -> None:
    """Say what a rollback did."""
    if not found["done"]:
        console.out.print(
            f"would set {found['endpoint']} from {found['before']} to {found['after']}"
        )
        return
    console.out.print(
        f"{found['endpoint']}: {found['after']} (was {found['before']}), in {found['seconds']} s"
    )
    console.out.print(f"  {found['recorded']}", markup=False)


def _row(decision: Decision) -> tuple[str, str, str, str]:
    when = f"{decision.at:%Y-%m-%d %H:%M}"
    return (when, decision.during, str(decision.verb), escape(decision.reason))
