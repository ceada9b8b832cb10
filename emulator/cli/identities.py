"""Who can sign in at the local Azure, and what an issuer would say of a subject."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from emulator.arm.store import Store
from emulator.login.principals import Principals
from emulator.server.home import TENANT_ID, Home


def principals(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List who can sign in: the deployer and every managed identity (for --as)."""
    home = Home.find()
    home.prepare()
    store = Store(home.store)
    try:
        known = Principals(store).all()
    finally:
        store.close()
    if as_json:
        typer.echo(json.dumps([vars(one) for one in known], indent=2))
        return
    table = Table("name", "kind", "object id", "client id", box=None, pad_edge=False)
    for one in known:
        table.add_row(one.name, one.kind, one.object_id, one.client_id or "")
    Console().print(table)


def assertion(
    issuer: Annotated[str, typer.Option(help="URL of the issuer, as in the credential.")],
    subject: Annotated[str, typer.Option(help="Subject, as in the credential.")],
    audience: Annotated[str, typer.Option(help="Audience, as in the credential.")] = "",
) -> None:
    """Print a federated assertion (for AZURE_FEDERATED_TOKEN_FILE): how CI signs in."""
    # Importing the token library takes longer than most commands.
    from emulator.login import federation  # noqa: PLC0415
    from emulator.login.tokens import Tokens  # noqa: PLC0415

    home = Home.find()
    home.prepare()
    tokens = Tokens(home.secret("tokens"), TENANT_ID)
    typer.echo(federation.assertion(tokens, issuer, subject, audience or federation.AUDIENCE))
