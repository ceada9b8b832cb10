"""The only place where physical names are made, and the limits that Azure sets for them."""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum

from infra.regions import REGIONS

HASH_LENGTH = 6
GLOBAL = "glb"
_ROLE_ASSIGNMENTS = uuid.UUID("6d4c3a06-7f1e-5a0b-9a53-1f0c5f2b8a11")


class Kind(StrEnum):
    """What a name is for; the value begins the name, as Microsoft's abbreviation list has it."""

    RESOURCE_GROUP = "rg"
    VIRTUAL_NETWORK = "vnet"
    SUBNET = "snet"
    NETWORK_SECURITY_GROUP = "nsg"
    PRIVATE_ENDPOINT = "pep"
    NETWORK_INTERFACE = "nic"
    PUBLIC_ADDRESS = "pip"
    NAT_GATEWAY = "ng"
    ROUTE_TABLE = "rt"
    FIREWALL = "afw"
    FIREWALL_POLICY = "afwp"
    SERVICE_ENDPOINT_POLICY = "se"
    BASTION = "bas"
    VIRTUAL_MACHINE = "vm"
    DISK = "osdisk"
    VPN_GATEWAY = "vgw"
    DNS_RESOLVER = "dnspr"
    FLOW_LOG = "fl"
    FLOW_LOG_ACCOUNT = "stf"
    MONITORING_LINK = "ampls"
    IDENTITY = "id"
    LOG_ANALYTICS = "log"
    APPLICATION_INSIGHTS = "appi"
    WORKSPACE = "mlw"
    STORAGE_ACCOUNT = "st"
    LAKE = "dls"
    ONLINE_ENDPOINT = "oep"
    KEY_VAULT = "kv"
    ENCRYPTION_VAULT = "kve"
    VERDICT_VAULT = "kvv"
    MODEL_REGISTRY = "mlr"
    REGISTRY = "cr"
    CLUSTER = "cluster"
    CONTAINER = "container"
    DATASTORE = "datastore"
    BUDGET = "budget"
    KUBERNETES = "aks"
    CONTAINER_GROUP = "ci"
    API_GATEWAY = "apim"
    FRONT_DOOR = "afd"
    WEB_FIREWALL = "waf"
    COLLECTION_RULE = "dcr"
    COLLECTION_ENDPOINT = "dce"
    ACTION_GROUP = "ag"
    ALERT = "alert"
    EVENT_TOPIC = "evgt"
    DATA_FACTORY = "adf"
    CATALOGUE = "pview"


@dataclass(frozen=True)
class Limit:
    """What Azure accepts as a name, as a pattern and in words."""

    shortest: int
    longest: int
    pattern: str
    words: str

    def accepts(self, name: str) -> bool:
        within = self.shortest <= len(name) <= self.longest
        return within and re.fullmatch(self.pattern, name) is not None

    def __str__(self) -> str:
        return f"{self.shortest} to {self.longest} characters: {self.words}"


