"""An online endpoint at the edge of Microsoft's client: what is sent, and what its errors mean."""

import pytest
from azure.ai.ml._restclient.arm_ml_service.models import DeploymentProvisioningState

from ml.errors import PlatformError
from ml.release.assignment import Split
from ml.release.azure.endpoint import AzureEndpoint
from ml.release.errors import ReleaseError
from ml.release.evidence import Readiness
from ml.release.limits import Limits
from ml.release.ports import ChangedError, UnavailableError
from ml.release.traffic import EndpointKind, Traffic
from tests.ml.release.azure.client import (
    GROUP,
    ID,
    RefusedError,
    Settings,
    cloud,
    deployment,
    lost,
    unreachable,
)

TO_BLUE = Traffic.all_to("blue")
SHADOW = Traffic(live={"blue": 100}, mirror={"green": 50})
TEN = Traffic(live={"blue": 90, "green": 10})


def _endpoint(at, slept=None, arm=None):
    return AzureEndpoint(
        at, "flights", (slept if slept is not None else []).append, arm or Settings()
    )


class TestReading:
    def test_traffic_kind_and_readiness_are_told(self):
        at = cloud({"blue": 100, "green": 0}, {"green": 20})
        at.deployments["red"] = deployment("red", "Failed")
        at.deployments["teal"] = deployment("teal", "Creating")
        at.deployments["grey"] = deployment("grey", "Scaling")
        found = _endpoint(at).read()
        assert found.traffic == Traffic(live={"blue": 100}, mirror={"green": 20})
        assert found.kind is EndpointKind.MANAGED
        assert not found.busy
        assert found.deployments == {
            "blue": Readiness.READY, "green": Readiness.READY, "red": Readiness.FAILED,
            "teal": Readiness.CREATING, "grey": Readiness.READY,
        }  # fmt: skip

    def test_the_client_s_enumeration_of_states_is_understood_like_its_words(self):
        at = cloud()
        at.deployments["blue"] = deployment("blue", DeploymentProvisioningState.SUCCEEDED)
        assert _endpoint(at).read().deployments["blue"] is Readiness.READY

    def test_an_endpoint_that_is_being_changed_is_busy(self):
        assert _endpoint(cloud(busy_for=1)).read().busy

    def test_one_on_a_cluster_is_known_as_such(self):
        assert _endpoint(cloud(kubernetes=True)).read().kind is EndpointKind.KUBERNETES

    def test_a_missing_one_is_named_with_the_fix(self):
        with pytest.raises(PlatformError, match=r"no endpoint nowhere.*make up"):
            AzureEndpoint(cloud(), "nowhere", print, Settings()).read()


class TestApplying:
    def test_all_of_it_is_one_write_and_the_rest_stays(self):
        at = cloud()
        _endpoint(at).apply(SHADOW, TO_BLUE)
        (sent,) = at.sent
        assert sent["properties"] == {
            "authMode": "AADToken", "description": "Serves flights",
            "properties": {"kept": "yes"}, "publicNetworkAccess": "Disabled",
            "traffic": {"blue": 100}, "mirrorTraffic": {"green": 50},
        }  # fmt: skip
        assert sent["tags"] == {"environment": "dev"}
        assert _endpoint(at).read().traffic == SHADOW

    def test_what_it_has_is_not_written_again(self):
        at = cloud()
        _endpoint(at).apply(TO_BLUE, SHADOW)
        assert at.calls == []

    def test_what_somebody_else_set_is_not_overwritten(self):
        at = cloud({"blue": 70, "green": 30})
        with pytest.raises(ChangedError, match="blue 70 %, green 30 %"):
            _endpoint(at).apply(TEN, TO_BLUE)
        assert at.calls == []

    def test_nor_while_another_change_is_under_way(self):
        with pytest.raises(ChangedError, match="updating"):
            _endpoint(cloud(busy_for=1)).apply(TEN, TO_BLUE)

    @pytest.mark.parametrize(
        ("wanted", "said"),
        [
            (Traffic(live={"blue": 90, "green": 20}), "adds up to 110"),
            (Traffic(live={"blue": 100}, mirror={"green": 80}), "80 % are mirrored"),
            (Traffic(live={"blue": 100}, mirror={"green": 5, "red": 5}), "Azure allows one"),
            (Traffic(live={"blue": 100}, mirror={"blue": 5}), "live and mirrored"),
            (Traffic.all_to("teal"), "teal gets traffic and does not exist"),
        ],
    )
    def test_azures_limits_are_checked_before_any_call(self, wanted, said):
        at = cloud()
        with pytest.raises(ReleaseError, match=said):
            _endpoint(at).apply(wanted, TO_BLUE)
        assert at.calls == []

    def test_clusters_do_not_mirror(self):
        with pytest.raises(ReleaseError, match="Kubernetes endpoints cannot mirror"):
            _endpoint(cloud(kubernetes=True)).apply(SHADOW, TO_BLUE)

    def test_the_split_of_entities_is_kept_in_tags_and_goes_with_the_comparison(self):
        at, split = cloud(), Split(salt="release-7", share=50)
        compared = Traffic(live={"blue": 100}, split=split)
        _endpoint(at).apply(compared, TO_BLUE)
        assert _endpoint(at).read().traffic == compared
        _endpoint(at).apply(Traffic.all_to("green"), compared)
        assert at.endpoint.tags == {"environment": "dev"}

    def test_it_waits_for_the_end_of_the_change(self):
        at, slept = cloud(), []
        at.on_deploy = None
        changed = at.change

        def change(name, act):
            done = changed(name, act)
            at.busy_for = 3
            return done

        at.change = change
        _endpoint(at, slept).apply(TEN, TO_BLUE)
        assert len(slept) == 3


