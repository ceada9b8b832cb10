"""Registering the outputs of jobs as versions of data or models."""

from emulator.arm.store import Store
from emulator.azureml import catalog, uris
from emulator.azureml.text import NAMESPACE
from emulator.runner.errors import StepError
from emulator.runner.model import OutputSpec

_MODELS = ("custom_model", "mlflow_model", "triton_model")


def register(store: Store, workspace: str, spec: OutputSpec, uri: str, job: str) -> str:
    """Register an output under the name the job asks for; gives its version."""
    name = str(spec.asset_name)
    kind = "models" if spec.type in _MODELS else "data"
    with store.transaction():
        catalog.ensure_container(store, workspace, kind, name)
        wanted = spec.asset_version
        version = (
            wanted or catalog.container(store, workspace, kind, name)["properties"]["nextVersion"]
        )
        id_ = f"{workspace}/{kind}/{name}/versions/{version}"
        address = uris.parse(uri)
        path = (
            uris.long_datastore_uri(workspace, address)
            if isinstance(address, uris.DatastorePath)
            else uri
        )
        properties = {
            "isArchived": False,
            "isAnonymous": False,
            "tags": {},
            "properties": {},
            "provisioningState": "Succeeded",
        }
        if kind == "models":
            properties |= {
                "modelType": spec.type,
                "modelUri": path,
                "jobName": job,
                "flavors": {},
                "stage": "",
            }
        else:
            properties |= {"dataType": spec.type, "dataUri": path}
        if store.get(id_) is not None:
            msg = (
                f"the output is to be registered as {kind}/{name} version {version}, which is there"
                " already"
            )
            raise StepError(msg)
        store.put(
            {
                "id": id_,
                "name": version,
                "type": f"{NAMESPACE}/workspaces/{kind}/versions",
                "properties": properties,
            }
        )
    return version
