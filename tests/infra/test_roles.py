"""The table of role grants: least privilege, each with its reason."""

import uuid

import pytest

from infra.data_roles import catalogue_grants, events_grants, factory_grants
from infra.roles import (
    EXCEPTIONS,
    GATE,
    WIDE_ROLES,
    WORKSPACE_IDENTITY,
    Grant,
    Role,
    Scope,
    cluster_grants,
    cluster_identity,
    operator_grants,
    verdict_grants,
    watch_grants,
    workspace_grants,
)
from infra.settings import PrincipalKind

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
TABLE: list[Grant] = [
    *workspace_grants(),
    *cluster_grants(["cpu", "gate", "gpu"]),
    *verdict_grants(),
    *operator_grants([("deployer", PrincipalKind.USER)]),
    *watch_grants(),
    *events_grants(),
    *factory_grants(),
    *catalogue_grants(),
]


def test_no_identity_may_give_itself_more():
    assert not {OWNER, ACCESS_ADMINISTRATOR} & {grant.role.value for grant in TABLE}


def test_a_wide_role_is_held_only_where_an_exception_says_why():
    wide = {(g.identity, g.role, g.scope): g.reason for g in TABLE if g.role in WIDE_ROLES}
    assert wide == EXCEPTIONS


def test_clusters_and_operators_hold_no_wide_role():
    others = [grant for grant in TABLE if grant.identity != WORKSPACE_IDENTITY]
    assert others
    assert not [grant for grant in others if grant.role in WIDE_ROLES]


@pytest.mark.parametrize("grant", TABLE, ids=lambda grant: grant.name)
def test_each_grant_has_a_reason_and_a_real_role(grant):
    assert len(grant.reason) > 20
    assert str(uuid.UUID(grant.role.value)) == grant.role.value


def test_no_grant_stands_twice():
    assert len({grant.name for grant in TABLE}) == len(TABLE)


def test_a_cluster_can_pull_images_use_the_default_store_and_write_metrics():
    held = {(g.role, g.scope) for g in TABLE if g.identity == cluster_identity("cpu")}
    assert held == {
        (Role.ACR_PULL, Scope.REGISTRY),
        (Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.STORAGE),
        (Role.AZUREML_METRICS_WRITER, Scope.WORKSPACE),
    }


def test_the_gate_alone_signs_and_registers():
    signing = {g.identity for g in TABLE if g.role is Role.KEY_VAULT_CRYPTO_USER}
    sending = {
        g.identity
        for g in TABLE
        if g.role is Role.AZUREML_DATA_SCIENTIST and g.identity.startswith("cluster-")
    }
    assert signing == sending == {cluster_identity(GATE)}
    assert not any(g.scope is Scope.VERDICT_KEY for g in TABLE if g.identity == WORKSPACE_IDENTITY)


def test_the_workspace_identity_can_open_its_stores_without_keys():
    held = {(g.role, g.scope) for g in TABLE if g.identity == WORKSPACE_IDENTITY}
    assert (Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.STORAGE) in held
    assert (Role.STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR, Scope.STORAGE) in held
    assert (Role.READER, Scope.BLOB_ENDPOINT) in held
    assert (Role.NETWORK_CONNECTION_APPROVER, Scope.REGISTRY) in held


def test_operators_keep_their_kind():
    grants = operator_grants([("a", PrincipalKind.GROUP), ("b", PrincipalKind.USER)])
    assert {(g.identity, g.kind) for g in grants} == {
        ("a", PrincipalKind.GROUP),
        ("b", PrincipalKind.USER),
    }
