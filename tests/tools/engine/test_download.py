"""The official release is taken only if it is what its sums say."""

import hashlib
import io
import tarfile

import httpx
import pytest

from tools.engine import download, locate
from tools.engine.download import DownloadError


def archive(member: str = "pulumi/pulumi") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        content = b"#!/bin/sh\necho v3.272.0\n"
        entry = tarfile.TarInfo(member)
        entry.size, entry.mode = len(content), 0o755
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def client(content: bytes, digest: str | None = None) -> httpx.Client:
    name = download.archive_name(locate.DOWNLOADED_VERSION)
    sums = f"{digest or hashlib.sha512(content).hexdigest()}  {name}\n"

    def answer(request: httpx.Request) -> httpx.Response:
        body = sums.encode() if request.url.path.endswith("SHA512SUMS") else content
        return httpx.Response(200, content=body)

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_release_that_matches_its_sum_is_unpacked_and_found():
    engine = download.download(client(archive()))
    assert locate.version_of(engine.command) == "3.272.0"
    assert locate.find() == engine


def test_a_tampered_release_is_refused_and_leaves_nothing():
    with pytest.raises(DownloadError, match="does not match its published SHA-512"):
        download.download(client(archive(), digest="0" * 128))
    assert locate.find() is None


def test_a_release_without_a_command_is_refused():
    with pytest.raises(DownloadError, match="holds no pulumi command"):
        download.download(client(archive(member="pulumi/readme")))
    assert locate.find() is None


def test_sums_that_do_not_name_the_release_are_refused():
    with pytest.raises(DownloadError, match="do not name pulumi-v9"):
        download.expected_sum("abc  another.tar.gz\n", "pulumi-v9.tar.gz")


def test_a_host_that_cannot_be_reached_is_one_clear_error():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with pytest.raises(DownloadError, match="ConnectError: no route"):
        download.download(httpx.Client(transport=httpx.MockTransport(refuse)))
