"""How each resource type is billed, a module a service."""
