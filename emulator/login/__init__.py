"""Sign-in: principals, tokens, and the login host's endpoints."""