class TestFaults:
    @pytest.mark.parametrize("error", [lost(), unreachable(), RefusedError(429), RefusedError(503)])
    def test_no_answer_leaves_it_open_whether_it_was_done(self, error):
        for moment in ("before", "after"):
            with pytest.raises(UnavailableError):
                _endpoint(cloud(**{moment: [error]})).apply(TEN, TO_BLUE)

    def test_a_conflict_says_look_again(self):
        with pytest.raises(ChangedError):
            _endpoint(cloud(before=[RefusedError(409)])).apply(TEN, TO_BLUE)

    def test_a_refusal_is_not_tried_again(self):
        with pytest.raises(PlatformError, match=r"403.*needs a role"):
            _endpoint(cloud(before=[RefusedError(403)])).apply(TEN, TO_BLUE)


class TestRetiring:
    def test_a_deployment_goes_and_once_more_is_fine(self):
        at = cloud()
        _endpoint(at).retire("green")
        _endpoint(at).retire("green")
        assert list(at.deployments) == ["blue"]

    def test_one_that_gets_requests_stays(self):
        at = cloud(mirror={"green": 10})
        for name in ("blue", "green"):
            with pytest.raises(ChangedError, match="gets requests"):
                _endpoint(at).retire(name)
        assert len(at.deployments) == 2


FEW = Limits(1, 3, 70, 30)


class TestScaling:
    PATH = f"{GROUP}/providers/Microsoft.Insights/autoscalesettings/flights-green"

    def test_a_deployment_scales_by_its_own_load_within_the_limits_of_the_stack(self):
        arm = Settings()
        _endpoint(cloud(), arm=arm).scale("green", Limits(2, 5, 70, 30))
        body = arm.there[self.PATH]
        assert body["location"] == "westeurope"
        assert body["properties"]["targetResourceUri"] == f"{ID}/deployments/green"
        (profile,) = body["properties"]["profiles"]
        assert profile["capacity"] == {"minimum": "2", "maximum": "5", "default": "2"}
        found = [
            (
                rule["scaleAction"]["direction"],
                rule["metricTrigger"]["operator"],
                rule["metricTrigger"]["threshold"],
                rule["metricTrigger"]["metricResourceUri"],
            )
            for rule in profile["rules"]
        ]
        assert found == [
            ("Increase", "GreaterThan", 70, f"{ID}/deployments/green"),
            ("Decrease", "LessThan", 30, f"{ID}/deployments/green"),
        ]

    def test_the_settings_of_deployments_that_are_gone_go_and_those_of_others_stay(self):
        arm, at = Settings(), cloud()
        for name in ("blue", "green"):
            _endpoint(at, arm=arm).scale(name, FEW)
        elsewhere = self.PATH.replace("flights", "census")
        target = f"{ID.replace('flights', 'census')}/deployments/gone"
        arm.there[elsewhere] = {"properties": {"targetResourceUri": target}}
        _endpoint(at, arm=arm).retire("green")
        assert self.PATH in arm.there
        _endpoint(at, arm=arm).scale("blue", FEW)
        assert sorted(arm.there) == sorted([elsewhere, self.PATH.replace("green", "blue")])

    @pytest.mark.parametrize("found", [None, {"min_instances": 1}, [1, 3, 70, 30]])
    def test_limits_of_another_version_of_the_platform_say_so(self, found):
        with pytest.raises(PlatformError, match="run `make up` again"):
            Limits.read(found)
