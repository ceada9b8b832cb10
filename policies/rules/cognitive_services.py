"""Azure AI services and Azure OpenAI: who reaches a model, and which one answers."""

from fnmatch import fnmatchcase

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.verdict import Verdict, only_if

ACCOUNT, DEPLOYMENT = "cognitiveservices:Account", "cognitiveservices:Deployment"
_DOCS = "https://learn.microsoft.com/azure/ai-services"


@rule(
    "cognitive-services-network-denied-by-default",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["C-01"],
    title="A model answers named networks only",
    fix='Pass "network_acls": {"default_action": NetworkRuleAction.DENY} in properties, '
    'or "public_network_access": PublicNetworkAccess.DISABLED.',
    url=f"{_DOCS}/cognitive-services-virtual-networks",
)
def network_denied_by_default(account: Resource) -> Verdict:
    """Without rules the whole internet may knock; off the public network, rules do not matter."""
    rules = account["properties.networkAcls.defaultAction"].or_default("Allow")
    return rules.must_equal("Deny", known=["Allow"]) | _off(account)


@rule(
    "cognitive-services-public-network-off",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["C-02"],
    title="A model is off the public network",
    fix='Pass "public_network_access": PublicNetworkAccess.DISABLED in properties and add a '
    "private endpoint.",
    url=f"{_DOCS}/cognitive-services-virtual-networks#use-private-endpoints",
)
def public_network_off(account: Resource) -> Verdict:
    """What only private endpoints reach cannot be tried from elsewhere."""
    return _off(account)


@rule(
    "cognitive-services-no-keys",
    types=[ACCOUNT],
    severity=Severity.HIGH,
    requirements=["C-03"],
    title="A model answers identities only, no keys",
    fix='Pass "disable_local_auth": True in properties.',
    url=f"{_DOCS}/disable-local-auth",
)
def no_keys(account: Resource) -> Verdict:
    """A key spends and asks for whoever has it, and nobody can tell who it was."""
    return account["properties.disableLocalAuth"].or_default(False).must_equal(True)


@rule(
    "cognitive-services-identity",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["C-04"],
    title="An account of AI services has an identity",
    fix='Pass identity={"type": ResourceIdentityType.SYSTEM_ASSIGNED}.',
    url=f"{_DOCS}/authentication",
)
def identity(account: Resource) -> Verdict:
    """Without one, it opens data and keys of its owner with secrets."""
    return account["identity.type"].must_be_set() & account["identity.type"].must_not_equal("None")


@rule(
    "openai-outbound-named",
    types=[ACCOUNT],
    severity=Severity.MEDIUM,
    requirements=["C-06"],
    title="A model reaches named hosts only",
    fix='Pass "restrict_outbound_network_access": True and "allowed_fqdn_list": [...] in '
    "properties.",
    url=f"{_DOCS}/cognitive-services-data-loss-prevention",
    parameters={"kinds": texts("Kinds of accounts that are asked.", "OpenAI", "AIServices")},
)
def outbound_named(account: Resource) -> Verdict:
    """What it is told to fetch, and where to, is in the prompt of a stranger."""
    kind = account["kind"].must_equal(*account.settings.texts("kinds"))
    restricted = account["properties.restrictOutboundNetworkAccess"].or_default(False)
    hosts = account["properties.allowedFqdnList"].must_be_set()
    return only_if(kind, lambda: restricted.must_equal(True) & hosts, "another kind of account")


@rule(
    "openai-approved-deployment",
    types=[DEPLOYMENT],
    severity=Severity.MEDIUM,
    requirements=["C-09"],
    title="A deployed model has been approved, and its answers are filtered",
    fix="Pass a model of the rule's parameter, and a rai_policy_name other than Microsoft.Nil.",
    url="https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter",
    parameters={
        "models": texts("Models by format/name/version, with * for any text.", "*"),
        "filters": texts("Filters of content by name; none means any but Microsoft.Nil."),
    },
)
def approved_deployment(deployment: Resource) -> Verdict:
    """A model that nobody has tried answers customers all the same."""
    models = [pattern.casefold() for pattern in deployment.settings.texts("models")]
    filters = deployment.settings.texts("filters")
    named = deployment["properties.raiPolicyName"].or_default("Microsoft.DefaultV2")
    filtered = named.must_equal(*filters) if filters else named.must_not_equal("Microsoft.Nil")
    if models == ["*"]:
        return filtered
    # The catalogue's newest version is taken where none is said.
    parts = [
        deployment[f"properties.model.{key}"].or_default(default)
        for key, default in (("format", "OpenAI"), ("name", "-"), ("version", "*"))
    ]
    known = [part.must(lambda value: isinstance(value, str), wanted="a text") for part in parts]
    whole = "/".join(part.text or "*" for part in parts).casefold()
    approved = parts[1].must(
        lambda _: any(fnmatchcase(whole, pattern) for pattern in models),
        wanted="an approved model",
    )
    return known[0] & known[1] & known[2] & approved & filtered


def _off(account: Resource) -> Verdict:
    access = account["properties.publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])
