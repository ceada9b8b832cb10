"""The Pulumi program: the Azure platform of one environment."""
