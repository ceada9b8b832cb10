"""Only a passing verdict about exactly this model, data, job and policy opens anything."""

import hashlib
import json
import shutil
from datetime import timedelta

import jwt
import pytest

from ml import mlflow_model
from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.verdict import canonical, check, document, envelope
from ml.verdict.errors import VerdictError
from ml.verdict.keys import JwkKeys, PublicKey, base64url, from_base64url
from ml.verdict.subject import model_content
from tests.ml.verdict.conftest import NOW, results
from tests.ml.verdict.local_signer import LocalSigner


@pytest.fixture
def sealed(verdict, signer):
    """Return a function that makes and signs a verdict."""
    return lambda **parts: envelope.seal(verdict(**parts), signer)


def refused(text, signer, wanted) -> tuple[str, ...]:
    with pytest.raises(VerdictError, match="the verdict is refused") as caught:
        check.passing(text, signer.trusted, wanted)
    return caught.value.reasons


def edited(text, change):
    """The file with its verdict changed, and the signature left as it was."""
    found = json.loads(text)
    change(found["verdict"])
    return json.dumps(found)


def test_a_passing_verdict_opens_for_its_model(sealed, signer, wanted):
    opened = check.passing(sealed(), signer.trusted, wanted())
    assert opened.outcome is Outcome.PASS
    assert opened.model.content == wanted().content


def test_the_layout_of_the_file_does_not_matter(sealed, signer, wanted):
    text = sealed()
    packed = json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)
    assert packed != text
    assert check.passing(packed, signer.trusted, wanted())
    assert envelope.digest(packed) == envelope.digest(text)


def test_any_jose_library_can_check_the_signature(sealed, signer):
    found = json.loads(sealed())
    payload = base64url(canonical.encode(found["verdict"]))
    token = f"{found['protected']}.{payload}.{found['signature']}"
    key = jwt.PyJWK.from_dict(signer.jwk)
    read = jwt.PyJWS().decode_complete(token, key, algorithms=["ES256"])
    assert read["header"] == {"alg": "ES256", "kid": signer.key_id, "typ": envelope.TYPE}
    assert json.loads(read["payload"])["task"] == "flights"


# Bypass attempts


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(outcome="pass"),
        lambda found: found["results"][0].update(outcome="pass"),
        lambda found: found["results"][0]["findings"][0].update(value=0.99),
        lambda found: found["model"]["content"].update(digest="0" * 64),
        lambda found: found.update(expires="2036-01-01T00:00:00Z"),
        lambda found: found.update(job="job-of-april"),
        lambda found: found.update(more="something"),
        lambda found: found["skipped"].clear(),
    ],
)
def test_an_edited_verdict_is_refused(sealed, signer, wanted, change):
    text = edited(sealed(outcome=Outcome.FAIL), change)
    (reason,) = refused(text, signer, wanted())
    assert "it was edited after it was signed" in reason
    assert signer.key_id in reason


def test_a_failing_and_an_inconclusive_verdict_open_nothing(sealed, signer, wanted):
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        reasons = refused(sealed(outcome=outcome), signer, wanted())
        assert reasons == (f"rule absolute is {outcome}: absolute was looked at",)


def test_a_swapped_model_file_is_refused(sealed, signer, wanted, model):
    text = sealed()
    before = model_content(model).digest
    booster = model / mlflow_model.DATA / "booster.ubj"
    booster.write_bytes(booster.read_bytes()[:-1] + b"!")
    (reason,) = refused(text, signer, wanted())
    after = model_content(model).digest
    assert reason == f"model digest is {before} in the verdict, {after} is wanted"


def test_compiled_code_hidden_from_the_digest_is_refused(wanted, model):
    hidden = model / "code" / "__pycache__"
    hidden.mkdir()
    (hidden / "tabular_scorer.cpython-311.pyc").write_bytes(b"code")
    with pytest.raises(VerdictError, match="__pycache__, compiled code that its digest does not"):
        wanted()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "a.json").symlink_to("MLmodel"), "a link"),
        (lambda folder: (folder / "a\nb.json").write_text(""), "a name that could be read as two"),
        (lambda folder: (folder / "hidden.pyc").write_text(""), "compiled code"),
    ],
)
def test_files_that_a_digest_cannot_speak_for_are_refused(model, make, said):
    make(model)
    with pytest.raises(VerdictError, match=said):
        model_content(model)


def test_the_same_bytes_saved_at_another_time_are_another_model(sealed, signer, wanted, model):
    text = sealed()
    path = model / "MLmodel"
    content = model_content(model)
    path.write_text(path.read_text().replace(content.uuid, "0a" * 16))
    assert model_content(model).digest == content.digest
    (reason,) = refused(text, signer, wanted())
    assert reason == f"model uuid is {content.uuid} in the verdict, {'0a' * 16} is wanted"


