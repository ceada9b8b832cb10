"""The `azlocal` command."""
