"""Each environment's life: up, nothing more to do, refused while protected, down, up again."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.e2e.conftest import BIN, Shell, copy_of_project
from tests.infra.stacks import PROJECT, STACKS

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(3600)]

# What belongs to the subscription and not to the stack: it stays as Azure has it without a stack.
OF_THE_SUBSCRIPTION = {
    "microsoft.security/pricings",
    "microsoft.network/networkwatchers",
    "microsoft.resources/resourcegroups",
}


WAIVER = """
waivers:
  - rule: data-protected-in-prod
    resource: "*"
    reason: The environment is given up.
    owner: tests@example.com
    expires: {expires}
"""


def up(shell: Shell, stack: str, *words: str, **environment: str) -> str:
    command = ("up", "--yes", "--stack", stack, "--policy-pack", "policies", *words)
    words = (BIN / "azlocal", "exec", "--", "pulumi", *command)
    return shell.run(*words, timeout=1500, **environment).ok().out


def down(shell: Shell, stack: str):
    return shell.azlocal("exec", "--", sys.executable, "-m", "tools.down", stack, timeout=1500)


def unprotect(shell: Shell, stack: str) -> None:
    file = shell.folder / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"][f"{PROJECT}:protect"] = False
    file.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("stack", STACKS)
def test_what_went_up_goes_down_and_comes_up_again(stack, tmp_path):
    shell = Shell(tmp_path / "home", copy_of_project(tmp_path / "project"))
    shell.azlocal("start", "--port", "0").ok()
    before = {resource["id"] for resource in shell.resources()}
    waived: dict[str, str] = {}
    made = up(shell, stack)
    assert "[mandatory]" not in made
    if stack == "prod":
        assert int(made.split("+ ")[-1].split(" created")[0]) > 150
    up(shell, stack, "--expect-no-changes")
    shell.pulumi("refresh", "--yes", "--stack", stack, "--expect-no-changes").ok()
    if stack == "prod":
        refused = down(shell, stack)
        assert refused.code != 0
        assert "set `protect: false` in Pulumi.prod.yaml" in refused.out
        up(shell, stack, "--expect-no-changes")
        unprotect(shell, stack)
        given_up = tmp_path / "waivers.yaml"
        given_up.write_text(WAIVER.format(expires=datetime.now(UTC).date() + timedelta(days=7)))
        waived = {"AZURE_MLOPS_WAIVERS": str(given_up)}
        up(shell, stack, **waived)
    down(shell, stack).ok()
    left = {one["type"].lower() for one in shell.resources() if one["id"] not in before}
    assert left <= OF_THE_SUBSCRIPTION
    up(shell, stack, **waived)
    shell.azlocal("stop").ok()
