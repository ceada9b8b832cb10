"""What a reviewer asks of a stack before it is deployed: what it costs."""
