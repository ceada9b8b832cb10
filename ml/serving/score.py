"""Entry script of Azure ML's inference server: `init` once a process, `run` for each request.

It is loaded by its path in the uploaded folder `ml/`, so it makes that folder importable as `ml`.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml.serving.service import Service

PACKAGE = Path(__file__).resolve().parents[1]
MOST_ROWS, CATEGORIES = "SERVING_MAX_ROWS", "SERVING_CATEGORIES"
_DEFAULT_MOST_ROWS = 1000
_running: "list[Service]" = []  # one a process, as `init` and `run` share nothing else


def init() -> None:
    """Load the model that Azure ML has put below AZUREML_MODEL_DIR."""
    _importable()
    _running[:] = [_service(os.environ)]


def run(data: str, request_headers: Mapping[str, str]) -> object:
    """Answer one request with the body and status that the model's contract gives."""
    (service,) = _running
    answer = service.answer(data, request_headers)
    responses = importlib.import_module("azureml_inference_server_http.api.aml_response")
    return responses.AMLResponse(answer.body, answer.status, json_str=True)


def _service(environment: Mapping[str, str]) -> "Service":
    from ml.serving import collecting, contract, model, telemetry  # noqa: PLC0415  needs `ml`
    from ml.serving.service import Service  # noqa: PLC0415  as above

    found = model.find(Path(environment["AZUREML_MODEL_DIR"]))
    agreed = contract.read(found.folder, strict=environment.get(CATEGORIES) == "strict")
    told = telemetry.start(
        {
            "deployment": environment.get("SERVICE_NAME", ""),
            "model": found.name,
            "version": found.version,
        },
        environment.get(telemetry.CONNECTION),
    )
    return Service(
        model=found.name,
        version=found.version,
        contract=agreed,
        predict=model.load(found.folder, agreed),
        collecting=collecting.start(environment, told.lost),
        telemetry=told,
        most_rows=int(environment.get(MOST_ROWS, _DEFAULT_MOST_ROWS)),
    )


def _importable() -> None:
    if "ml" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        "ml", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{PACKAGE} has no __init__.py; upload the whole folder ml/ as the code")
    package = importlib.util.module_from_spec(spec)
    sys.modules["ml"] = package
    spec.loader.exec_module(package)
