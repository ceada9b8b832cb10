"""Tests that may be looked at after every observation and still keep their error rate."""
