"""Key Vault's data plane, as Microsoft's own clients see it."""

import hashlib

import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.keys import KeyClient, KeyCurveName
from azure.keyvault.keys.crypto import (
    CryptographyClient,
    EncryptionAlgorithm,
    KeyWrapAlgorithm,
    SignatureAlgorithm,
)
from azure.keyvault.secrets import SecretClient

import emulator.vault  # noqa: F401  registers the host
from emulator.arm.behaviours import Context
from emulator.login.callers import Caller
from emulator.providers.keyvault.contents import Key
from tests.emulator.blob.conftest import GROUP, Adapter, Cloud

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-mlops"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
URL = "https://kv-mlops.vault.azure.net"
DIGEST = hashlib.sha256(b"what is signed").digest()


def _vault(cloud: Cloud, **properties: object) -> None:
    kept = {
        "vaultUri": f"{URL}/",
        "enableRbacAuthorization": True,
        "sku": {"family": "A", "name": "standard"},
        "softDeleteRetentionInDays": 7,
        "publicNetworkAccess": "Enabled",
    }
    cloud.store.put({"id": VAULT, "location": "westeurope", "properties": {**kept, **properties}})


@pytest.fixture
def cloud(tmp_path):
    made = Cloud(tmp_path)
    _vault(made)
    yield made
    made.store.close()


def _transport(cloud: Cloud, place: str = "private") -> RequestsTransport:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Adapter(cloud, place))
    return RequestsTransport(session=session, session_owner=False)


@pytest.fixture
def client_of(cloud):
    def make(kind, who, *first, place="private", audience="https://vault.azure.net"):
        return kind(
            *(first or (URL,)),
            credential=cloud.token(who, audience),
            transport=_transport(cloud, place),
            retry_total=0,
        )

    return make


@pytest.fixture
def admin(cloud):
    return cloud.principal("admin", ADMINISTRATOR, scope=VAULT)


@pytest.fixture
def keys(client_of, admin):
    return client_of(KeyClient, admin)


@pytest.fixture
def secrets(client_of, admin):
    return client_of(SecretClient, admin)


def test_a_key_signs_and_its_public_half_verifies_anywhere(keys, client_of, admin):
    key = keys.create_ec_key("verdicts", curve=KeyCurveName.p_256)
    signing = client_of(CryptographyClient, admin, key.id)
    signature = signing.sign(SignatureAlgorithm.es256, DIGEST).signature
    assert len(signature) == 64
    offline = CryptographyClient.from_jwk(keys.get_key("verdicts").key)
    assert offline.verify(SignatureAlgorithm.es256, DIGEST, signature).is_valid
    other = hashlib.sha256(b"something else").digest()
    assert not offline.verify(SignatureAlgorithm.es256, other, signature).is_valid


def test_the_private_half_is_in_no_answer(keys):
    keys.create_ec_key("verdicts")
    assert keys.get_key("verdicts").key.d is None


def test_what_is_private_is_sealed_where_it_is_kept(cloud, keys, secrets):
    keys.create_ec_key("verdicts")
    secrets.set_secret("token", "swordfish")
    rows = cloud.store.query("SELECT uri, sealed FROM keyvault_material")
    assert {uri.split("/")[3] for uri, _ in rows} == {"keys", "secrets"}
    assert all(sealed.startswith(b"gAAAA") for _, sealed in rows)
    everything = "".join(str(one) for one in cloud.store.under(VAULT))
    assert "swordfish" not in everything


def test_only_who_may_sign_signs(cloud, keys, client_of):
    key = keys.create_ec_key("verdicts")
    gate = cloud.principal("gate", CRYPTO_USER, scope=f"{VAULT}/keys/verdicts")
    trainer = cloud.principal("trainer")
    signature = client_of(CryptographyClient, gate, key.id).sign(SignatureAlgorithm.es256, DIGEST)
    assert signature.key_id == key.id
    with pytest.raises(HttpResponseError, match=r"(?s)not authorized.*keys/sign/action") as refused:
        client_of(CryptographyClient, trainer, key.id).sign(SignatureAlgorithm.es256, DIGEST)
    assert refused.value.status_code == 403
    other = keys.create_ec_key("other")
    with pytest.raises(HttpResponseError, match="not authorized"):
        client_of(CryptographyClient, gate, other.id).sign(SignatureAlgorithm.es256, DIGEST)
    with pytest.raises(HttpResponseError, match="not authorized"):
        client_of(KeyClient, gate).create_ec_key("verdicts")


