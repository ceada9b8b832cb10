"""What the provider's tests share."""

from __future__ import annotations

import pytest

from emulator.pulumi_provider.arm import ArmClient
from emulator.pulumi_provider.config import Config
from emulator.pulumi_provider.journal import Journal
from emulator.pulumi_provider.resources import Resources
from tests.emulator.pulumi_provider.fake_arm import FakeArm

CONFIG = Config(
    subscription_id="sub",
    tenant_id="tenant",
    client_id="client",
    client_secret="secret",
    location="westeurope",
)


@pytest.fixture
def arm() -> FakeArm:
    return FakeArm()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def resources(arm: FakeArm, tmp_path, said) -> Resources:
    client = ArmClient(CONFIG, arm.transport(), patience=1.0)
    return Resources(client, Journal(tmp_path), lambda urn, text: said.append(text))
