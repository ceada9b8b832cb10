"""Accept: a deployment is tested before the next environment takes its model; signed and kept."""

import argparse
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml import place, workspace
from ml.steps import command

if TYPE_CHECKING:
    from ml.acceptance.calling import Caller
    from ml.acceptance.document import Acceptance
    from ml.acceptance.trials import Deployed
    from ml.verdict.keys import Signer


def accept(given: argparse.Namespace, here: workspace.Workspace) -> "Acceptance":
    """Test the deployment that the command line names."""
    from ml.acceptance import document, running  # noqa: PLC0415  numpy and more that --help does not need
    from ml.acceptance.trials import Patience  # noqa: PLC0415  as above
    from ml.verdict import subject  # noqa: PLC0415  as above

    deployed, caller = _reached(here, given.endpoint, given.deployment)
    where = document.Where(
        workspace=document.workspace_id(here.place),
        endpoint=given.endpoint,
        deployment=given.deployment,
    )
    return running.run(
        running.Subject(
            task=given.task,
            folder=given.model,
            name=given.model_name,
            version=given.model_version,
            digest=given.model_digest,
            where=where,
        ),
        deployed,
        caller,
        running.Runner(
            job=os.environ.get("AZUREML_ROOT_RUN_ID", "none"),
            environment=subject.environment(given.environment),
            code=subject.code(given.code_version),
            now=lambda: datetime.now(UTC).replace(microsecond=0),
            patience=Patience(time.monotonic, time.sleep),
        ),
    )


def write(found: "Acceptance", signer: "Signer", folder: Path) -> None:
    """Sign the result, whatever it says, and write it."""
    from ml.acceptance import document  # noqa: PLC0415  as above
    from ml.verdict import envelope  # noqa: PLC0415  as above

    (command.made(folder) / document.NAME).write_text(
        envelope.seal(found, signer, document.KIND), encoding="utf-8"
    )


def _reached(
    here: workspace.Workspace, endpoint: str, deployment: str
) -> "tuple[Deployed, Caller]":
    """Return the deployment as Azure has it, and how it is called as this job's identity."""
    from ml.acceptance.calling import Caller  # noqa: PLC0415  as above
    from ml.acceptance.trials import Deployed  # noqa: PLC0415  as above
    from ml.refusals import explained  # noqa: PLC0415  as above
    from ml.serving.deploying import state_of  # noqa: PLC0415  as above

    with explained(here.place, f"deployment {deployment} of endpoint {endpoint}"):
        uri = str(here.client.online_endpoints.get(endpoint).scoring_uri)
        found = here.client.online_deployments.get(deployment, endpoint)
    deployed = Deployed(deployment, state_of(found), str(found.model))
    return deployed, Caller(uri, deployment, workspace.credential())


def main(arguments: Sequence[str]) -> None:
    """Read the command line, test and sign; the outcome is promotion's to act on."""
    parser = command.parser("accept", "Test a deployment and sign the result.")
    parser.add_argument("--model", type=Path, required=True, help="files of the registered model")
    parser.add_argument("--model-name", required=True, help="what it is registered as")
    parser.add_argument("--model-version", required=True, help="its version")
    parser.add_argument("--model-digest", required=True, help="digest of its bytes")
    parser.add_argument("--endpoint", required=True, help="online endpoint")
    parser.add_argument("--deployment", required=True, help="deployment that serves the model")
    parser.add_argument("--key", required=True, help="identifier of the signing key in Key Vault")
    parser.add_argument("--environment", default="unknown", help="environment and version")
    parser.add_argument("--code-version", default="unknown", help="commit and content of the code")
    parser.add_argument("--result", type=Path, required=True, help="folder for the result")
    given = parser.parse_args(arguments)
    from ml.acceptance import kept  # noqa: PLC0415  as above
    from ml.verdict.key_vault import KeyVaultSigner  # noqa: PLC0415  as above

    signer = KeyVaultSigner(given.key, workspace.credential())
    command.log.info("signing with key %s", signer.key_id)  # asked first: no key, no work
    here = workspace.Workspace(place.from_environment())
    found = accept(given, here)
    write(found, signer, given.result)
    command.log.info("%s", found.text)
    asset = kept.keep(here, given.model_name, given.model_digest, given.result)
    command.log.info("kept as %s", asset.reference)


if __name__ == "__main__":
    command.run(main)
