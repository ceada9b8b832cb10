"""One concern of the platform a file, each a Pulumi component."""
