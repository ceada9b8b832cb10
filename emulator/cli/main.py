"""`azlocal`: start and stop the local Azure, look into it, and run any command against it."""

import importlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.cli import faults, identities, process
from emulator.cli.environment import UnknownError, variables
from emulator.cli.stacks import StackError, StackFiles, ensure, project_folder
from emulator.cli.template import templates
from emulator.login.callers import PRIVATE, Caller
from emulator.login.principals import DEPLOYER
from emulator.server.home import Home, Running

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A local Azure on this machine: ARM, sign-in, blob storage and Azure Machine Learning.",
)
app.add_typer(faults.app, name="fault")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port of the proxy; 0 takes any free one.")
]


class LogName(StrEnum):
    """The logs of the local Azure."""

    SERVER = "server"
    REQUESTS = "requests"
    REFUSED = "refused"


def fail(message: str) -> typer.Exit:
    """Print an error; return what to raise."""
    err.print(f"[red]error:[/] {message}", soft_wrap=True, highlight=False)
    return typer.Exit(1)


def needed(home: Home) -> Running:
    """Return the running server, or end with how to start it."""
    running = home.running()
    if running is None:
        raise fail(f"no local Azure runs on {home.folder}: start it with `azlocal start`")
    return running


@app.command()
def start(
    port: Port = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay here and log to the terminal.")
    ] = False,
) -> None:
    """Start the local Azure of this project; nothing happens when it runs already."""
    home = Home.find()
    if foreground:
        command = [sys.executable, "-m", "emulator.server.main", "--home", str(home.folder)]
        os.execv(sys.executable, [*command, "--port", str(process.chosen_port(port))])
    begin = time.perf_counter()
    try:
        running, is_new = process.start(home, port)
    except process.ServerError as error:
        raise fail(str(error)) from error
    took = f" in {time.perf_counter() - begin:.1f} s" if is_new else " already"
    out.print(
        f"local Azure runs{took}: proxy on 127.0.0.1:{running.proxy_port}, state in {home.folder}",
        soft_wrap=True,
        highlight=False,
    )


@app.command()
def stop() -> None:
    """Stop the local Azure; its state stays."""
    home = Home.find()
    try:
        stopped = process.stop(home)
    except process.ServerError as error:
        raise fail(str(error)) from error
    out.print("stopped" if stopped else "no local Azure runs here")


@app.command()
def status(as_json: Json = False) -> None:
    """Say whether the local Azure runs, where, and what it holds. Exit code 3: it does not run."""
    home = Home.find()
    running = home.running()
    count = _count(home) if home.store.is_file() else 0
    facts: dict[str, object] = {"running": running is not None, "home": str(home.folder)}
    if running is not None:
        facts |= {"pid": running.pid, "proxy": f"http://127.0.0.1:{running.proxy_port}"}
    facts["resources"] = count
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        for name, value in facts.items():
            out.print(f"{name:10} {value}", soft_wrap=True, highlight=False)
    if running is None:
        raise typer.Exit(3)


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete the whole state of the local Azure: resources, data, models, Pulumi stacks."""
    home = Home.find()
    if home.running() is not None:
        raise fail("the local Azure runs: `azlocal stop` first")
    if not home.folder.is_dir():
        out.print("nothing to delete")
        return
    if not yes:
        typer.confirm(f"Delete everything in {home.folder}?", abort=True)
    shutil.rmtree(home.folder)
    out.print(f"deleted {home.folder}", soft_wrap=True, highlight=False)


From = Annotated[
    str, typer.Option("--from", metavar="PLACE", help="private, internet, or a subnet.")
]
As = Annotated[
    str, typer.Option("--as", metavar="PRINCIPAL", help="Name, object id or client id of whom.")
]


@app.command()
def env(place: From = PRIVATE, principal: As = DEPLOYER, as_json: Json = False) -> None:
    """Print the variables that point any client at the local Azure: `eval "$(azlocal env)"`."""
    home = Home.find()
    try:
        given = variables(home, needed(home), place=place, principal=principal)
    except UnknownError as error:
        raise fail(str(error)) from error
    if as_json:
        typer.echo(json.dumps(given))
        return
    for name, value in given.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command(
    "exec",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    no_args_is_help=True,
)
def execute(
    command: Annotated[list[str], typer.Argument(help="The command, after `--`.")],
    place: From = PRIVATE,
    principal: As = DEPLOYER,
    start_first: Annotated[
        bool, typer.Option("--start", help="Start the local Azure if it does not run.")
    ] = False,
) -> None:
    """Run a command against the local Azure: `azlocal exec -- pulumi up -s dev`."""
    home = Home.find()
    try:
        running = process.start(home, None)[0] if start_first else needed(home)
        given = variables(home, running, place=place, principal=principal)
    except (process.ServerError, UnknownError) as error:
        raise fail(str(error)) from error
    environment = os.environ | given
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        hint = ": `make setup` gets the engine" if command[0] == "pulumi" else ""
        raise fail(f"no command {command[0]!r} on PATH{hint}")
    folder = project_folder(command[1:], Path.cwd()) if Path(program).name == "pulumi" else None
    if folder is None:
        os.execve(program, command, environment)
    try:
        with StackFiles(home, folder):
            ensure(home, folder, command[1:], environment)
            code = _run(program, command, environment)
    except StackError as error:
        raise fail(str(error)) from error
    raise typer.Exit(code)


def _run(program: str, command: list[str], environment: dict[str, str]) -> int:
    """Run the command in the foreground; an interrupt is the child's to handle."""
    with subprocess.Popen(command, executable=program, env=environment) as child:
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = child.wait()
        signal.signal(signal.SIGINT, previous)
    return code if code >= 0 else 128 - code


