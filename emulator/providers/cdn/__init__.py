"""Microsoft.Cdn: Front Door, which spreads requests over regions, and its firewall's policies."""

from emulator.providers.cdn import domains, origins, profiles, routes, waf

__all__ = ["domains", "origins", "profiles", "routes", "waf"]
