"""What a stack costs: the same whether it is deployed or only previewed, and without a trace."""

import json
import sys

import pytest

from tests.e2e.conftest import Shell

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(600),
]


def cost(shell: Shell, *words: str) -> dict:
    command = (sys.executable, "-m", "review.cli", "cost", *words, "--json")
    return json.loads(shell.azlocal("exec", "--", *command).ok().out)


def test_a_deployed_stack_costs_what_its_preview_says(platform: Shell, tmp_path):
    previewed = platform.pulumi("preview", "--json", "--show-sames", "--stack", "dev").ok().out
    (tmp_path / "preview.json").write_text(previewed)
    expected = cost(platform, "--preview", str(tmp_path / "preview.json"))
    deployed = cost(platform, "--stack", "dev")
    assert deployed["origin"] == "state of dev"
    assert 0 < deployed["monthly"]["min"] < deployed["monthly"]["max"]
    for part in ("monthly", "fixed", "scaling", "free", "not_priced"):
        assert deployed[part] == expected[part]


def test_a_stack_that_was_never_made_is_previewed_and_nothing_stays(project: Shell):
    files = sorted(project.folder.glob("Pulumi*.yaml"))
    before = [file.read_bytes() for file in files]
    found = cost(project, "--stack", "staging")
    assert found["origin"] == "preview of staging"
    assert 0 < found["monthly"]["min"] < found["monthly"]["max"]
    assert [file.read_bytes() for file in files] == before
    assert "staging" not in project.pulumi("stack", "ls").ok().out