def test_a_key_that_arm_made_signs_too(cloud, keys, client_of, admin):
    resource = {"id": f"{VAULT}/keys/arm", "name": "arm", "properties": {"kty": "EC"}}
    ctx = Context(cloud.store, Caller("private", None), cloud.services)
    Key().prepare(ctx, resource, None)
    Key().created(ctx, cloud.store.put(resource), None)
    key = keys.get_key("arm")
    signature = client_of(CryptographyClient, admin, key.id).sign(SignatureAlgorithm.es256, DIGEST)
    assert (
        client_of(CryptographyClient, admin, key.id)
        .verify(SignatureAlgorithm.es256, DIGEST, signature.signature)
        .is_valid
    )


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.rs256, SignatureAlgorithm.ps256])
def test_rsa_keys_sign_encrypt_and_wrap(keys, client_of, admin, algorithm):
    key = keys.create_rsa_key("data", size=2048)
    crypto = client_of(CryptographyClient, admin, key.id)
    signature = crypto.sign(algorithm, DIGEST).signature
    assert crypto.verify(algorithm, DIGEST, signature).is_valid
    sealed = crypto.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"secret").ciphertext
    assert crypto.decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed).plaintext == b"secret"
    wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"k" * 32).encrypted_key
    assert crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key == b"k" * 32


def test_old_versions_still_verify_after_a_rotation(keys, client_of, admin):
    first = keys.create_ec_key("verdicts")
    signature = client_of(CryptographyClient, admin, first.id).sign(
        SignatureAlgorithm.es256, DIGEST
    )
    second = keys.rotate_key("verdicts")
    assert second.id != first.id
    versions = [one.version for one in keys.list_properties_of_key_versions("verdicts")]
    assert set(versions) == {first.properties.version, second.properties.version}
    old = keys.get_key("verdicts", first.properties.version)
    assert (
        CryptographyClient.from_jwk(old.key)
        .verify(SignatureAlgorithm.es256, DIGEST, signature.signature)
        .is_valid
    )
    new = keys.get_key("verdicts")
    assert (
        not CryptographyClient.from_jwk(new.key)
        .verify(SignatureAlgorithm.es256, DIGEST, signature.signature)
        .is_valid
    )


def test_a_disabled_key_does_not_sign(keys, cloud, admin):
    key = keys.create_ec_key("verdicts")
    keys.update_key_properties("verdicts", enabled=False)
    answer = cloud.ask(
        "POST",
        f"{key.id}/sign?api-version=7.5",
        {
            "authorization": f"Bearer {cloud.token(admin, 'https://vault.azure.net').get_token().token}"
        },
        b'{"alg": "ES256", "value": "%s"}' % (b"A" * 43),
    )
    assert answer.status == 403
    assert b"disabled" in answer.body


def test_a_key_that_may_only_verify_does_not_sign(keys, cloud, admin):
    key = keys.create_ec_key("verdicts", key_operations=["verify"])
    token = cloud.token(admin, "https://vault.azure.net").get_token().token
    answer = cloud.ask(
        "POST",
        f"{key.id}/sign?api-version=7.5",
        {"authorization": f"Bearer {token}"},
        b'{"alg": "ES256", "value": "%s"}' % (b"A" * 43),
    )
    assert answer.status == 403
    assert b"Operation sign is not permitted on this key" in answer.body


def test_a_deleted_key_comes_back_and_holds_its_name(keys):
    key = keys.create_ec_key("verdicts")
    keys.begin_delete_key("verdicts").result()
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("verdicts")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        keys.create_ec_key("verdicts")
    keys.begin_recover_deleted_key("verdicts").result()
    assert keys.get_key("verdicts").id == key.id


