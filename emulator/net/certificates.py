"""The certificate authority of one local Azure, and the bundle that its clients trust."""

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from emulator.net.names import CERTIFIED


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Files of a local Azure's TLS: the leaf with its key, and what clients trust."""

    certificate: Path
    key: Path
    bundle: Path


def ensure(folder: Path) -> Certificates:
    """Return the certificates in `folder`, made anew when absent, incomplete or nearly over."""
    files = Certificates(
        certificate=folder / "leaf.pem", key=folder / "leaf.key", bundle=folder / "bundle.pem"
    )
    if not _usable(files):
        _make(files, folder)
    return files


def _usable(files: Certificates) -> bool:
    if not all(file.is_file() for file in (files.certificate, files.key, files.bundle)):
        return False
    from cryptography import x509  # noqa: PLC0415 - 0.1 s that most starts can spare

    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    certified = set(names.get_values_for_type(x509.DNSName))
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    return leaf.not_valid_after_utc > soon and certified >= set(CERTIFIED)


def _make(files: Certificates, folder: Path) -> None:
    import certifi  # noqa: PLC0415 - needed once in the life of a state folder
    import trustme  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = trustme.CA(organization_name="azlocal")
    leaf = authority.issue_cert(*CERTIFIED)
    key = leaf.private_key_pem.bytes()
    _write(files.key, key, mode=0o600)
    _write(files.certificate, b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    # The public roots stay in: a job may also install packages, past the proxy.
    public = Path(certifi.where()).read_bytes()
    given = os.environ.get("SSL_CERT_FILE")
    extra = Path(given).read_bytes() if given and Path(given).is_file() else b""
    _write(files.bundle, public + b"\n" + extra + b"\n" + authority.cert_pem.bytes())


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
