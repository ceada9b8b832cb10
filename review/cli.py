"""The `mlops-review` command."""

import typer

app = typer.Typer(
    name="mlops-review",
    help="Review a stack before it is deployed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def review() -> None:
    """Review a stack before it is deployed."""


def main() -> None:
    """Run the command."""
    app()
