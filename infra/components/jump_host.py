"""The machine behind Azure Bastion, from which people see the private endpoints."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import compute, network

from infra.naming import Kind, Names

_PURPOSE = "jump-host"
_DISK_GB = 64
# For the day on which Entra does not answer; nobody works as it.
_BREAK_GLASS = "breakglass"


@dataclass(frozen=True, kw_only=True)
class JumpHostArgs:
    """What a `JumpHost` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    subnet_id: Input[str]
    vm_size: str
    ssh_public_key: str


class JumpHost(ComponentResource):
    """A small Linux machine without a public address or passwords; people sign in with Entra."""

    host_id: Output[str]
    host_name: Output[str]
    interface_id: Output[str]

    def __init__(self, name: str, args: JumpHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:JumpHost", name, None, opts)
        interface = network.NetworkInterface(
            name,
            network_interface_name=args.names.of(Kind.NETWORK_INTERFACE, _PURPOSE),
            location=args.location,
            resource_group_name=args.resource_group_name,
            ip_configurations=[
                {
                    "name": "default",
                    "subnet": {"id": args.subnet_id},
                    "private_ip_allocation_method": network.IPAllocationMethod.DYNAMIC,
                }
            ],
            opts=ResourceOptions(parent=self),
        )
        host = self._machine(name, args, interface.id)
        # Makes accounts for people as they arrive, from what Entra and the grants say.
        # https://learn.microsoft.com/entra/identity/devices/howto-vm-sign-in-azure-ad-linux
        compute.VirtualMachineExtension(
            name,
            vm_extension_name="AADSSHLoginForLinux",
            vm_name=host.name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            publisher="Microsoft.Azure.ActiveDirectory",
            type="AADSSHLoginForLinux",
            type_handler_version="1.0",
            auto_upgrade_minor_version=True,
            opts=ResourceOptions(parent=self),
        )
        self.host_id = host.id
        self.host_name = host.name
        self.interface_id = interface.id
        self.register_outputs({"host_id": self.host_id})

    def _machine(
        self, name: str, args: JumpHostArgs, interface_id: Output[str]
    ) -> compute.VirtualMachine:
        return compute.VirtualMachine(
            name,
            vm_name=args.names.of(Kind.VIRTUAL_MACHINE, _PURPOSE),
            location=args.location,
            resource_group_name=args.resource_group_name,
            hardware_profile={"vm_size": args.vm_size},
            # Entra's extension asks for it.
            identity={"type": compute.ResourceIdentityType.SYSTEM_ASSIGNED},
            network_profile={
                "network_interfaces": [
                    {
                        "id": interface_id,
                        "primary": True,
                        "delete_option": compute.DeleteOptions.DETACH,
                    }
                ]
            },
            os_profile={
                "computer_name": _PURPOSE,
                "admin_username": _BREAK_GLASS,
                "linux_configuration": {
                    "disable_password_authentication": True,
                    "provision_vm_agent": True,
                    "patch_settings": {
                        "patch_mode": compute.LinuxVMGuestPatchMode.AUTOMATIC_BY_PLATFORM,
                        "assessment_mode": (compute.LinuxPatchAssessmentMode.AUTOMATIC_BY_PLATFORM),
                    },
                    "ssh": {
                        "public_keys": [
                            {
                                "key_data": args.ssh_public_key,
                                "path": f"/home/{_BREAK_GLASS}/.ssh/authorized_keys",
                            }
                        ]
                    },
                },
            },
            security_profile={
                "security_type": compute.SecurityTypes.TRUSTED_LAUNCH,
                "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True},
                # Temporary disks and caches too. The subscription has to know the feature:
                # https://learn.microsoft.com/azure/virtual-machines/linux/disks-enable-host-based-encryption-cli
                "encryption_at_host": True,
            },
            storage_profile={
                "image_reference": {
                    "publisher": "Canonical",
                    "offer": "ubuntu-24_04-lts",
                    "sku": "server",
                    "version": "latest",
                },
                "os_disk": {
                    "name": args.names.of(Kind.DISK, _PURPOSE),
                    "create_option": compute.DiskCreateOptionTypes.FROM_IMAGE,
                    "caching": compute.CachingTypes.READ_WRITE,
                    "disk_size_gb": _DISK_GB,
                    # Nothing of worth stays on it.
                    "delete_option": compute.DiskDeleteOptionTypes.DELETE,
                    "managed_disk": {
                        "storage_account_type": compute.StorageAccountTypes.STANDARD_SS_D_LRS
                    },
                },
            },
            # What the serial console shows, in an account of Azure's own.
            diagnostics_profile={"boot_diagnostics": {"enabled": True}},
            opts=ResourceOptions(parent=self),
        )
