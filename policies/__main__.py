"""The policy pack that the engine starts with `--policy-pack policies`."""

import datetime as dt
import os
import sys
from pathlib import Path

import yaml

from policies.engine import waivers
from policies.engine.configuration import ConfigurationError, configured
from policies.engine.pack import Pack
from policies.engine.serving import serve
from policies.rules import RULES

ABOUT = Path(__file__).with_name("PulumiPolicy.yaml")


def main() -> None:
    """Serve the rules; AZURE_MLOPS_WAIVERS names another file of waivers than ours."""
    path = Path(os.environ.get("AZURE_MLOPS_WAIVERS") or waivers.FILE)
    try:
        rules = configured(RULES)
        held = waivers.load(path, rules, dt.datetime.now(dt.UTC).date())
    except (ConfigurationError, waivers.WaiverFileError) as error:
        # Without its settings a pack would let through what it should stop.
        sys.exit(f"policy pack azure-mlops: {error}")
    version = str(yaml.safe_load(ABOUT.read_text("utf-8"))["version"])
    serve(Pack(rules, version, os.environ.get("PULUMI_STACK", ""), held))


if __name__ == "__main__":
    main()