def test_another_jobs_verdict_is_refused(sealed, signer, wanted):
    (reason,) = refused(sealed(), signer, wanted(job="job-of-april"))
    assert reason == "job is job-of-march in the verdict, job-of-april is wanted"


def test_an_old_verdict_of_another_window_is_refused(sealed, signer, wanted, model, tmp_path):
    text = sealed()
    later = tmp_path / "later"
    shutil.copytree(model, later)
    path = later / mlflow_model.DATA / mlflow_model.LINEAGE
    lineage = json.loads(path.read_text()) | {
        "data_version": "e" * 16,
        "train_periods": ["2013-02", "2013-10"],
    }
    path.write_text(json.dumps(lineage))
    reasons = refused(text, signer, wanted(model=later, job="job-of-april"))
    assert [reason.split(" is ")[0] for reason in reasons] == [
        "model digest",
        "job",
        "data version",
        "training periods",
    ]
    assert f"data version is {'d' * 16} in the verdict, {'e' * 16} is wanted" in reasons


def test_a_policy_changed_after_the_verdict_is_refused(sealed, signer, wanted, task):
    text = sealed()
    path = task / "gates.yaml"
    path.write_text(path.read_text().replace("at_least: 0.6", "at_least: 0.5"))
    (reason,) = refused(text, signer, wanted())
    assert reason.startswith("policy digest is ")


def test_a_verdict_against_another_champion_is_refused(sealed, signer, wanted):
    champion = document.Champion(version="3", digest="a" * 64)
    everything = [result.rule for result in sealed_results(sealed)] + ["champion", "slices"]
    text = sealed(champion=champion, results=results(Outcome.PASS, everything), skipped=())
    assert check.passing(text, signer.trusted, wanted(champion="a" * 64))
    assert check.passing(text, signer.trusted, wanted(champion=check.ANY_CHAMPION))
    (reason,) = refused(text, signer, wanted(champion="b" * 64))
    assert reason == f"champion digest is {'a' * 64} in the verdict, {'b' * 64} is wanted"
    (reason,) = refused(sealed(), signer, wanted(champion="b" * 64))
    assert reason == f"champion digest is none in the verdict, {'b' * 64} is wanted"


def sealed_results(sealed):
    return document.Verdict.model_validate(json.loads(sealed())["verdict"]).results


def test_a_verdict_with_a_champion_cannot_skip_the_comparison(sealed, signer, wanted):
    text = sealed(champion=document.Champion(version="3", digest="a" * 64))
    (reason,) = refused(text, signer, wanted(champion="a" * 64))
    assert reason == "its rules leave out champion, slices; run the gate again"


def test_a_verdict_that_leaves_a_rule_out_is_refused(sealed, signer, wanted):
    text = sealed(results=results(Outcome.PASS, ["absolute"]))
    (reason,) = refused(text, signer, wanted())
    assert "leave out calibration, fairness, invariance, latency, missing, sandbox, size" in reason


def test_an_expired_verdict_is_refused(sealed, signer, wanted):
    text = sealed()
    assert check.passing(text, signer.trusted, wanted(now=NOW + timedelta(days=28)))
    (reason,) = refused(text, signer, wanted(now=NOW + timedelta(days=29)))
    assert reason == "it expired at 2026-03-30 12:00 UTC, now is 2026-03-30 12:00"


def test_a_verdict_of_the_future_is_refused(sealed, signer, wanted):
    (reason,) = refused(sealed(), signer, wanted(now=NOW - timedelta(hours=2)))
    assert reason.startswith("it was issued at 2026-03-01 11:00 UTC, after now")


def test_all_reasons_come_at_once(sealed, signer, wanted):
    text = sealed(outcome=Outcome.FAIL, task="other")
    assert len(refused(text, signer, wanted(job="x", now=NOW + timedelta(days=90)))) == 4


# Keys


def test_a_verdict_of_an_unknown_key_is_refused(verdict, signer, wanted):
    stranger = LocalSigner("https://training.vault.azure.net/keys/mine/1")
    (reason,) = refused(envelope.seal(verdict(), stranger), signer, wanted())
    assert reason == f"it is signed by key {stranger.key_id}, trusted is {signer.key_id}"


