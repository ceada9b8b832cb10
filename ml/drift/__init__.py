"""Whether what a model sees and how well it does has changed, from mergeable counts."""
