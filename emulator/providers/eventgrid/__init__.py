"""Microsoft.EventGrid: the topics of Azure's own resources, and who hears of their events."""

from emulator.providers.eventgrid import subscriptions, system_topics

__all__ = ["subscriptions", "system_topics"]
