"""Microsoft's two generations of models, read from small samples of their own form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.shapes.arm_models import Models, reachable
from tools.shapes.arm_operations import read_operations

NEWER = """
class Account(TrackedResource):
    properties: Optional["_models.AccountProperties"] = rest_field(
        visibility=["read", "create", "update"]
    )
    kind: Union[str, "_models.Kind"] = rest_field(visibility=["read", "create"])
    __flattened_items = ["https_only", "rules"]

class TrackedResource(_Model):
    location: str = rest_field(visibility=["read", "create"])

class AccountProperties(_Model):
    https_only: Optional[bool] = rest_field(name="supportsHttpsOnly", visibility=["read", "update"])
    rules: Optional[list["_models.Rule"]] = rest_field(name="acls", visibility=["create", "update"])
    made: Optional[str] = rest_field(visibility=["read"])

class Rule(_Model):
    kind: str = rest_discriminator(name="kind", visibility=["read", "create"])

class DenyRule(Rule, discriminator="Deny"):
    why: Optional[str] = rest_field(name="reason", visibility=["create", "update"])
"""
OLDER = """
class Account(_serialization.Model):
    _validation = {"made": {"readonly": True}}
    _attribute_map = {
        "kind": {"key": "kind", "type": "str"},
        "https_only": {"key": "properties.supportsHttpsOnly", "type": "bool"},
        "rules": {"key": "properties.acls", "type": "[Rule]"},
        "made": {"key": "properties.made", "type": "str"},
        "odata": {"key": "odata\\\\.type", "type": "str"},
    }

class Rule(_serialization.Model):
    _attribute_map = {"kind": {"key": "kind", "type": "str"}}
    _subtype_map = {"kind": {"Deny": "DenyRule"}}

class DenyRule(Rule):
    _attribute_map = {"why": {"key": "reason", "type": "str"}}
"""
OPERATIONS = """
def build_accounts_create_request(account_name: str, **kwargs: Any) -> HttpRequest:
    api_version: str = kwargs.pop("api_version", _params.pop("api-version", "2024-01-01"))
    _url = "/subscriptions/{subscriptionId}/providers/Microsoft.X/accounts/{accountName}"
    _params["api-version"] = _SERIALIZER.query("api_version", api_version, "str")
    _params["$expand"] = _SERIALIZER.query("expand", expand, "str")
    return HttpRequest(method="PUT", url=_url, params=_params, headers=_headers, **kwargs)


class AccountsOperations:
    def _create_initial(
        self, account_name: str, parameters: Union[_models.Account, IO[bytes]], **kwargs: Any
    ) -> Iterator[bytes]:
        _request = build_accounts_create_request(

    def begin_create(
        self, account_name: str, parameters: Union[
            _models.Account, IO[bytes]
        ], **kwargs: Any
    ) -> LROPoller[_models.Account]:
        raw_result = self._create_initial(
"""


@pytest.fixture(params=[NEWER, OLDER], ids=["newer", "older"])
def models(request, tmp_path: Path) -> Models:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "_models.py").write_text(request.param)
    return Models("sample", tmp_path)


def test_both_generations_place_a_property_under_its_wire_path(models):
    found = {item.client: "/".join(path) for path, item in reachable(models, "Account")}
    assert found["https_only"] == "properties/supportsHttpsOnly"
    assert found["rules"] == "properties/acls"
    assert found["kind"] == "kind"


def test_both_generations_tell_what_only_the_service_sets(models):
    found = {item.client: item for _, item in reachable(models, "Account")}
    assert found["made"].read_only
    assert not found["https_only"].read_only


def test_both_generations_know_the_members_of_a_union(models):
    assert models.subtypes("Rule") == {"Deny": "DenyRule"}
    assert models.fields("DenyRule")["reason"].client == "why"


def test_the_newer_generation_tells_what_is_fixed_at_creation(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "_models.py").write_text(NEWER)
    models = Models("sample", tmp_path)
    fixed = {name for name, item in models.fields("Account").items() if item.create_only}
    assert fixed == {"kind", "location"}


def test_a_name_with_a_dot_is_one_step(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "_models_py3.py").write_text(OLDER)
    assert "odata.type" in Models("sample", tmp_path).fields("Account")


def test_an_operation_has_its_method_path_version_body_and_answer():
    (found, _) = read_operations("sample", OPERATIONS), None
    operation = next(iter(found))
    assert (operation.method, operation.name, operation.version) == ("PUT", "create", "2024-01-01")
    assert operation.path.endswith("/accounts/{accountName}")
    assert (operation.body, operation.answer) == ("Account", "Account")
    assert operation.query == ("$expand",)