def test_purge_protection_keeps_a_deleted_key(cloud, keys):
    _vault(cloud, enablePurgeProtection=True)
    keys.create_ec_key("verdicts")
    keys.begin_delete_key("verdicts").result()
    with pytest.raises(HttpResponseError, match="purge protection"):
        keys.purge_deleted_key("verdicts")
    _vault(cloud)
    keys.purge_deleted_key("verdicts")
    with pytest.raises(ResourceNotFoundError):
        keys.get_deleted_key("verdicts")


def test_secrets_have_versions_and_are_read_by_role(cloud, secrets, client_of):
    secrets.set_secret("token", "one", content_type="text/plain")
    latest = secrets.set_secret("token", "two")
    reader = client_of(SecretClient, cloud.principal("reader", SECRETS_USER, scope=VAULT))
    assert reader.get_secret("token").value == "two"
    versions = [one.version for one in reader.list_properties_of_secret_versions("token")]
    assert len(versions) == 2
    old = next(one for one in versions if one != latest.properties.version)
    assert reader.get_secret("token", old).value == "one"
    assert [one.name for one in reader.list_properties_of_secrets()] == ["token"]
    with pytest.raises(HttpResponseError, match="secrets/setSecret/action"):
        reader.set_secret("token", "three")
    with pytest.raises(HttpResponseError, match="secrets/getSecret/action"):
        client_of(SecretClient, cloud.principal("nobody")).get_secret("token")


def test_access_policies_decide_where_roles_do_not(cloud, admin, client_of):
    who = cloud.principal("caller")
    policy = {"objectId": who.object_id, "permissions": {"secrets": ["Get", "set"]}}
    _vault(cloud, enableRbacAuthorization=False, accessPolicies=[policy])
    named = client_of(SecretClient, who)
    named.set_secret("token", "one")
    assert named.get_secret("token").value == "one"
    with pytest.raises(HttpResponseError, match="does not have secrets list permission"):
        list(named.list_properties_of_secrets())
    with pytest.raises(HttpResponseError, match="does not have secrets get permission"):
        client_of(SecretClient, admin).get_secret("token")


def test_a_closed_vault_answers_nobody_from_the_internet(cloud, admin, client_of):
    _vault(cloud, publicNetworkAccess="Disabled")
    outside = client_of(KeyClient, admin, place="internet")
    with pytest.raises(HttpResponseError, match="Public network access is disabled") as refused:
        outside.get_key("verdicts")
    assert refused.value.status_code == 403


def test_a_token_for_something_else_is_refused(admin, client_of):
    with pytest.raises(ClientAuthenticationError, match="Invalid audience"):
        client_of(KeyClient, admin, audience="https://storage.azure.com").get_key("verdicts")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/keys/a?api-version=7.5", b"", 401, "Bearer or PoP token"),
        ("GET", "/keys/a", b"", 400, "api-version"),
        ("GET", "/certificates/a?api-version=7.5", b"", 404, "have no /certificates/a"),
        ("POST", "/keys/a/create?api-version=7.5", b"{", 400, "no JSON"),
        ("POST", "/keys/a/create?api-version=7.5", b'{"kty": "oct"}', 400, "wanted: EC"),
        ("POST", "/keys/a/create?api-version=7.5", b'{"kty": "EC-HSM"}', 400, "sku premium"),
        ("PUT", "/secrets/a?api-version=7.5", b"{}", 400, "parameter value is missing"),
        ("PUT", "/keys/a?api-version=7.5", b"{}", 405, "do not take PUT /keys/a"),
        ("GET", "/keys/a?api-version=7.5", b"", 404, "A key with (name/id) a was not found"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cloud, admin, method, path, body, status, said):
    token = cloud.token(admin, "https://vault.azure.net").get_token().token
    signed_in = {} if status == 401 else {"authorization": f"Bearer {token}"}
    answer = cloud.ask(method, URL + path, signed_in, body)
    assert answer.status == status, answer.body
    assert said in answer.body.decode()
    assert ("www-authenticate" in answer.headers) == (status == 401)
