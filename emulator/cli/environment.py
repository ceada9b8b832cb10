"""The environment in which any client of Azure talks to the local Azure instead."""

import os
import sys
from pathlib import Path
from urllib.parse import quote

from emulator.arm.store import Store
from emulator.login.callers import INTERNET, PRIVATE, Principal
from emulator.login.principals import DEPLOYER, Principals
from emulator.net import certificates
from emulator.server.home import SUBSCRIPTION_ID, TENANT_ID, VARIABLE, Home, Running

PROVIDER = "pulumi-resource-azure-native"
PROVIDER_VERSION = "3.29.0"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"


class UnknownError(Exception):
    """A principal or a place that this local Azure does not know, or knows twice."""


def find_principal(store: Store, word: str) -> Principal:
    """Return whom a word means.

    Raises:
        UnknownError: nobody, or several of one name; the message lists who is known.
    """
    directory = Principals(store)
    namesakes = [principal for principal in directory.all() if principal.name == word]
    if len(namesakes) > 1:
        ids = ", ".join(principal.object_id for principal in namesakes)
        raise UnknownError(
            f"{len(namesakes)} principals are called {word!r}: give an object id ({ids})"
        )
    found = directory.resolve(word)
    if found is None:
        known = ", ".join(sorted(principal.name for principal in directory.all()))
        raise UnknownError(f"no principal {word!r} here; known are: {known}")
    return found


def check_place(store: Store, place: str) -> None:
    """Refuse a place that is none.

    Raises:
        UnknownError: it is neither private, internet nor a subnet; the message lists the subnets.
    """
    if place in {PRIVATE, INTERNET}:
        return
    subnets = store.find(SUBNETS)
    if any(place.lower() in {subnet["id"].lower(), subnet["name"].lower()} for subnet in subnets):
        return
    known = ", ".join([PRIVATE, INTERNET, *sorted({subnet["name"] for subnet in subnets})])
    raise UnknownError(f"no place {place!r} here; known are: {known}")


def variables(
    home: Home, running: Running, *, place: str = PRIVATE, principal: str = DEPLOYER
) -> dict[str, str]:
    """Return the variables that point clients at the local Azure, as one principal in one place.

    Raises:
        UnknownError: the principal or the place does not exist.
    """
    store = Store(home.store)
    try:
        check_place(store, place)
        who = find_principal(store, principal)
        secret = Principals(store).secret(who)
    finally:
        store.close()
    # With a password, although it means nothing: requests drops a user that has none.
    user = "" if place == PRIVATE else f"{quote(place, safe='')}:place@"
    proxy = f"http://{user}127.0.0.1:{running.proxy_port}"
    bundle = str(certificates.ensure(home.certificates).bundle)
    client_id = who.client_id or ""
    return {
        VARIABLE: str(home.folder),
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), bundle),
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_CLIENT_SECRET": secret,
        "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
        "ARM_TENANT_ID": TENANT_ID,
        "ARM_CLIENT_ID": client_id,
        "ARM_CLIENT_SECRET": secret,
        **_pulumi(home),
        "PATH": os.pathsep.join([*_folders(), os.environ.get("PATH", "")]),
    }


def _pulumi(home: Home) -> dict[str, str]:
    """Give Pulumi a home, a backend and a passphrase of its own inside the state folder."""
    home.prepare()
    passphrase = home.folder / "passphrase"
    if not passphrase.is_file():
        passphrase.touch(mode=0o600)
        passphrase.write_text(home.secret("passphrase").hex())
    own = home.folder / "pulumi-home"
    _install_provider(own / "plugins" / f"resource-azure-native-v{PROVIDER_VERSION}")
    return {
        "PULUMI_HOME": str(own),
        "PULUMI_BACKEND_URL": home.pulumi.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # A stack file without `encryptionsalt` is as good as one with it: the state has it too.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }


def _install_provider(folder: Path) -> None:
    """Put the provider where the engine keeps plugins: found by version, without a warning."""
    target = folder / PROVIDER
    script = f'#!/bin/sh\nexec "{sys.executable}" -m emulator.pulumi_provider "$@"\n'
    if target.is_file() and target.read_text() == script:
        return
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    partial.write_text(script)
    partial.chmod(0o755)
    partial.replace(target)


def _folders() -> list[str]:
    from tools.engine.locate import engine_path  # noqa: PLC0415 - asks commands for their versions

    return [str(Path(sys.executable).parent), *(str(folder) for folder in engine_path())]
