"""The rules, one a file: each returns pass, fail or inconclusive."""
