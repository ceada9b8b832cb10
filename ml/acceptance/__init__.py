"""What an environment tests before the next one takes a model: contract, smoke and load, signed."""
