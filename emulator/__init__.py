"""The local Azure: the control and data planes that the platform needs, on this machine only."""
