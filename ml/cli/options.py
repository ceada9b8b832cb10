"""Options that several commands share, and what they mean together."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ml.target import Target
    from ml.workspace import Workspace


class Device(StrEnum):
    """Where trees are grown."""

    CPU = "cpu"
    CUDA = "cuda"


Stack = Annotated[
    str | None, typer.Option("--stack", "-s", help="Stack whose outputs name the workspace.")
]
Subscription = Annotated[str | None, typer.Option(help="Subscription id, instead of --stack.")]
Group = Annotated[str | None, typer.Option("--resource-group", help="Instead of --stack.")]
Name = Annotated[str | None, typer.Option("--workspace", help="Instead of --stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, nothing else.")]
Key = Annotated[str | None, typer.Option(help="Verdicts' key, instead of the stack's.")]
Jwk = Annotated[Path | None, typer.Option(help="File with the key's public half, not a vault.")]
Model = Annotated[str, typer.Argument(metavar="MODEL[:VERSION]", help="The newest, or a version.")]
Period = Annotated[str | None, typer.Option(metavar="PERIOD", help="Such as 2013-07.")]


def workspace_of(
    stack: str | None, subscription: str | None, resource_group: str | None, workspace: str | None
) -> "Workspace":
    """Return the workspace that the options mean."""
    from ml.workspace import Workspace  # noqa: PLC0415  --help shall not read tasks or clients

    return Workspace(target_of(stack, subscription, resource_group, workspace).place)


def target_of(
    stack: str | None, subscription: str | None, resource_group: str | None, workspace: str | None
) -> "Target":
    """Return the workspace that the options mean, its clusters and its key."""
    from ml.cli import stack as stacks  # noqa: PLC0415  as above

    return stacks.find(stacks.Chosen(stack, subscription, resource_group, workspace))
