"""Endpoints of Azure Machine Learning and what is deployed to them."""

from fnmatch import fnmatchcase

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import texts
from policies.engine.values import Value
from policies.engine.verdict import PASSED, UNDECIDED, Verdict, all_of, only_if
from policies.rules.containers import SECRET_NAME
from policies.rules.machine_learning_network import managed_network_of

ONLINE = "machinelearningservices:OnlineEndpoint"
BATCH = "machinelearningservices:BatchEndpoint"
DEPLOYMENT = "machinelearningservices:OnlineDeployment"
_DOCS = "https://learn.microsoft.com/azure/machine-learning"


@rule(
    "ml-endpoint-public-network-off",
    types=[ONLINE],
    severity=Severity.HIGH,
    requirements=["U-07"],
    title="An online endpoint is off the public network",
    fix='Pass "public_network_access": PublicNetworkAccessType.DISABLED in properties.',
    url=f"{_DOCS}/how-to-secure-online-endpoint",
)
def public_network_off(endpoint: Resource) -> Verdict:
    """A private workspace does not make its endpoints private: each has a switch of its own."""
    access = endpoint["properties.publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])


@rule(
    "ml-endpoint-no-keys",
    types=[ONLINE, BATCH],
    severity=Severity.HIGH,
    requirements=["U-08"],
    title="An endpoint takes tokens of the directory, no keys",
    fix='Pass "auth_mode": EndpointAuthMode.AAD_TOKEN in properties.',
    url=f"{_DOCS}/how-to-authenticate-online-endpoint",
)
def no_keys(endpoint: Resource) -> Verdict:
    """A key asks the model for whoever has it, and nobody can tell who it was."""
    mode = endpoint["properties.authMode"]
    return mode.must_equal("AADToken", known=["Key", "AMLToken"])


@rule(
    "ml-endpoint-identity",
    types=[ONLINE],
    severity=Severity.MEDIUM,
    requirements=["U-10"],
    title="An endpoint has an identity",
    fix='Pass identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]}.',
    url=f"{_DOCS}/how-to-access-resources-from-endpoints-managed-identities",
)
def identity(endpoint: Resource) -> Verdict:
    """Without one, what the model needs is fetched with secrets."""
    kind = endpoint["identity.type"]
    return kind.must_be_set() & kind.must_not_equal("None")


@rule(
    "ml-endpoint-traffic",
    types=[ONLINE],
    severity=Severity.LOW,
    requirements=["U-13"],
    title="An endpoint's traffic is shared out whole, or not at all",
    fix='Make the shares in "traffic" sum to 100; leave it out before the first deployment.',
    url=f"{_DOCS}/how-to-safely-rollout-online-endpoints",
)
def traffic(endpoint: Resource) -> Verdict:
    """Azure refuses other sums, and a deployment then stops halfway."""
    shares = endpoint["properties.traffic"]
    if not shares.given:
        return PASSED
    known = shares.must(lambda _: True, wanted="shares that sum to 100")
    numbers = [shares[name] for name in shares.keys()]  # noqa: SIM118 - Props is no mapping
    known &= all_of(one.must(lambda _: True, wanted="a number") for one in numbers)
    total = sum(one.value for one in numbers if isinstance(one.value, int | float))
    whole = Props(total, shares.path).must_equal(0, 100)
    # A share that is not known yet may make up for what is missing.
    return known if known.outcome is UNDECIDED else whole


@graph_rule(
    "ml-deployment-no-way-out",
    types=[DEPLOYMENT],
    severity=Severity.MEDIUM,
    requirements=["U-09"],
    title="A deployment reaches nothing but its workspace",
    fix='Pass "egress_public_network_access": EgressPublicNetworkAccessType.DISABLED in '
    "properties, or give the workspace a managed network.",
    url=f"{_DOCS}/how-to-secure-online-endpoint",
)
def no_way_out(deployment: Node) -> Verdict:
    """A model is a program: it could send away what it is asked."""
    managed = deployment["properties.endpointComputeType"].or_default("Managed")
    egress = deployment["properties.egressPublicNetworkAccess"]
    closed = egress.or_default("Enabled").must_equal("Disabled", known=["Enabled"])
    if egress.given:
        return only_if(managed.must_equal("Managed"), lambda: closed, "it runs elsewhere")
    return only_if(
        managed.must_equal("Managed"),
        lambda: managed_network_of(deployment).because(*closed.evidence),
        "it runs elsewhere",
    )


@rule(
    "ml-deployment-no-secrets",
    types=[DEPLOYMENT],
    severity=Severity.HIGH,
    requirements=["U-11"],
    title="A deployment's variables hold no secrets",
    fix="Fetch the secret with the endpoint's identity, or name a workspace connection: "
    '"${{azureml://connections/<name>/credentials/<key>}}".',
    url=f"{_DOCS}/how-to-deploy-online-endpoint-with-secret-injection",
)
def no_secrets(deployment: Resource) -> Verdict:
    """Variables stand in the studio and in logs for everyone who may look."""
    variables = deployment["properties.environmentVariables"]
    if not variables.given:
        return PASSED
    seen = variables.must(lambda _: True, wanted="variables without secrets")
    named = [name for name in variables.keys() if SECRET_NAME.fullmatch(name)]  # noqa: SIM118
    return seen & all_of(
        variables[name].or_default("").must(_is_reference, wanted="a reference to a connection")
        for name in named
    )


@rule(
    "ml-deployment-watched",
    types=[DEPLOYMENT],
    severity=Severity.MEDIUM,
    requirements=["U-12"],
    title="What a deployment is asked, and how it answers, is recorded",
    fix='Pass "app_insights_enabled": True or a "data_collector" in properties.',
    url=f"{_DOCS}/how-to-monitor-online-endpoints",
)
def watched(deployment: Resource) -> Verdict:
    """A model that has gone wrong still answers."""
    insights = deployment["properties.appInsightsEnabled"].or_default(False).must_equal(True)
    collector = deployment["properties.dataCollector.collections"].must_be_set()
    return (insights | collector).because(*insights.evidence)


@rule(
    "ml-deployment-approved-model",
    types=[DEPLOYMENT],
    severity=Severity.MEDIUM,
    requirements=["MC-06"],
    title="A deployment runs a model that has been approved",
    fix="Share the model to a registry and pass its id: azureml://registries/<name>/models/...",
    url=f"{_DOCS}/how-to-regulate-registry-deployments",
    parameters={
        "models": texts(
            "Ids of models that are good enough, with * for any text.", "azureml://registries/*"
        )
    },
)
def approved_model(deployment: Resource) -> Verdict:
    """What a workspace registers anyone in it could have made."""
    allowed = [pattern.casefold() for pattern in deployment.settings.texts("models")]
    model = deployment["properties.model"]
    return (
        model.must(
            lambda value: (
                isinstance(value, str)
                and any(fnmatchcase(value.strip().casefold(), pattern) for pattern in allowed)
            ),
            wanted=" or ".join(allowed) or "an approved model",
        )
        if model.given
        else PASSED
    )


def _is_reference(value: Value) -> bool:
    text = value.strip() if isinstance(value, str) else ""
    return isinstance(value, str) and (not text or text.startswith("${{"))
