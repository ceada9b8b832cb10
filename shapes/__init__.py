"""Where each property of azure-native stands in the bodies of Azure Resource Manager."""
