"""How the components of a stamp and of an environment are put together."""
