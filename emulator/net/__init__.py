"""How clients reach the local Azure under Azure's own host names: certificates and the proxy."""
