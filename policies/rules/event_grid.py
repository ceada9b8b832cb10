"""Event Grid: who may send events, who may fetch them, and where they are brought."""

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.values import Value
from policies.engine.verdict import Verdict

TOPIC, DOMAIN, NAMESPACE = "eventgrid:Topic", "eventgrid:Domain", "eventgrid:Namespace"
SUBSCRIPTIONS = (
    "eventgrid:EventSubscription",
    "eventgrid:SystemTopicEventSubscription",
    "eventgrid:TopicEventSubscription",
    "eventgrid:DomainEventSubscription",
    "eventgrid:DomainTopicEventSubscription",
    "eventgrid:PartnerTopicEventSubscription",
)
_DOCS = "https://learn.microsoft.com/azure/event-grid"
# What Event Grid can bring events to as an identity; the rest takes no login, or one of its own.
_AS_IDENTITY = (
    "EventHub",
    "ServiceBusQueue",
    "ServiceBusTopic",
    "StorageQueue",
    "NamespaceTopic",
)


@rule(
    "event-grid-public-network-off",
    types=[TOPIC, DOMAIN, NAMESPACE],
    severity=Severity.HIGH,
    requirements=["U-31"],
    title="Events are sent over private endpoints only",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED and add a private endpoint.",
    url=f"{_DOCS}/configure-private-endpoints",
)
def public_network_off(topic: Resource) -> Verdict:
    """Who can send an event can start what waits for it."""
    access = topic["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", "SecuredByPerimeter", known=["Enabled"])


@rule(
    "event-grid-no-keys",
    types=[TOPIC, DOMAIN],
    severity=Severity.HIGH,
    requirements=["U-32"],
    title="Events are sent by identities, without keys",
    fix="Pass disable_local_auth=True and grant EventGrid Data Sender.",
    url=f"{_DOCS}/authenticate-with-microsoft-entra-id",
)
def no_keys(topic: Resource) -> Verdict:
    """A key sends any event for whoever has it, and nobody can tell who it was."""
    return topic["disableLocalAuth"].or_default(False).must_equal(True)


@rule(
    "event-grid-min-tls",
    types=[TOPIC, DOMAIN, NAMESPACE],
    severity=Severity.MEDIUM,
    requirements=["U-33"],
    title="Event Grid refuses TLS older than 1.2",
    fix="Pass minimum_tls_version_allowed=TlsVersion.TLS_VERSION_1_2.",
    url=f"{_DOCS}/transport-layer-security-configure-minimum-version",
)
def min_tls(topic: Resource) -> Verdict:
    """TLS 1.0 and 1.1 are broken; namespaces have never taken them."""
    version = topic["minimumTlsVersionAllowed"]
    if topic.kind.is_one_of((NAMESPACE,)):
        version = version.or_default("1.2")
    return version.must_equal("1.2", "1.3", known=["1.0", "1.1"])


@rule(
    "event-grid-delivers-as-identity",
    types=SUBSCRIPTIONS,
    severity=Severity.MEDIUM,
    requirements=["U-34"],
    title="Events are brought as an identity, over https",
    fix='Pass delivery_with_resource_identity={"identity": ..., "destination": ...} instead of '
    "destination; give a web hook an https address and an application id.",
    url=f"{_DOCS}/managed-service-identity",
)
def delivers_as_identity(subscription: Resource) -> Verdict:
    """Without one, Event Grid uses a key of the target, which then cannot do without keys."""
    direct = subscription["destination"]
    other = direct["endpointType"].must_not_equal(*_AS_IDENTITY)
    inside = subscription["deliveryWithResourceIdentity.destination"]
    return other & _https(direct) & _https(inside)


def _https(destination: Props) -> Verdict:
    other = destination["endpointType"].must_not_equal("WebHook")
    address = destination["endpointUrl"].must(_is_https, wanted="an address with https://")
    return (other | address).because(*address.evidence)


def _is_https(value: Value) -> bool:
    return isinstance(value, str) and value.strip().casefold().startswith("https://")
