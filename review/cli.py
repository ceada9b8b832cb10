"""The `mlops-review` command."""

import json as jsons
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from review import engine, stacks
from review.errors import ReviewError

BAD_INPUT = 2
_WIDE = 180  # a log has no edge, but notes are read more easily in one

app = typer.Typer(
    name="mlops-review",
    help="Review a stack before it is deployed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.callback()
def review() -> None:
    """Review a stack before it is deployed."""


@app.command()
def cost(
    *,
    stack: Annotated[
        str | None,
        typer.Option("--stack", "-s", help="Read its state, or preview it if it is not deployed."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output of `pulumi stack export`.")
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Output of `pulumi preview --json --show-sames`."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data, nothing else.")] = False,
) -> None:
    """Say what a stack costs a month: fixed, by scaling, by use, and what has no price."""
    from review.cost import estimate  # noqa: PLC0415  --help shall not read prices
    from review.cost.document import document  # noqa: PLC0415  as above
    from review.cost.show import show  # noqa: PLC0415  as above

    found = estimate(_read(stack, state, preview), datetime.now(UTC).date())
    if json:
        typer.echo(jsons.dumps(document(found), indent=2))
    else:
        console = Console(highlight=False)
        show(found, console if console.is_terminal else Console(highlight=False, width=_WIDE))


def _read(stack: str | None, state: Path | None, preview: Path | None) -> stacks.Stack:
    given = [name for name in (state, preview) if name is not None]
    if len(given) > 1:
        raise ReviewError("--state and --preview are both given; give one of them")
    if given:
        return stacks.of_file(given[0], preview=preview is not None)
    if stack is None:
        raise ReviewError("nothing to read: give --stack dev, --state FILE or --preview FILE")
    return engine.read(stack, Path.cwd())


def main() -> None:
    """Run the command; a mistake is one sentence and exit code 2."""
    try:
        app()
    except ReviewError as error:
        err.print(f"error: {error}", style="red", markup=False)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
