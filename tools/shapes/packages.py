"""Which of Microsoft's packages describe which azure-native module."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from tools.shapes.arm_operations import Package, read_package

# Only where the package is not called like the module. Earlier entries win.
FOLDERS = {
    "authorization": ("mgmt/authorization", "mgmt/resource/locks", "mgmt/resource/policy"),
    "dbformariadb": ("mgmt/rdbms/mariadb",),
    "dbformysql": ("mgmt/rdbms/mysql_flexibleservers", "mgmt/rdbms/mysql"),
    "dbforpostgresql": ("mgmt/rdbms/postgresql_flexibleservers", "mgmt/rdbms/postgresql"),
    # what azure-ai-ml itself speaks is newer than the stable management package
    "machinelearningservices": ("ai/ml/_restclient/arm_ml_service", "mgmt/machinelearningservices"),
    "managedidentity": ("mgmt/msi",),
    "operationalinsights": ("mgmt/loganalytics",),
    "resources": ("mgmt/resource/resources",),
}


def azure_folder() -> Path:
    """Return the folder that all azure packages share."""
    spec = importlib.util.find_spec("azure.mgmt.core")
    if spec is None or spec.origin is None:
        msg = "azure-mgmt-* is not installed; run `make deps` (requirements/dev.txt)"
        raise ModuleNotFoundError(msg)
    return Path(spec.origin).parents[2]


@lru_cache(maxsize=128)
def packages_of(module: str) -> tuple[Package, ...]:
    """Return the versions of the packages that may know a module's types."""
    home = azure_folder()
    found: list[Package] = []
    for rank, folder in enumerate(FOLDERS.get(module, (f"mgmt/{module}",))):
        if not (home / folder).is_dir() and module in FOLDERS:
            # without it the module's data would be poorer, and nobody would notice
            msg = f"azure/{folder} is not installed; run `make deps` (requirements/dev.txt)"
            raise ModuleNotFoundError(msg)
        if (home / folder).is_dir():
            label = folder.removeprefix("mgmt/").replace("/", ".")
            found += read_package(f"{rank}:{label}", home / folder)
    return tuple(found)
