"""Releases: evidence about a challenger, and the machine that moves traffic by it."""
