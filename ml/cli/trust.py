"""Commands about whether a model can be trusted: explain, lineage, promote."""

from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Group, Json, Jwk, Key, Model, Name, Stack, Subscription, target_of


def explain(
    *,
    model: Model,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    key: Key = None,
    jwk: Jwk = None,
    json: Json = False,
) -> None:
    """Print what the gate said of a model, rule by rule, if its signature holds."""
    from ml.cli import explaining  # noqa: PLC0415  --help shall not read tasks or clients

    found = explaining.explain(
        *explaining.known(
            target_of(stack, subscription, resource_group, workspace), key, jwk, model
        )
    )
    if json:
        console.as_json(found.document)
    else:
        explaining.show(found)


def lineage(
    *,
    model: Model,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    key: Key = None,
    jwk: Jwk = None,
    json: Json = False,
) -> None:
    """Walk back to a model's data, code and environment and hash each again; 1 if one differs."""
    from ml.cli import explaining, lineages  # noqa: PLC0415  as above

    found = lineages.find(
        *explaining.known(
            target_of(stack, subscription, resource_group, workspace), key, jwk, model
        )
    )
    if json:
        console.as_json(found.document)
    else:
        lineages.show(found)
    if not found.holds:
        raise typer.Exit(1)


def promote(
    *,
    model: Model,
    to: Annotated[str, typer.Option("--to", help="staging, or prod: one environment further.")],
    approved_by: Annotated[
        str | None, typer.Option(help="Who agreed, somebody other than you; it is recorded.")
    ] = None,
    instance_type: Annotated[
        str, typer.Option(help="Machine of the deployment that staging tests.")
    ] = "Standard_DS3_v2",
    key: Key = None,
    jwk: Jwk = None,
    dry_run: Annotated[bool, typer.Option(help="Check everything and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Share a model through the registry with the next environment: same bytes, same verdict.

    Staging deploys what it gets, without traffic, tests it and signs the result; prod takes no
    model without one that passed, for exactly its bytes.
    """
    from ml.cli import promoting  # noqa: PLC0415  --help shall not read tasks or clients

    wish = promoting.Wish(model, to, approved_by, instance_type, key, jwk)
    found = promoting.run(wish, dry_run=dry_run)
    if json:
        console.as_json(found.document)
    else:
        promoting.show(found, to)
