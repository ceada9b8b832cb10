"""Stands in for the engine's azure-native plugin: resource operations become ARM requests."""
