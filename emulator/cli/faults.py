"""`azlocal fault`: make something go wrong, see what is set, and mend it."""

from typing import Annotated

import httpx
import typer

from emulator.server.home import Home
from emulator.serving.faults import PATH, Kind

app = typer.Typer(no_args_is_help=True, help="Make something go wrong on purpose.")


@app.command("add")
def add(
    kind: Annotated[Kind, typer.Argument(help="What goes wrong.")],
    target: Annotated[str, typer.Argument(help="Part of the id of what it hits.")],
    times: Annotated[int | None, typer.Option(help="How often; without it, always.")] = None,
) -> None:
    """Set a fault."""
    answer = httpx.post(_address(), json={"kind": kind.value, "target": target, "times": times})
    if answer.is_error:
        raise typer.BadParameter(answer.json()["error"])
    typer.echo(answer.json()["id"])


@app.command("list")
def show() -> None:
    """Show the faults that are set."""
    for one in httpx.get(_address()).json()["faults"]:
        left = "always" if one["times"] is None else f"{one['times']} times"
        typer.echo(f"{one['id']}  {one['kind']}  {one['target']}  {left}")


@app.command("clear")
def clear(id_: Annotated[str | None, typer.Argument(metavar="ID")] = None) -> None:
    """Take away one fault, or all."""
    query = {"id": id_} if id_ else {}
    typer.echo(f"{httpx.delete(_address(), params=query).json()['cleared']} cleared")


def _address() -> str:
    running = Home.find().running()
    if running is None:
        message = "no local Azure runs here; start one with `azlocal start`"
        raise typer.BadParameter(message)
    return f"http://127.0.0.1:{running.plain_port}{PATH}"
