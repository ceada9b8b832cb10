"""How a release lets its deployment scale, and what that must never hold up."""

from types import SimpleNamespace

import pytest

from ml.cli import releases
from ml.cli import stack as stacks
from ml.errors import PlatformError
from ml.release import starting
from ml.release.limits import Limits


def test_who_may_not_set_how_a_deployment_scales_is_told_and_the_release_goes_on():
    def refuses(_name, _limits):
        raise PlatformError("autoscalesettings is refused (403)")

    plan = SimpleNamespace(challenger="v2-ab")
    opened = SimpleNamespace(endpoint=SimpleNamespace(scale=refuses))
    begun = SimpleNamespace(plan=plan, releases=opened)
    told = []
    starting._scale(begun, Limits(2, 5, 70, 30), told.append)
    (said,) = told
    assert "v2-ab scales is not sure, it has 2 instance(s): autoscalesettings is refused" in said


def test_an_output_of_another_version_stops_no_command_but_a_release():
    outputs = {"subscription_id": "s", "resource_group": "g", "workspace": "w"}
    target = stacks.of_outputs("dev", {**outputs, "autoscale": {"instances": 2}})
    wish = releases.Wish("flights:2", "dev", None, None, starting.INSTANCE, None, None)
    with pytest.raises(PlatformError, match="run `make up` again"):
        releases.begin(target, wish, dry_run=True)
