"""The contract of what a stack exports: `ml/`, CI and people find the platform by these alone."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.settings.choices import Approval

# Further outputs by the name of an endpoint, as `serving.online` and `serving.batch` list them.
BY_NAME = {
    "endpoint_": "Name of the online endpoint of that task.",
    "batch_endpoint_": "Name of that batch endpoint.",
}


class Outputs(BaseModel):
    """Checked when read; a name that is not described here does not leave the program."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _described(self) -> "Outputs":
        extra = self.model_extra or {}
        unknown = [name for name in extra if not name.startswith(tuple(BY_NAME))]
        wrong = [name for name, value in extra.items() if not isinstance(value, str)]
        if unknown or wrong:
            raise ValueError(f"outputs without a description: {sorted({*unknown, *wrong})}")
        return self


class StampOutputs(Outputs):
    """What one region exports."""

    location: str = Field(description="The region.")
    resource_group: str = Field(description="Resource group that holds the region's resources.")
    workspace: str = Field(description="Name of the Azure ML workspace.")
    workspace_id: str = Field(description="ARM id of the workspace.")
    storage_account: str = Field(description="Storage account of the workspace's own data.")
    key_vault: str = Field(description="Key vault of the workspace.")
    registry: str = Field(description="Container registry of the images.")
    cpu_cluster: str = Field(description="Cluster on which steps run.")
    gate_cluster: str = Field(description="Cluster whose identity alone may sign verdicts.")
    verdict_key: str = Field(description="Address of the key that signs verdicts; no secret.")
    lake: str | None = Field(None, description="Storage account of the data lake.")
    data_factory: str | None = Field(None, description="Data Factory that ingests.")
    data_trigger: str | None = Field(None, description="Its trigger that new data fires.")
    event_queue: str | None = Field(None, description="Queue that gets the workspace's events.")
    bastion: str | None = Field(None, description="Bastion host.")
    jump_host_id: str | None = Field(None, description="ARM id of the host to tunnel to.")
    vpn_gateway: str | None = Field(None, description="Gateway that VPN clients are made for.")
    vpn_dns_server: str | None = Field(None, description="Resolver that VPN clients ask.")
    test_target: str | None = Field(None, description="Where the container for tests answers.")


class PlatformOutputs(StampOutputs):
    """What a stack exports: the main region's outputs, and what there is once."""

    environment: str = Field(description="Name of the environment, as the stack's.")
    subscription_id: str = Field(description="Subscription that everything is in.")
    model_registry_id: str | None = Field(
        description="ARM id of the Azure ML registry through which models are promoted."
    )
    delivery_client_ids: dict[str, str] = Field(
        description="Client id of each identity that pipelines sign in as; no secret."
    )
    release_approval: Approval = Field(
        description="Whether somebody other than the requester approves releases and promotions."
    )
    autoscale: dict[str, int] = Field(
        description="How a release scales each deployment: instances and CPU percentages."
    )
    stamps: dict[str, StampOutputs] = Field(description="Each region's outputs, by region.")
    front_door_host: str | None = Field(None, description="Host at which all regions answer.")
    front_door_domain_proof: str | None = Field(
        None, description="Text of the DNS record that proves the host name of our own."
    )
