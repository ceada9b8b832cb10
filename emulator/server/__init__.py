"""The process of the local Azure: TLS server, proxy and plain loopback listener."""
