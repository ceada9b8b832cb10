"""The controller's ports on Azure: endpoints, metrics, collected data, and a state in a blob."""
