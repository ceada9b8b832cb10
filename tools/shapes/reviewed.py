"""What no model says, read from Azure's documentation by a person: keep it short."""

from __future__ import annotations

import re

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{resourceGroupName}"
_MONITOR = _GROUP + "/providers/Microsoft.Insights"

_NETWORK = _GROUP + "/providers/Microsoft.Network"
_RESOLVERS = _NETWORK + "/dnsResolvers/{dnsResolverName}"
_RESOLVER_POLICIES = _NETWORK + "/dnsResolverPolicies/{dnsResolverPolicyName}"
_RULESETS = _NETWORK + "/dnsForwardingRulesets/{dnsForwardingRulesetName}"
_FRONT_DOORS = _NETWORK + "/frontDoors/{frontDoorName}"
_EXPERIMENTS = _NETWORK + "/networkExperimentProfiles/{profileName}"

_DIAGNOSTICS = "/providers/Microsoft.Insights/diagnosticSettings/{name}"
_SCOPES = _MONITOR + "/privateLinkScopes/{scopeName}"
_DEPLOYMENTS = "/providers/Microsoft.Resources/deployments/{deploymentName}"

# Types whose operations left the management packages. The body is the usual envelope.
PATHS = {
    "dnsresolver:DnsForwardingRuleset": _RULESETS,
    "dnsresolver:DnsResolver": _RESOLVERS,
    "dnsresolver:DnsResolverDomainList": (
        _NETWORK + "/dnsResolverDomainLists/{dnsResolverDomainListName}"
    ),
    "dnsresolver:DnsResolverPolicy": _RESOLVER_POLICIES,
    "dnsresolver:DnsResolverPolicyVirtualNetworkLink": (
        _RESOLVER_POLICIES + "/virtualNetworkLinks/{dnsResolverPolicyVirtualNetworkLinkName}"
    ),
    "dnsresolver:DnsSecurityRule": _RESOLVER_POLICIES + "/dnsSecurityRules/{dnsSecurityRuleName}",
    "dnsresolver:ForwardingRule": _RULESETS + "/forwardingRules/{forwardingRuleName}",
    "dnsresolver:InboundEndpoint": _RESOLVERS + "/inboundEndpoints/{inboundEndpointName}",
    "dnsresolver:OutboundEndpoint": _RESOLVERS + "/outboundEndpoints/{outboundEndpointName}",
    "dnsresolver:PrivateResolverVirtualNetworkLink": (
        _RULESETS + "/virtualNetworkLinks/{virtualNetworkLinkName}"
    ),
    "frontdoor:Experiment": _EXPERIMENTS + "/experiments/{experimentName}",
    "frontdoor:FrontDoor": _FRONT_DOORS,
    "frontdoor:NetworkExperimentProfile": _EXPERIMENTS,
    "frontdoor:Policy": _NETWORK + "/FrontDoorWebApplicationFirewallPolicies/{policyName}",
    "frontdoor:RulesEngine": _FRONT_DOORS + "/rulesEngines/{rulesEngineName}",
    "monitor:DiagnosticSetting": "/{resourceUri}" + _DIAGNOSTICS,
    "monitor:SubscriptionDiagnosticSetting": _SUBSCRIPTION + _DIAGNOSTICS,
    "monitor:ManagementGroupDiagnosticSetting": (
        "/providers/Microsoft.Management/managementGroups/{managementGroupId}" + _DIAGNOSTICS
    ),
    "monitor:PrivateLinkScope": _SCOPES,
    "monitor:PrivateLinkScopedResource": _SCOPES + "/scopedResources/{name}",
    "monitor:PrivateEndpointConnection": (
        _SCOPES + "/privateEndpointConnections/{privateEndpointConnectionName}"
    ),
    "resources:Deployment": _GROUP + _DEPLOYMENTS,
    "resources:DeploymentAtSubscriptionScope": _SUBSCRIPTION + _DEPLOYMENTS,
}

# azure-native makes these by data-plane or partial calls: there is no ARM resource to PUT.
NOT_ARM = frozenset(
    {
        "keyvault:AccessPolicy",
        "resources:Resource",
        "storage:Blob",
        "storage:StorageAccountStaticWebsite",
    }
)