def _shown(home: Home) -> list[Resource]:
    """Return every resource as ARM shows it: without the secrets that its type keeps back."""
    # What types keep back is known to the planes; only this command pays for importing them.
    from emulator.arm.behaviours import Context, behaviour_of  # noqa: PLC0415
    from emulator.server.main import PLANES, services_of  # noqa: PLC0415

    for plane in PLANES:
        importlib.import_module(plane)
    with services_of(home) as services:
        ctx = Context(services.store, Caller(PRIVATE, None), services)
        found = services.store.under("")
        return [behaviour_of(one["type"]).view(ctx, one) for one in found]


def _count(home: Home) -> int:
    store = Store(home.store)
    try:
        return int(store.query("SELECT COUNT(*) FROM arm_resources")[0][0])
    finally:
        store.close()


@app.command()
def resources(
    as_json: Json = False,
    type_: Annotated[
        str, typer.Option("--type", help="Only types that contain this, such as storage.")
    ] = "",
) -> None:
    """List every resource of the local Azure; with --json in ARM's own shape."""
    home = Home.find()
    found = _shown(home) if home.store.is_file() else []
    found = [one for one in found if type_.lower() in one["type"].lower()]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table("type", "name", "group", "location", box=None, pad_edge=False)
    for one in sorted(found, key=lambda one: (one["type"].lower(), one["id"].lower())):
        arm_id = parse(one["id"])
        group = arm_id.resource_group or ""
        table.add_row(one["type"], "/".join(arm_id.names), group, one.get("location") or "")
    out.print(table)
    out.print(f"{len(found)} resources")


@app.command()
def export(
    folder: Annotated[
        Path, typer.Option("--arm-template", help="Folder for the templates; made if missing.")
    ],
) -> None:
    """Write what the local Azure holds as ARM templates: a file a resource group."""
    home = Home.find()
    found = templates(_shown(home) if home.store.is_file() else [])
    if not found:
        raise fail("there is nothing to export; deploy something first, such as `make up`")
    folder.mkdir(parents=True, exist_ok=True)
    for name, template in found.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(template, indent=2) + "\n")
        typer.echo(f"{file}: {len(template['resources'])} resources")


@app.command()
def logs(
    name: Annotated[LogName, typer.Argument(help="Which log.")] = LogName.SERVER,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
) -> None:
    """Show the end of a log: of the server, of every request, of hosts that were refused."""
    ending = "log" if name is LogName.SERVER else "jsonl"
    file = Home.find().logs / f"{name.value}.{ending}"
    if not file.is_file():
        raise fail(f"no log {file} yet")
    with file.open() as text:
        for line in text.readlines()[-lines:]:
            typer.echo(line.rstrip("\n"))
        while follow:
            line = text.readline()
            if line:
                typer.echo(line.rstrip("\n"))
            else:
                time.sleep(0.2)


app.command()(identities.principals)
app.command()(identities.assertion)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
