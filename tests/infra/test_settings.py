"""Settings: defaults are sound, and every mistake is named with its fix, all at once."""

import json
from itertools import combinations

import pytest
import yaml

from infra import stack_files
from infra.addresses import stamp_addresses
from infra.config import KEYS, parse
from infra.settings import Outbound, Settings
from tests.infra.stacks import PROJECT, STACKS, project_defaults, project_file, stack_config


def settings(stack: str = "dev", **keys: object) -> Settings:
    texts = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in keys.items()
    }
    return parse(texts, project=PROJECT, stack=stack)


def test_a_stack_without_config_has_sound_settings():
    assert settings().regions == ("westeurope",)


@pytest.mark.parametrize("stack", STACKS)
def test_the_repositorys_stacks_are_sound(stack):
    assert parse(stack_config(stack), project=PROJECT, stack=stack).environment == stack


def test_pulumi_yaml_declares_each_setting_with_the_programs_own_default(tmp_path):
    assert parse(project_defaults(tmp_path), project=PROJECT, stack="dev") == settings()
    assert set(project_file()["config"]) == set(KEYS)


def test_pulumi_yaml_describes_each_setting_in_the_programs_own_words():
    declared = project_file()["config"]
    for key in KEYS:
        assert declared[key]["description"] == Settings.model_fields[key].description
        assert declared[key]["type"] in {"string", "array", "object"}


def test_the_stacks_take_addresses_of_their_own():
    spaces = [
        stamp_addresses(found, region).space
        for stack in STACKS
        for found in [parse(stack_config(stack), project=PROJECT, stack=stack)]
        for region in found.regions
    ]
    assert not any(a.overlaps(b) for a, b in combinations(spaces, 2))


def test_the_stacks_differ_in_substance():
    dev, staging, prod = (parse(stack_config(s), project=PROJECT, stack=s) for s in STACKS)
    assert (dev.protect, prod.protect) == (False, True)
    assert (dev.workspace.outbound, prod.workspace.outbound) == (
        Outbound.INTERNET,
        Outbound.APPROVED,
    )
    assert len(prod.regions) > len(staging.regions)
    for part in ("storage", "key_vault", "registry", "monitoring", "clusters"):
        assert len({repr(getattr(s, part)) for s in (dev, staging, prod)}) == 3, part


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_file_holds_a_secret_or_a_salt(stack):
    file = stack_files.ROOT / f"Pulumi.{stack}.yaml"
    assert set(yaml.safe_load(file.read_text())) == {"config"}
    assert "secure:" not in file.read_text()


def test_values_that_the_engine_hands_over_as_text_are_read():
    found = settings(protect="true", generation="3", grant_deployer="false")
    assert (found.protect, found.generation, found.grant_deployer) == (True, 3, False)
