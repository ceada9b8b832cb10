"""How the checkout gets a Pulumi engine: the user's, the official download, or our build."""
