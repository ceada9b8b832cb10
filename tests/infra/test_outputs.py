"""What each stack exports is what the contract says, and the document says the contract."""

import json
import re

import pytest
from pydantic import ValidationError

from infra.__main__ import main
from infra.outputs import PlatformOutputs, StampOutputs
from tests.infra.recorder import SUBSCRIPTION, record
from tests.infra.stacks import PROJECT, stack_config, wide
from tools.docs import outputs as document

HUB = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks"
)
SECRET = re.compile(r"AccountKey=|SharedAccess|sig=|PRIVATE KEY|password", re.IGNORECASE)


def test_each_stack_exports_what_the_contract_describes(platform):
    found = PlatformOutputs.model_validate(platform.exports)
    main_region = next(iter(found.stamps.values()))
    shared = StampOutputs.model_fields.keys()
    assert found.model_dump(include=set(shared)) == main_region.model_dump(include=set(shared))
    assert not SECRET.search(json.dumps(platform.exports, default=str))


@pytest.mark.slow
def test_with_every_option_every_output_is_there():
    given = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in wide(f"{HUB}/hub").items()
    }
    exports = record(main, config={**stack_config("dev"), **given}).exports
    found = PlatformOutputs.model_validate(exports)
    absent = {name for name in PlatformOutputs.model_fields if getattr(found, name) is None}
    assert absent == set()


@pytest.mark.parametrize("change", [{"workspce": "w"}, {"endpoint_x": 3}, {"workspace": None}])
def test_an_output_that_is_not_described_or_not_of_its_type_is_refused(dev, change):
    with pytest.raises(ValidationError):
        PlatformOutputs.model_validate({**dev.exports, **change})


def test_the_document_is_fresh_and_names_every_output():
    text = document.document()
    assert document.TARGET.read_text() == text
    for name in PlatformOutputs.model_fields:
        assert f"| `{name}` |" in text
