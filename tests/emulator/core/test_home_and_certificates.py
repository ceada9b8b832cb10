"""The state folder: where it is found, what is secret in it, whom its authority vouches for."""

import datetime as dt
import json
import os
import ssl
import stat

import psutil
import pytest
import trustme
from cryptography import x509

from emulator.net import certificates
from emulator.net.names import CERTIFIED, REGIONS
from emulator.server.home import Home, Running


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def running(**changes: float) -> Running:
    me = psutil.Process()
    facts = {"pid": me.pid, "started": me.create_time()} | changes
    return Running(
        pid=int(facts["pid"]), started=facts["started"], proxy_port=1, tls_port=2, plain_port=3
    )


def test_the_folder_stands_beside_the_nearest_project(tmp_path, monkeypatch):
    monkeypatch.delenv("AZLOCAL_HOME", raising=False)
    (tmp_path / "Pulumi.yaml").touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert Home.find().folder == tmp_path / ".azlocal"
    (deep.parent / ".git").mkdir()
    assert Home.find().folder == deep.parent / ".azlocal"
    monkeypatch.setenv("AZLOCAL_HOME", str(tmp_path / "elsewhere"))
    assert Home.find().folder == tmp_path / "elsewhere"


def test_secrets_differ_by_purpose_and_folder_and_stay(home, tmp_path):
    first = home.secret("tokens")
    assert home.secret("tokens") == first
    assert home.secret("passphrase") != first
    other = Home(tmp_path / "other")
    other.prepare()
    assert other.secret("tokens") != first
    assert stat.S_IMODE((home.folder / "secret").stat().st_mode) == 0o600


def test_a_living_server_is_found_and_forgotten_when_it_withdraws(home):
    assert home.running() is None
    home.announce(running())
    assert home.running() == running()
    home.withdraw()
    assert home.running() is None


@pytest.mark.parametrize(
    "left", ["", "{", "[]", json.dumps({"pid": 1}), json.dumps({"pid": 1, "color": "red"})]
)
def test_a_broken_server_file_means_that_none_runs(home, left):
    (home.folder / "server.json").write_text(left)
    assert home.running() is None


def test_another_process_with_the_old_id_is_not_the_server(home):
    home.announce(running(started=psutil.Process().create_time() - 100))
    assert home.running() is None


def test_a_process_that_is_gone_is_not_the_server(home):
    child = os.fork()
    if child == 0:
        os._exit(0)
    while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        pass
    home.announce(running(pid=child, started=psutil.Process(child).create_time()))
    assert home.running() is None  # killed, and nobody has waited for it
    os.waitpid(child, 0)
    assert home.running() is None


def test_certificates_are_made_once(tmp_path):
    first = certificates.ensure(tmp_path)
    content = first.certificate.read_bytes()
    assert certificates.ensure(tmp_path) == first
    assert first.certificate.read_bytes() == content
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600


def test_a_lost_bundle_or_a_nearly_expired_certificate_is_made_anew(tmp_path):
    files = certificates.ensure(tmp_path)
    before = files.certificate.read_bytes()
    files.bundle.unlink()
    certificates.ensure(tmp_path)
    assert files.bundle.is_file()
    assert files.certificate.read_bytes() != before
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    over = trustme.CA().issue_cert(*CERTIFIED, not_after=tomorrow).cert_chain_pems[0].bytes()
    files.certificate.write_bytes(over)
    certificates.ensure(tmp_path)
    assert files.certificate.read_bytes() != over


def test_the_leaf_covers_every_host_one_label_deep(tmp_path):
    leaf = x509.load_pem_x509_certificate(certificates.ensure(tmp_path).certificate.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    certified = names.get_values_for_type(x509.DNSName)
    assert set(certified) == set(CERTIFIED)
    for region in REGIONS:
        assert f"*.{region}.inference.ml.azure.com" in certified
    assert all(name.count("*") <= 1 for name in certified)


def test_the_bundle_holds_the_authority_beside_the_public_roots(tmp_path):
    files = certificates.ensure(tmp_path)
    context = ssl.create_default_context(cafile=str(files.bundle))
    authorities = context.get_ca_certs()
    ours = [one for one in authorities if "azlocal" in str(one["subject"])]
    assert len(ours) == 1
    assert len(authorities) > 100
