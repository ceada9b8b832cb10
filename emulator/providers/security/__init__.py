"""Microsoft.Security: Defender's plans of a subscription, and who hears of their findings."""

from emulator.providers.security import contacts, pricings

__all__ = ["contacts", "pricings"]
