"""Security rules for any azure-native stack, and the three-valued engine that they stand on."""
