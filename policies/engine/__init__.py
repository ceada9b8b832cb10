"""What every rule stands on: three-valued properties, verdicts, levels, messages, the graph."""