_DOTTED = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?"
_DOTTED_WORDS = "letters, digits, dots, hyphens and underscores, starting with a letter or digit"
_HYPHENED = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_HYPHENED_WORDS = "letters, digits and inner hyphens"

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_VAULT = Limit(
    3,
    24,
    r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
    "letters, digits and single inner hyphens, starting with a letter",
)
LIMITS: dict[Kind, Limit] = {
    Kind.RESOURCE_GROUP: Limit(
        1, 90, r"[\w().-]*[\w()-]", "letters, digits, hyphens, dots, underscores and parentheses"
    ),
    Kind.VIRTUAL_NETWORK: Limit(2, 64, _DOTTED, _DOTTED_WORDS),
    Kind.SUBNET: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.NETWORK_SECURITY_GROUP: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.PRIVATE_ENDPOINT: Limit(2, 64, _DOTTED, _DOTTED_WORDS),
    Kind.NETWORK_INTERFACE: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.PUBLIC_ADDRESS: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.NAT_GATEWAY: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.ROUTE_TABLE: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.FIREWALL: Limit(1, 56, _DOTTED, _DOTTED_WORDS),
    Kind.FIREWALL_POLICY: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.SERVICE_ENDPOINT_POLICY: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.BASTION: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.VIRTUAL_MACHINE: Limit(1, 64, _HYPHENED, _HYPHENED_WORDS),
    Kind.DISK: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.VPN_GATEWAY: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.DNS_RESOLVER: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.FLOW_LOG: Limit(1, 80, _DOTTED, _DOTTED_WORDS),
    Kind.FLOW_LOG_ACCOUNT: Limit(3, 24, r"[a-z0-9]+", "lower-case letters and digits"),
    Kind.MONITORING_LINK: Limit(1, 255, _DOTTED, _DOTTED_WORDS),
    Kind.IDENTITY: Limit(
        3, 128, r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, hyphens and underscores"
    ),
    Kind.LOG_ANALYTICS: Limit(
        4, 63, r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and inner hyphens"
    ),
    Kind.APPLICATION_INSIGHTS: Limit(1, 260, r"[^%&\\?/]*[^%&\\?/. ]", r"none of % & \ ? /"),
    Kind.WORKSPACE: Limit(
        3, 33, r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, hyphens and underscores"
    ),
    Kind.STORAGE_ACCOUNT: Limit(3, 24, r"[a-z0-9]+", "lower-case letters and digits"),
    Kind.LAKE: Limit(3, 24, r"[a-z0-9]+", "lower-case letters and digits"),
    Kind.ONLINE_ENDPOINT: Limit(
        3,
        32,
        r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
        "letters, digits and single inner hyphens, starting with a letter",
    ),
    Kind.KEY_VAULT: _VAULT,
    Kind.VERDICT_VAULT: _VAULT,
    Kind.ENCRYPTION_VAULT: _VAULT,
    Kind.MODEL_REGISTRY: Limit(
        3, 33, r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, hyphens and underscores"
    ),
    Kind.REGISTRY: Limit(5, 50, r"[A-Za-z0-9]+", "letters and digits"),
    Kind.CLUSTER: Limit(
        3,
        32,
        r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
        "letters, digits and inner hyphens, starting with a letter",
    ),
    Kind.CONTAINER: Limit(
        3, 63, r"[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]", "lower-case letters, digits, single hyphens"
    ),
    Kind.KUBERNETES: Limit(1, 63, _DOTTED, _DOTTED_WORDS),
    Kind.CONTAINER_GROUP: Limit(
        1,
        63,
        r"[a-z0-9](?!.*--)([a-z0-9-]*[a-z0-9])?",
        "lower-case letters, digits, single hyphens",
    ),
    Kind.API_GATEWAY: Limit(
        1, 50, r"[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and inner hyphens"
    ),
    Kind.FRONT_DOOR: Limit(2, 46, _HYPHENED, _HYPHENED_WORDS),
    Kind.WEB_FIREWALL: Limit(1, 128, r"[A-Za-z][A-Za-z0-9]*", "letters and digits"),
    Kind.COLLECTION_RULE: Limit(1, 64, _DOTTED, _DOTTED_WORDS),
    Kind.COLLECTION_ENDPOINT: Limit(3, 44, _HYPHENED, _HYPHENED_WORDS),
    Kind.BUDGET: Limit(1, 63, r"[\w-]+", "letters, digits, underscores and hyphens"),
    Kind.ACTION_GROUP: Limit(1, 260, r"[^%&\\?/]*[^%&\\?/. ]", r"none of % & \ ? /"),
    Kind.ALERT: Limit(1, 260, r"[^*#&+:<>?@%{}\\/]*[^*#&+:<>?@%{}\\/. ]", "no signs of URLs"),
    Kind.EVENT_TOPIC: Limit(3, 50, r"[A-Za-z0-9-]+", "letters, digits and hyphens"),
    Kind.DATA_FACTORY: Limit(
        3,
        63,
        r"[A-Za-z0-9](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
        "letters, digits and single inner hyphens",
    ),
    Kind.CATALOGUE: Limit(
        3,
        63,
        r"[A-Za-z0-9](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
        "letters, digits and single inner hyphens",
    ),
    Kind.DATASTORE: Limit(1, 255, r"[a-z0-9_]+", "lower-case letters, digits and underscores"),
}