# Documented as fixed at creation; the models of newer packages say so themselves.
IMMUTABLE: dict[str, tuple[str, ...]] = {
    "authorization:RoleAssignment": (
        "condition",
        "principalId",
        "principalType",
        "roleDefinitionId",
    ),
    "containerregistry:Registry": ("zoneRedundancy",),
    "containerregistry:Replication": ("zoneRedundancy",),
    "containerservice:AgentPool": (
        "availabilityZones",
        "enableFIPS",
        "gpuInstanceProfile",
        "maxPods",
        "osDiskSizeGB",
        "osDiskType",
        "osType",
        "podSubnetID",
        "proximityPlacementGroupID",
        "type",
        "vmSize",
        "vnetSubnetID",
    ),
    "containerservice:ManagedCluster": (
        "diskEncryptionSetID",
        "dnsPrefix",
        "fqdnSubdomain",
        "nodeResourceGroup",
    ),
    "keyvault:Vault": ("properties.tenantId",),
    "machinelearningservices:Compute": (
        "properties.computeLocation",
        "properties.computeType",
        "properties.properties.enableNodePublicIp",
        "properties.properties.isolatedNetwork",
        "properties.properties.osType",
        "properties.properties.remoteLoginPortPublicAccess",
        "properties.properties.subnet",
        "properties.properties.vmSize",
    ),
    "machinelearningservices:OnlineEndpoint": ("properties.authMode",),
    "machinelearningservices:Workspace": (
        "encryption.keyVaultProperties.keyVaultArmId",
        "hbiWorkspace",
        "keyVault",
        "storageAccount",
    ),
    "network:NatGateway": ("sku.name", "zones"),
    "network:PrivateEndpoint": ("customNetworkInterfaceName", "subnet.id"),
    "network:PublicIPAddress": (
        "publicIPAddressVersion",
        "publicIPAllocationMethod",
        "sku.name",
        "zones",
    ),
    "privatedns:VirtualNetworkLink": ("virtualNetwork.id",),
    "storage:StorageAccount": (
        "enableNfsV3",
        "encryption.requireInfrastructureEncryption",
        "isHnsEnabled",
    ),
}

# Collections that are resource types of their own but are called otherwise inline.
CHILDREN = {"containerservice:ManagedCluster": ("agentPoolProfiles",)}

# What Azure takes as a name: pattern, and the same in words. From Azure's "Naming rules and
# restrictions for Azure resources".
_WORD = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?"
_WORD_ENDS = "beginning with a letter or digit and ending with one or '_'"
_WORD_TEXT = f"1 to 80 letters, digits, '.', '_' or '-', {_WORD_ENDS}"
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
NAMES = {
    "authorization:RoleAssignment": (_GUID, "a GUID"),
    "authorization:RoleDefinition": (_GUID, "a GUID"),
    "containerregistry:Registry": (r"[A-Za-z0-9]{5,50}", "5 to 50 letters or digits"),
    "containerservice:AgentPool": (
        r"[a-z][a-z0-9]{0,11}",
        "1 to 12 lower-case letters or digits, a letter first",
    ),
    "containerservice:ManagedCluster": (
        r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?",
        "1 to 63 letters, digits, '_' or '-', beginning and ending with a letter or digit",
    ),
    "keyvault:Key": (r"[A-Za-z0-9-]{1,127}", "1 to 127 letters, digits or '-'"),
    "keyvault:Secret": (r"[A-Za-z0-9-]{1,127}", "1 to 127 letters, digits or '-'"),
    "keyvault:Vault": (
        r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]",
        "3 to 24 letters, digits or single '-', a letter first, not ending with '-'",
    ),
    "machinelearningservices:Compute": (
        r"[A-Za-z](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
        "1 to 32 letters, digits or '-', beginning with a letter and not ending with '-'",
    ),
    "machinelearningservices:OnlineEndpoint": (
        r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]",
        "3 to 32 letters, digits or '-', beginning with a letter and not ending with '-'",
    ),
    "machinelearningservices:Workspace": (
        r"[A-Za-z0-9][A-Za-z0-9_-]{2,32}",
        "3 to 33 letters, digits, '_' or '-', beginning with a letter or digit",
    ),
    "managedidentity:UserAssignedIdentity": (
        r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
        "3 to 128 letters, digits, '_' or '-', beginning with a letter or digit",
    ),
    "network:NetworkSecurityGroup": (_WORD, _WORD_TEXT),
    "network:PrivateEndpoint": (_WORD, _WORD_TEXT),
    "network:PublicIPAddress": (_WORD, _WORD_TEXT),
    "network:RouteTable": (_WORD, _WORD_TEXT),
    "network:Subnet": (_WORD, _WORD_TEXT),
    "network:VirtualNetwork": (
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]",
        f"2 to 64 letters, digits, '.', '_' or '-', {_WORD_ENDS}",
    ),
    "operationalinsights:Workspace": (
        r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
        "4 to 63 letters, digits or '-', beginning and ending with a letter or digit",
    ),
    "resources:ResourceGroup": (
        r"[\w().-]{0,89}[\w()-]",
        "1 to 90 letters, digits, '_', '-', '.' or brackets, not ending with '.'",
    ),
    "storage:BlobContainer": (
        r"\$root|\$web|\$logs|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "3 to 63 lower-case letters, digits or single '-', not beginning or ending with '-'",
    ),
    "storage:StorageAccount": (r"[a-z0-9]{3,24}", "3 to 24 lower-case letters or digits"),
}

