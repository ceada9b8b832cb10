"""Stands in for the azure-native plugin of the Pulumi engine: resource operations become ARM requests."""