def test_a_stranger_who_names_the_trusted_key_is_refused(verdict, signer, wanted):
    text = envelope.seal(verdict(), LocalSigner(signer.key_id))
    (reason,) = refused(text, signer, wanted())
    assert "or signed by another key" in reason


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "none"}, "its header has alg 'none', wanted is 'ES256'"),
        ({"alg": "HS256"}, "its header has alg 'HS256', wanted is 'ES256'"),
        ({"typ": "JWT"}, "its header has typ 'JWT'"),
        ({"jwk": {}}, "wanted are alg, kid, typ"),
    ],
)
def test_nobody_chooses_the_algorithm(sealed, signer, wanted, header, said):
    found = json.loads(sealed())
    kept = json.loads(from_base64url(found["protected"]))
    found["protected"] = base64url(canonical.encode(kept | header))
    assert said in refused(json.dumps(found), signer, wanted())[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no JSON"),
        ("[]", "it has list, wanted are protected, signature, verdict"),
        ('{"verdict": {}}', "it has verdict, wanted are"),
        ('{"verdict": {}, "protected": "?", "signature": ""}', "its header is no base64url"),
        ('{"verdict": {}, "protected": "e30", "signature": ""}', "its header is {}"),
        ('{"verdict": {}, "protected": "MQ", "signature": ""}', "its header is 1"),
    ],
)
def test_what_is_no_verdict_is_refused(signer, wanted, text, said):
    assert said in refused(text, signer, wanted())[0]


def test_signatures_have_one_form(sealed, signer, wanted):
    found = json.loads(sealed())
    for signature, said in (("AAAA", "has 3 bytes, ES256 has 64"), ("A", "no base64url")):
        text = json.dumps(found | {"signature": signature})
        assert said in refused(text, signer, wanted())[0]
    zero = json.dumps(found | {"signature": base64url(bytes(64))})
    assert "is not that of key" in refused(zero, signer, wanted())[0]


def test_a_signed_document_that_is_no_verdict_is_refused(signer, wanted):
    header = {"alg": "ES256", "kid": signer.key_id, "typ": envelope.TYPE}
    protected = base64url(canonical.encode(header))
    content = envelope._signed(protected, {"format": "mlops-verdict/2"})
    signature = base64url(signer.sign(hashlib.sha256(content).digest()))
    text = json.dumps(
        {"protected": protected, "signature": signature, "verdict": {"format": "mlops-verdict/2"}}
    )
    (reason,) = refused(text, signer, wanted())
    assert "it is no verdict of this version of the code: format: " in reason


def test_an_outcome_that_its_rules_do_not_decide_is_no_verdict(verdict):
    with pytest.raises(ValueError, match="its rules decide fail"):
        verdict(outcome=Outcome.PASS, results=results(Outcome.FAIL, ["absolute"]))


def test_public_keys_are_read_from_a_file(signer, tmp_path, sealed, wanted):
    path = tmp_path / "keys.json"
    for found in (signer.jwk, {"keys": [LocalSigner("other").jwk, signer.jwk]}):
        path.write_text(json.dumps(found))
        assert check.passing(sealed(), JwkKeys.read(path), wanted())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kty": "RSA"}, "is RSA P-256; verdicts are signed by EC P-256"),
        ({"crv": "P-384"}, "is EC P-384"),
        ({"kid": ""}, "has no kid"),
        ({"x": "???"}, "the key's x is '???'"),
        ({"y": None}, "the key's y is None"),
    ],
)
def test_keys_of_another_kind_are_refused(signer, tmp_path, change, said):
    path = tmp_path / "key.json"
    path.write_text(json.dumps(signer.jwk | change))
    with pytest.raises(TaskError) as caught:
        JwkKeys.read(path)
    assert said in str(caught.value)


def test_a_key_that_is_no_point_of_the_curve_is_refused(signer, sealed, wanted):
    broken = JwkKeys((PublicKey(signer.key_id, 1, 1),))
    with pytest.raises(TaskError, match=r"is no point of P-256"):
        check.passing(sealed(), broken, wanted())


def test_missing_and_empty_key_files_are_refused(tmp_path):
    with pytest.raises(TaskError, match="is no file; give one with a JSON Web Key"):
        JwkKeys.read(tmp_path / "absent.json")
    for text, said in (("{", "is no JSON"), ('{"keys": []}', "has no key"), ("[]", "has no key")):
        path = tmp_path / "key.json"
        path.write_text(text)
        with pytest.raises(TaskError, match=said):
            JwkKeys.read(path)


def test_the_text_for_people_shows_every_rule(verdict):
    said = verdict(outcome=Outcome.FAIL).text
    assert said.startswith("verdict    fail for flights-late, task flights")
    assert "absolute    fail          absolute was looked at" in said
    assert "auc 0.7, wanted at least 0.6" in said
    assert "champion    skipped       no champion" in said
