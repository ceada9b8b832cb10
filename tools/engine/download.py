"""Fetch the official Pulumi release, within a short time limit, and check it against its sums."""

import hashlib
import tarfile
import tempfile
from pathlib import Path

import httpx

from tools.engine.locate import DOWNLOADED_VERSION, Engine, Origin, engine_folder, platform_name

ARCHIVES = "https://get.pulumi.com/releases/sdk"
# From another host than the archive, so that one tampered host is not enough.
SUMS = "https://github.com/pulumi/pulumi/releases/download"
CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0


class DownloadError(Exception):
    """The official release could not be fetched or is not what its sums say."""


def archive_name(version: str) -> str:
    """Return the file name of a release for this machine, as the official installer spells it."""
    system, processor = platform_name().split("-")
    return f"pulumi-v{version}-{system}-{'x64' if processor == 'amd64' else processor}.tar.gz"


def expected_sum(sums: str, name: str) -> str:
    """Return the SHA-512 of `name` in a SHA512SUMS text.

    Raises:
        DownloadError: the text does not name the file.
    """
    for line in sums.splitlines():
        digest, _, file = line.partition(" ")
        if file.strip().lstrip("*") == name:
            return digest.lower()
    raise DownloadError(f"the published sums do not name {name}")


def unpack(archive: Path, target: Path) -> None:
    """Unpack the archive's `pulumi/` folder as `target`, complete or not at all.

    Raises:
        DownloadError: the archive holds no `pulumi` command.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        unpacked = Path(folder) / "pulumi"
        if not (unpacked / "pulumi").is_file():
            raise DownloadError(f"{archive.name} holds no pulumi command")
        unpacked.rename(target)


def download(client: httpx.Client | None = None) -> Engine:
    """Fetch, check and unpack the official release into the cache.

    Raises:
        DownloadError: the hosts do not answer in time, or the sums differ.
    """
    name = archive_name(DOWNLOADED_VERSION)
    limits = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    with client or httpx.Client(timeout=limits, follow_redirects=True) as http:
        try:
            sums = http.get(f"{SUMS}/v{DOWNLOADED_VERSION}/SHA512SUMS").raise_for_status().text
            wanted = expected_sum(sums, name)
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / name
                digest = hashlib.sha512()
                with http.stream("GET", f"{ARCHIVES}/{name}") as answer, archive.open("wb") as file:
                    for chunk in answer.raise_for_status().iter_bytes():
                        digest.update(chunk)
                        file.write(chunk)
                if digest.hexdigest() != wanted:
                    raise DownloadError(f"{name} does not match its published SHA-512")
                target = engine_folder(DOWNLOADED_VERSION, Origin.DOWNLOADED)
                unpack(archive, target)
        except httpx.HTTPError as error:
            raise DownloadError(f"{type(error).__name__}: {error}") from error
    return Engine(command=target / "pulumi", version=DOWNLOADED_VERSION, origin=Origin.DOWNLOADED)
