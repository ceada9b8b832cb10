"""`python -m tools.demo`: dev on the local Azure, and some months of its life replayed there."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

BIN = Path(sys.executable).parent
STACK = "dev"
SHOWN_TYPES = 8

# The shortest part of the year that has all of it: a champion that no longer fits, a training that
# the gate lets in, a release to its end, and a bad deployment that goes back.
LOOP = ("--from", "2013-04-01", "--to", "2013-08-03", "--spoil", "2013-05-13")
REPORT = Path("loop") / "loop.html"

NEXT = {
    f"open {REPORT}": "the report: decisions, drift, performance, traffic",
    f"azlocal exec -- mlops status --stack {STACK}": "who serves, and why",
    "azlocal resources": "what is deployed",
    f"azlocal exec -- mlops models --stack {STACK}": "the models and their lineage",
    f"azlocal exec -- pulumi stack --stack {STACK}": "the stack, with Pulumi's own tool",
    "make preview STACK=prod": "what production would be",
    f"make down STACK={STACK}; azlocal stop": "clean up",
}

console = Console(highlight=False, soft_wrap=True)


def run(*words: str) -> None:
    """Show a command as a user would type it, and run it.

    Raises:
        subprocess.CalledProcessError: it failed; it has said why.
    """
    console.print(f"\n[bold cyan]$ {' '.join(words)}[/]")
    subprocess.run([BIN / words[0], *words[1:]], check=True)


def asked(*words: str) -> list[dict]:
    """Return the list that a command prints as JSON.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    answer = subprocess.run([BIN / words[0], *words[1:]], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def serving() -> dict:
    """Return who serves, as `mlops status` says it.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    words = ("exec", "--", "mlops", "status", "--stack", STACK, "--json")
    answer = subprocess.run([BIN / "azlocal", *words], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def summary(seconds: float) -> None:
    """Print what was deployed, how good the model is, and where to look next."""
    resources = asked("azlocal", "resources", "--json")
    models = asked("azlocal", "exec", "--", "mlops", "models", "--stack", STACK, "--json")
    served = serving()
    model = next((each for each in models if each["tags"].get("role") == "champion"), models[0])
    kinds = Counter(resource["type"].rpartition("/")[2] for resource in resources)
    common = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(SHOWN_TYPES))
    tags = model["tags"]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("deployed", f"{len(resources)} resources of stack {STACK}: {common}, ...")
    table.add_row("models", f"{len(models)} registered, each with a signed verdict")
    table.add_row("champion", f"{model['name']}:{model['version']}, {served['traffic']['live']}")
    table.add_row("held-out AUC", f"[bold]{float(tags['holdout_auc']):.4f}[/]")
    table.add_row("held-out Brier", f"[bold]{float(tags['holdout_brier']):.4f}[/]")
    table.add_row("report", f"[bold]{REPORT}[/]")
    table.add_row("took", f"{seconds:.0f} s")
    console.print("\n[bold]The platform is up and has lived through some months[/]")
    console.print(table)
    console.print("\nLook next (the commands are in .venv/bin):")
    for command, shows in NEXT.items():
        console.print(f"  {command:<46} {shows}")


def main() -> int:
    """Return 0 when all worked, else the exit code of the command that failed."""
    start = time.perf_counter()
    up = ("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK)
    try:
        run("azlocal", "start")
        run("azlocal", "exec", "--", *up, "--policy-pack", "policies")
        if serving()["deployments"]:
            console.print("\nmodels serve here already; `make clean` first, to replay anew")
        else:
            run("azlocal", "exec", "--", "mlops", "loop", "--stack", STACK, *LOOP)
        summary(time.perf_counter() - start)
    except subprocess.CalledProcessError as failed:
        console.print(f"[red]error:[/] {' '.join(str(word) for word in failed.cmd)} failed")
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
