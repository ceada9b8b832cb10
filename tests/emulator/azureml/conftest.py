"""A workspace in this process, without a server."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from emulator.azureml import attach
from tests.emulator.azureml.client_world import ARM, CONDA, SCRIPT, platform
from tests.emulator.azureml_world import World


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    attach(world.services)
    world.build()
    yield world
    for stop in reversed(world.services.at_stop):
        stop()
    world.store.close()


@pytest.fixture(name="anyio_run")
def _anyio_run():
    """Run a coroutine function to its end."""

    def run(function, *arguments, **named):
        return anyio.run(partial(function, *arguments, **named))

    return run


@pytest.fixture(scope="module", name="ml")
def _ml(served) -> Iterator:
    environment = served.environment()
    token = served.token(environment, f"{ARM}/.default")
    with served.client(environment, token=token) as client:
        subscription = environment["AZURE_SUBSCRIPTION_ID"]
        tenant = environment["AZURE_TENANT_ID"]
        import jwt  # noqa: PLC0415  only here

        claims = jwt.decode(token, options={"verify_signature": False})
        platform(client, subscription, tenant, claims["oid"])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            if name != "PATH":
                patch.setenv(name, value)
        from azure.ai.ml import MLClient  # noqa: PLC0415  takes five seconds
        from azure.identity import EnvironmentCredential  # noqa: PLC0415

        yield MLClient(
            EnvironmentCredential(),
            subscription,
            "mlclient",
            "mlws",
            enable_telemetry=False,
            show_progress=False,
        )


@pytest.fixture(scope="module", name="steps")
def _steps(ml, tmp_path_factory: pytest.TempPathFactory) -> dict:
    from azure.ai.ml.entities import CommandComponent, Data, Environment  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("steps")
    (folder / "src").mkdir()
    (folder / "src" / "step.py").write_text(SCRIPT)
    (folder / "conda.yml").write_text(CONDA)
    (folder / "a.csv").write_text("a,b\n1,2\n")
    conda = folder / "conda.yml"
    ml.environments.create_or_update(
        Environment(name="steps", version="1", image="base", conda_file=conda)
    )
    raw = Data(name="raw", version="1", path=str(folder / "a.csv"), type="uri_file")
    ml.data.create_or_update(raw)
    ml.data.create_or_update(raw)

    def component(name: str, source: str = "uri_folder", target: str = "uri_folder"):
        command = f"python step.py {name} ${{{{inputs.source}}}} ${{{{outputs.made}}}} "
        return CommandComponent(
            name=name,
            version="1",
            code=str(folder / "src"),
            environment="azureml:steps:1",
            command=command + "${{inputs.times}}",
            inputs={"source": {"type": source}, "times": {"type": "integer", "default": 2}},
            outputs={"made": {"type": target}},
        )

    return {
        "prepare": component("prepare", "uri_file"),
        "train": component("train", target="custom_model"),
        "evaluate": component("evaluate", "custom_model", "uri_file"),
        "bad": component("bad", "uri_file"),
    }