# What a singleton goes back to; `{"properties": {}}` unless said here.
DEFAULTS = {"security:Pricing": {"properties": {"pricingTier": "Free"}}}

# Exists as soon as its parent does: made by PUT over it, and never deleted by DELETE.
SINGLETONS = frozenset(
    {"security:Pricing", "security:Setting", "authorization:RoleManagementPolicy"}
)

# What the models (older or newer than azure-native's) lack: property -> path in the body; `?/x` is
# a query parameter, an empty path is never sent.
WIRES: dict[str, dict[str, str]] = {
    "authorization:ManagementLockAtResourceLevel": {"apiVersion": ""},
    # The extension's type, not the resource's: the models have a property of each name.
    "compute:VirtualMachineExtension": {"type": "properties/type"},
    "compute:VirtualMachineScaleSetExtension": {"type": "properties/type"},
    "compute:VirtualMachineScaleSetVMExtension": {"type": "properties/type"},
    "containerinstance:ContainerGroup": {
        "containerGroupProfile": "properties/containerGroupProfile",
        "standbyPoolProfile": "properties/standbyPoolProfile",
    },
    "machinelearningservices:Datastore": {"skipValidation": "?/skipValidation"},
    "monitor:ActionGroup": {
        "identity": "identity",
        "incidentReceivers": "properties/incidentReceivers",
    },
    "network:VirtualNetworkPeering": {"syncRemoteAddressSpace": "?/syncRemoteAddressSpace"},
    "purview:Account": {
        "ingestionStorage": "properties/ingestionStorage",
        "managedEventHubState": "properties/managedEventHubState",
        "managedResourcesPublicNetworkAccess": "properties/managedResourcesPublicNetworkAccess",
        "tenantEndpointState": "properties/tenantEndpointState",
    },
    "storage:FileShare": {"expand": "?/$expand"},
}

SECRET_NAME = re.compile(
    r"(?i)(password|passwd|^secret|clientsecret|secretvalue|connectionstrings?"
    r"|(primary|secondary|access|account|storage|shared|api|admin|query|auth|private|master)key[0-9]?"
    r"|(function|host)key[0-9]?"
    r"|accesstoken|sastoken|refreshtoken|sharedaccesssignature)$"
)
SECRET_ANSWER = re.compile(
    r"^list\w*(Keys?|Secrets?|Credentials?|Tokens?|SAS|Sas|ConnectionStrings?|Passwords?)$"
)

# Inputs whose whole value is secret although their name does not tell.
SECRETS = {
    ("keyvault", "SecretProperties"): ("value",),
    ("machinelearningservices", "WorkspaceConnectionApiKey"): ("key",),
    ("machinelearningservices", "WorkspaceConnectionAccountKey"): ("key",),
    ("machinelearningservices", "AccountKeyDatastoreSecrets"): ("key",),
}
