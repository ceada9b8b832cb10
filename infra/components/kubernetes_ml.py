"""What makes a Kubernetes cluster a compute of the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceHookBinding, ResourceOptions
from pulumi_azure_native import containerservice, kubernetesconfiguration
from pulumi_azure_native import machinelearningservices as ml

NAMESPACE = "azureml-models"
# https://learn.microsoft.com/azure/aks/trusted-access-feature
_WORKLOAD = "Microsoft.MachineLearningServices/workspaces/mlworkload"
# Three routers survive the loss of a zone; the extension refuses that on fewer nodes.
_ROUTERS_NEED_NODES = 3


@dataclass(frozen=True, kw_only=True)
class AttachedClusterArgs:
    """What an `AttachedCluster` takes from the rest of the stamp."""

    compute_name: str
    location: str
    resource_group_name: Input[str]
    cluster_id: Input[str]
    cluster_name: Input[str]
    workspace_id: Input[str]
    workspace_name: Input[str]
    identity_id: Input[str]
    router_name: str
    """The host name of the inference router, inside the network."""
    nodes: int
    gpu: bool
    after: Sequence[Resource]
    """Nodes for the extension, and grants that it and the workspace use."""
    hooks: ResourceHookBinding


class AttachedCluster(ComponentResource):
    """The extension, the workspace's way into the cluster, and the compute that shows it.

    The extension takes the router's certificate from the secret `azureml-router-tls` of its
    namespace; the secrets provider brings it there from the vault. The namespace of the models has
    to exist before a deployment: both come from what is deployed to the cluster by GitOps (Flux),
    since Azure has no resource for them.
    """

    compute_id: Output[str]
    cluster_id: Output[str]

    def __init__(
        self, name: str, args: AttachedClusterArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:kubernetes:AttachedCluster", name, None, opts)
        # Local accounts are off, so the workspace comes in as a trusted service.
        trust = containerservice.TrustedAccessRoleBinding(
            name,
            trusted_access_role_binding_name="azureml",
            resource_name_=args.cluster_name,
            resource_group_name=args.resource_group_name,
            source_resource_id=args.workspace_id,
            roles=[_WORKLOAD],
            opts=ResourceOptions(parent=self),
        )
        extension = kubernetesconfiguration.Extension(
            name,
            extension_name="azureml",
            extension_type="Microsoft.AzureML.Kubernetes",
            cluster_rp="Microsoft.ContainerService",
            cluster_resource_name="managedClusters",
            cluster_name=args.cluster_name,
            resource_group_name=args.resource_group_name,
            auto_upgrade_minor_version=True,
            scope={"cluster": {"release_namespace": "azureml"}},
            configuration_settings={
                "enableTraining": "True",
                "enableInference": "True",
                "allowInsecureConnections": "False",
                "inferenceRouterServiceType": "loadBalancer",
                "internalLoadBalancerProvider": "azure",
                "inferenceRouterHA": str(args.nodes >= _ROUTERS_NEED_NODES),
                "sslCname": args.router_name,
                "sslSecret": "azureml-router-tls",
                "installNvidiaDevicePlugin": str(args.gpu),
                "installDcgmExporter": str(args.gpu),
                "installPromOp": "True",
                "installVolcano": "True",
            },
            opts=ResourceOptions(parent=self, depends_on=args.after, hooks=args.hooks),
        )
        compute = ml.Compute(
            name,
            compute_name=args.compute_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            workspace_name=args.workspace_name,
            identity={
                "type": ml.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.identity_id],
            },
            properties={
                "compute_type": ml.ComputeType.KUBERNETES,
                "resource_id": args.cluster_id,
                "compute_location": args.location,
                "disable_local_auth": True,
                "properties": {"namespace": NAMESPACE},
            },
            opts=ResourceOptions(parent=self, depends_on=[trust, extension], hooks=args.hooks),
        )
        self.compute_id = compute.id
        self.cluster_id = Output.from_input(args.cluster_id)
        self.register_outputs({"compute_id": self.compute_id})
