"""Measurements that `make bench` prints and writes to results.md; tests never look at the clock."""
