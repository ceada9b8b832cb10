"""The conda files of environments: what a step's packages are read from."""

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml.places import latest
from emulator.azureml.text import NAMESPACE
from emulator.azureml.uris import AssetVersion, parse
from emulator.runner.conda import EnvironmentRefusedError


def conda_text(services: Services, workspace: Resource, environment: str) -> str:
    """The conda file of an environment; EnvironmentRefusedError says why there is none."""
    id_ = environment.removeprefix("azureml:")
    if id_.startswith("//registries/"):
        found = _in_registry(services, environment)
    elif "@" in id_ and not id_.startswith("/"):
        name = id_.partition("@")[0]
        versions = services.store.children(f"{workspace['id']}/environments/{name}", "versions")
        found = versions[-1] if versions else None
    elif id_.startswith("/"):
        found = services.store.get(id_)
    else:
        name, _, version = id_.partition(":")
        found = services.store.get(f"{workspace['id']}/environments/{name}/versions/{version}")
    if found is None:
        msg = (
            f"the environment {environment!r} is not in the workspace; curated environments are not"
            " available here, so register one with a conda file"
        )
        raise EnvironmentRefusedError(msg)
    text = found["properties"].get("condaFile")
    if not text:
        what = "a build context" if found["properties"].get("build") else "only an image"
        msg = (
            f"the environment {environment!r} has {what}; images are not run here, so give it a"
            " conda file with python and pip requirements"
        )
        raise EnvironmentRefusedError(msg)
    return str(text)


def _in_registry(services: Services, environment: str) -> Resource | None:
    address = parse(environment)
    if not isinstance(address, AssetVersion) or address.kind != "environments":
        return None
    registries = services.store.find(f"{NAMESPACE}/registries", address.registry)
    base = f"{registries[0]['id']}/environments/{address.name}" if registries else ""
    if base and address.label:
        return latest(services.store.children(base, "versions"))
    return services.store.get(f"{base}/versions/{address.version}") if base else None
