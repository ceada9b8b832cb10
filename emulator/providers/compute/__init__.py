"""Microsoft.Compute: machines, what is installed on them, and the keys of disks."""

from emulator.providers.compute import disk_encryption, extensions, machines

__all__ = ["disk_encryption", "extensions", "machines"]
