"""Extensions of clusters, and configurations that clusters pull."""

import json
from typing import Any

import pytest
from azure.mgmt.kubernetesconfiguration.v2023_05_01 import models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located

CLUSTER = "Microsoft.ContainerService/managedClusters/aks-mlops"
PROVIDER = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration"
EXTENSION = f"{PROVIDER}/extensions/azureml"
FLUX = f"{PROVIDER}/fluxConfigurations/apps"
SECRETS = {"sslCertPemFile": "the certificate", "sslKeyPemFile": "the key"}


@pytest.fixture
def cluster(azure):
    pool = {"name": "system", "mode": "System"}
    body = located(dnsPrefix="aks", agentPoolProfiles=[pool])
    return azure.put(CLUSTER, body | {"identity": {"type": "SystemAssigned"}})


def extension(**properties: object) -> dict[str, Any]:
    settings = {
        "enableTraining": "False",
        "enableInference": "True",
        "inferenceRouterServiceType": "loadBalancer",
        "allowInsecureConnections": "False",
        "sslCname": "models.example.org",
    }
    given = {
        "extensionType": "Microsoft.AzureML.Kubernetes",
        "scope": {"cluster": {"releaseNamespace": "azureml"}},
        "configurationSettings": settings,
        "configurationProtectedSettings": SECRETS,
    }
    return {"properties": given | properties}


@pytest.mark.usefixtures("cluster")
def test_extension_reads_back_without_its_secrets(azure):
    first = azure.put(EXTENSION, extension())
    assert azure.put(EXTENSION, extension()) == first
    found = models.Extension.deserialize(azure.get(EXTENSION))
    assert found.extension_type == "Microsoft.AzureML.Kubernetes"
    assert found.scope.cluster.release_namespace == "azureml"
    assert found.configuration_settings["allowInsecureConnections"] == "False"
    assert found.configuration_protected_settings is None
    assert (found.auto_upgrade_minor_version, found.release_train) == (True, "Stable")
    assert found.current_version
    assert found.aks_assigned_identity.principal_id
    text = json.dumps(azure.store.get(azure.id(EXTENSION)))
    assert "the key" not in text
    azure.put(
        EXTENSION, extension(configurationProtectedSettings={"sslCertPemFile": "x"} | SECRETS)
    )


@pytest.mark.usefixtures("cluster")
def test_changed_secret_is_a_change_and_a_left_out_one_is_none(azure):
    first = azure.put(EXTENSION, extension())
    assert azure.put(EXTENSION, extension(configurationProtectedSettings=None)) == first
    other = azure.put(EXTENSION, extension(configurationProtectedSettings=SECRETS | {"more": "x"}))
    assert other["etag"] != first["etag"]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "change",
    [
        {"extensionType": None},
        {"extensionType": "Contoso.Unknown"},
        {"version": "1.1.85"},
        {"autoUpgradeMinorVersion": False},
        {"scope": {"cluster": {}, "namespace": {"targetNamespace": "a"}}},
        {"scope": {"namespace": {}}},
        {"configurationSettings": {}},
        {"configurationSettings": {"enableInference": "True"}},
        {"configurationProtectedSettings": None},
    ],
)
def test_bad_extension_is_refused(azure, change):
    assert azure.refuses(EXTENSION, extension(**change)).status == 400


@pytest.mark.usefixtures("cluster")
def test_extension_keeps_its_place_and_its_type_is_there_once(azure):
    azure.put(EXTENSION, extension())
    moved = extension(scope={"cluster": {"releaseNamespace": "other"}})
    assert azure.refuses(EXTENSION, moved).code == "PropertyChangeNotAllowed"
    again = azure.refuses(f"{PROVIDER}/extensions/again", extension())
    assert again.code == "ExtensionTypeAlreadyInstalled"


def test_extension_stands_in_a_cluster_that_exists(azure):
    assert azure.refuses(EXTENSION, extension()).code == "ParentResourceNotFound"
    vault = azure.vault()["id"]
    path = f"{vault}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    assert azure.refuses(path, extension()).code == "InvalidScope"


def flux(**properties: object) -> dict[str, Any]:
    git = {"url": "https://git.example.org/apps", "repositoryRef": {"branch": "main"}}
    given = {
        "sourceKind": "GitRepository",
        "gitRepository": git,
        "namespace": "flux-system",
        "kustomizations": {"infra": {}, "apps": {"path": "./apps", "dependsOn": ["infra"]}},
        "configurationProtectedSettings": {"httpsKey": "hidden"},
    }
    return {"properties": given | properties}


@pytest.fixture
def ready(azure, cluster):
    azure.put(f"{PROVIDER}/extensions/flux", {"properties": {"extensionType": "microsoft.flux"}})
    return cluster


@pytest.mark.usefixtures("cluster")
def test_configuration_needs_the_extension(azure):
    assert azure.refuses(FLUX, flux()).code == "FluxExtensionNotInstalled"


@pytest.mark.usefixtures("ready")
def test_configuration_reads_back_without_its_secrets(azure):
    assert azure.put(FLUX, flux()) == azure.put(FLUX, flux())
    found = models.FluxConfiguration.deserialize(azure.get(FLUX))
    assert found.configuration_protected_settings is None
    assert found.git_repository.repository_ref.branch == "main"
    assert (found.scope, found.namespace, found.suspend) == ("cluster", "flux-system", False)
    assert found.kustomizations["apps"].depends_on == ["infra"]
    assert found.kustomizations["infra"].prune is False


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "change",
    [
        {"sourceKind": "Floppy"},
        {"sourceKind": "Bucket"},
        {"gitRepository": {"url": "ftp://x", "repositoryRef": {"branch": "main"}}},
        {"gitRepository": {"url": "https://x", "repositoryRef": {"path": "x"}}},
        {"bucket": {"url": "https://x"}},
        {"kustomizations": {}},
        {"kustomizations": {"apps": {"dependsOn": ["none"]}}},
        {"scope": "world"},
    ],
)
def test_bad_configuration_is_refused(azure, change):
    with pytest.raises(ArmError):
        azure.put(FLUX, flux(**change))