@dataclass(frozen=True, kw_only=True)
class Names:
    """The physical names of one stamp, or of what an environment has once (`region` None).

    Names are a pure function of these fields: a second run makes the same ones. Names that are
    unique in the whole of Azure end in a hash of all fields, so that two subscriptions, projects,
    stacks or regions never ask for the same one, whatever was cut off to fit the limit.
    """

    subscription: str
    project: str
    environment: str
    workload: str
    generation: int = 1
    region: str | None = None

    @property
    def short_region(self) -> str:
        return REGIONS[self.region].short if self.region else GLOBAL

    @property
    def unique(self) -> str:
        identity = "/".join(
            (
                self.subscription.lower(),
                self.project,
                self.environment,
                self.region or GLOBAL,
                str(self.generation),
            )
        )
        digest = hashlib.sha256(identity.encode()).digest()
        return base64.b32encode(digest).decode().lower()[:HASH_LENGTH]

    @property
    def _stem(self) -> str:
        return f"{self.workload}-{self.environment}-{self.short_region}"

    def of(self, kind: Kind, purpose: str = "") -> str:
        """A name that has to be unique in its resource group only."""
        return "-".join(part for part in (kind.value, self._stem, purpose) if part)

    @property
    def storage_account(self) -> str:
        return self._global(Kind.STORAGE_ACCOUNT, separator="")

    @property
    def lake(self) -> str:
        return self._global(Kind.LAKE, separator="")

    def endpoint(self, task: str) -> str:
        """A name that is unique in the region: it becomes a host name there."""
        return f"{task}-{self.environment}-{self.unique}"

    @property
    def api_gateway(self) -> str:
        return self._global(Kind.API_GATEWAY, separator="-")

    @property
    def web_firewall(self) -> str:
        return self.of(Kind.WEB_FIREWALL).replace("-", "")

    @property
    def flow_log_account(self) -> str:
        return self._global(Kind.FLOW_LOG_ACCOUNT, separator="")

    @property
    def key_vault(self) -> str:
        return self._global(Kind.KEY_VAULT, separator="-")

    @property
    def verdict_vault(self) -> str:
        return self._global(Kind.VERDICT_VAULT, separator="-")

    @property
    def encryption_vault(self) -> str:
        return self._global(Kind.ENCRYPTION_VAULT, separator="-")

    @property
    def model_registry(self) -> str:
        return self.of(Kind.MODEL_REGISTRY, self.unique)

    @property
    def registry(self) -> str:
        return self._global(Kind.REGISTRY, separator="")

    @property
    def workspace(self) -> str:
        # A deleted workspace keeps its name for 14 days; a new generation does not wait for it.
        return self.of(Kind.WORKSPACE, str(self.generation) if self.generation > 1 else "")

    def role_assignment(self, identity: str, role: str, scope: str) -> str:
        """The GUID that names a grant: the same for the same grant, so a second run finds it."""
        grant = f"{self.subscription.lower()}/{self.project}/{self._stem}/{self.unique}"
        return str(uuid.uuid5(_ROLE_ASSIGNMENTS, f"{grant}/{identity}/{role}/{scope}"))

    def guid(self, kind: str) -> str:
        """A GUID for what Azure names by one: the same for the same thing."""
        return str(uuid.uuid5(_ROLE_ASSIGNMENTS, f"{kind}/{self._stem}/{self.unique}"))

    @property
    def data_factory(self) -> str:
        return self._global(Kind.DATA_FACTORY, separator="-")

    @property
    def catalogue(self) -> str:
        return self._global(Kind.CATALOGUE, separator="-")

    def _global(self, kind: Kind, *, separator: str) -> str:
        room = LIMITS[kind].longest - HASH_LENGTH - len(separator)
        stem = f"{kind.value}-{self._stem}".replace("-", separator)[:room].rstrip("-")
        return f"{stem}{separator}{self.unique}"
